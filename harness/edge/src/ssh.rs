//! The system's OpenSSH, as the one way to real machines.
//!
//! ```text
//! Destination, script ──Ssh::ask──▶ ssh .. sh -s ──▶ Answer        fresh: a connection for one script
//!                     ──Line::ask─▶ ssh -S .. sh -s ──▶ Answer     over a master of ours, that is up already
//!                                        └──▶ Unasked: offline, distrusted, denied, broken.. told apart by type
//! ```
//!
//! Flows in: what the command line states: ssh's path, the environment, a configuration file; scripts. Flows out: what a
//! script printed, or why there is nothing. Must not: install anything, ask for a password, learn a host key, use or end a
//! master of the user's, put anything of a script on an argument list, or wait without an end.

mod answer;
mod command;
mod config;
mod destination;
mod line;
mod refusal;
mod sockets;
mod tries;
mod unasked;

use std::{ffi::OsString, io, path::PathBuf, time::Duration};

pub use answer::Answer;
pub use command::Settings;
pub use destination::{Destination, NotADestination};
pub use line::Line;
pub use sockets::Sockets;
pub use unasked::Unasked;

use vms::folder::NoFolder;

use crate::process::Spawner;
use answer::Met;
use tries::Tries;

/// The longest answer that is read, in bytes.
const MOST: usize = 8 << 20;

/// OpenSSH's client, and where its sockets are.
#[derive(Debug)]
pub struct Ssh {
    spawner: Spawner,
    settings: Settings,
    sockets: Sockets,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NoClient {
    /// There is no folder for it.
    #[error(transparent)]
    Folder(#[from] NoFolder),
    /// What it is to read cannot be written, or the configuration that is named is not there.
    #[error("cannot hand ssh its configuration{}", given.as_ref().map(|file| format!(": see that {} is there", file.display())).unwrap_or_default())]
    Config {
        /// The configuration that was named.
        given: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
}

impl Ssh {
    /// A client that works in a folder of its own.
    ///
    /// # Errors
    /// The folder cannot be made, its name is too long for a socket, or the configuration that is named is not there.
    pub fn new(spawner: Spawner, mut settings: Settings) -> Result<Self, NoClient> {
        let sockets = Sockets::create(&settings.sockets)?;
        let written = config::write(sockets.folder(), &settings)
            .map_err(|source| NoClient::Config { given: settings.config.clone(), source })?;
        settings.config = Some(written);
        Ok(Self { spawner, settings, sockets })
    }

    /// Runs a script by a connection of its own. `limit` is for all of it.
    ///
    /// # Errors
    /// There is no answer; why is told by type.
    pub async fn ask(&self, to: &Destination, script: &str, limit: Duration) -> Result<Answer, Unasked> {
        let mut tries = Tries::within(limit);
        loop {
            let word = answer::number()?;
            let program = self.settings.fresh(to, &word);
            match answer::ask(&self.spawner, &program, script, tries.left(), Met::WhoSays(&word)).await {
                Err(Unasked::Offline(why)) if refusal::turned_away(&why) && tries.again().await => {}
                Err(Unasked::TimedOut(_)) => return Err(Unasked::TimedOut(limit)),
                other => return other,
            }
        }
    }

    /// What `NIX_SSHOPTS` is to say, so that nix connects as we do: words with blanks between them, which is how nix reads it.
    /// A path with a blank cannot be told so, and ssh will complain of it.
    #[must_use]
    pub fn options_for_nix(&self, to: &Destination) -> OsString {
        self.settings.for_nix(to)
    }

    /// Connects, and stays connected until the line is dropped.
    ///
    /// # Errors
    /// There is no connection; why is told by type.
    pub async fn line(&self, to: &Destination, limit: Duration) -> Result<Line, Unasked> {
        let mut tries = Tries::within(limit);
        loop {
            let socket = self.sockets.next();
            match Line::open(&self.spawner, &self.settings, to, socket, tries.left()).await {
                Err(Unasked::Offline(why)) if refusal::turned_away(&why) && tries.again().await => {}
                other => return other,
            }
        }
    }
}
