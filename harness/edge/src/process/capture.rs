//! Running a program to its end and keeping what it printed, both bounded.
//!
//! Flows in: a [`Program`], a limit of time and one of bytes. Flows out: [`Captured`].
//! Must not: judge the exit status.

use std::{io, process::ExitStatus, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::{Program, Spawner, Streams};

/// What a program said before it ended.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// The start of its standard output.
    pub stdout: Vec<u8>,
    /// The start of its standard error.
    pub stderr: Vec<u8>,
}

/// Why there is nothing captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It could not be started, or not be waited for.
    #[error("`{program}` could not be run")]
    Io {
        /// Its path.
        program: String,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// It did not end in time, and was killed.
    #[error("`{program}` gave no answer within {} s", limit.as_secs())]
    TimedOut {
        /// Its path.
        program: String,
        /// The limit.
        limit: Duration,
    },
}

impl Spawner {
    /// Runs a program to its end. Of each stream the first `most` bytes are kept; the rest is read and let go.
    ///
    /// # Errors
    /// When it cannot be started, or does not end within `limit`.
    pub async fn capture(
        &self,
        program: &Program,
        limit: Duration,
        most: usize,
    ) -> Result<Captured, CaptureError> {
        self.answer(program, None, limit, most).await
    }

    /// As [`Self::capture`], of a program that is given something to read.
    ///
    /// # Errors
    /// When it cannot be started, or does not end within `limit`.
    pub async fn answer(
        &self,
        program: &Program,
        input: Option<&[u8]>,
        limit: Duration,
        most: usize,
    ) -> Result<Captured, CaptureError> {
        let name = || program.path.display().to_string();
        let io = |source| CaptureError::Io { program: name(), source };
        let streams = Streams { stdin: input.is_some(), stdout: true };
        let mut running = self.spawn(program, streams).map_err(io)?;
        let (stdin, stdout, stderr) = (running.stdin.take(), running.stdout.take(), running.stderr.take());
        let write = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // Who does not read it to its end says so by what comes back.
                let _unread = stdin.write_all(input).await;
            }
        };
        let all = async {
            let ((), stdout, stderr) = tokio::join!(write, start_of(stdout, most), start_of(stderr, most));
            running.wait().await.map(|status| Captured { status, stdout, stderr })
        };
        match tokio::time::timeout(limit, all).await {
            Ok(captured) => captured.map_err(io),
            Err(_) => Err(CaptureError::TimedOut { program: name(), limit }),
        }
    }
}

async fn start_of<R: AsyncRead + Unpin>(stream: Option<R>, most: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return kept };
    let mut buffer = vec![0; 1 << 16];
    // A stream that cannot be read has ended, as far as we are concerned.
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        let room = most.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
    kept
}
