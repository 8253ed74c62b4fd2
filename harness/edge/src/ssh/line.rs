//! A connection that stays: a master of ours, over which scripts cost a round trip each.

use std::{path::PathBuf, time::Duration};

use tokio::{io::AsyncReadExt as _, time::timeout};

use super::{Answer, Destination, Settings, Unasked, answer, answer::Met, refusal};
use crate::process::{Line as Words, Lines, Running, Spawner, Streams};

/// A connection. Dropping it ends the master; the host may notice a moment later.
#[derive(Debug)]
pub struct Line {
    spawner: Spawner,
    settings: Settings,
    to: Destination,
    socket: PathBuf,
    _master: Running,
}

impl Line {
    /// Comes back when the host has let us in and the socket is there: ssh says so itself.
    pub(super) async fn open(
        spawner: &Spawner,
        settings: &Settings,
        to: &Destination,
        socket: PathBuf,
        limit: Duration,
    ) -> Result<Self, Unasked> {
        let word = answer::number()?;
        let program = settings.master(to, &socket, &word);
        let mut master = spawner.spawn(&program, Streams { stdin: false, stdout: true })?;
        match timeout(limit, connected(&mut master, &word)).await {
            Ok(true) => {}
            Ok(false) => return Err(refusal::kind(&complaint(&mut master).await)),
            Err(_) => {
                let why = format!("no handshake within {:.1} s", limit.as_secs_f64());
                return Err(Unasked::Offline(why));
            }
        }
        let (spawner, settings, to) = (spawner.clone(), settings.clone(), to.clone());
        Ok(Self { spawner, settings, to, socket, _master: master })
    }

    /// Runs a script.
    ///
    /// # Errors
    /// There is no answer; a line that has gone is [`Unasked::Lost`].
    pub async fn ask(&self, script: &str, limit: Duration) -> Result<Answer, Unasked> {
        let program = self.settings.through(&self.to, &self.socket);
        // Without its master nothing is connected, whatever ssh says of its attempt: the line is lost.
        answer::ask(&self.spawner, &program, script, limit, Met::Before).await
    }
}

/// Whether the word came before the end.
async fn connected(master: &mut Running, word: &str) -> bool {
    let Some(stdout) = master.stdout.take() else { return false };
    let mut lines = Lines::new(stdout, 1 << 12);
    while let Some(line) = lines.next().await {
        if matches!(&line, Words::Whole(text) if text.trim() == word) {
            return true;
        }
    }
    false
}

async fn complaint(master: &mut Running) -> String {
    let mut bytes = Vec::new();
    if let Some(stderr) = master.stderr.take() {
        // What cannot be read was not said.
        let _unread = stderr.take(1 << 16).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
