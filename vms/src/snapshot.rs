//! Guests that were saved as they ran, and clones of them that go on from there.
//!
//! Flows in: a running guest and its shell. Flows out: a [`Snapshot`], and from it any number of guests, each with a shell
//! that answers. Must not: hand out a clone that does not remember what was saved, has its clock wrong, or draws the same
//! random numbers as another; change a snapshot's files.
//!
//! In the order in which data meets them: `store` (under which name, and for how long), `save`, `record` (what is known of
//! the files), `wake` (what makes a clone a guest of its own), `asleep` (until when).

mod asleep;
mod record;
mod save;
pub mod store;
mod wake;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use asleep::{Woken, awake};
use record::Record;
pub use record::{Damaged, Differs};
pub use save::SaveError;
use serde_json::Value;

use crate::{
    channel::{ChannelError, backdoor::Backdoor},
    folder::Folder,
    guest::{Guest, MoveError, StartError},
    machine::Machine,
    qemu::Qemu,
};

/// A guest as it was, in a store. It is not thrown out of there while this lives, in whatever process.
#[derive(Debug)]
pub struct Snapshot {
    folder: PathBuf,
    record: Record,
    /// Locked, together with others.
    _used: File,
}

/// Why there is no clone.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The snapshot is of something else.
    #[error(transparent)]
    Differs(#[from] Differs),
    /// It is not what was saved.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// QEMU does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// QEMU does not read it.
    #[error("QEMU does not go on from {}: save a new snapshot in its place", path.display())]
    Load {
        /// The snapshot.
        path: PathBuf,
        /// Why.
        source: MoveError,
    },
    /// The guest goes on, and its shell does not answer.
    #[error("the guest's shell does not answer from where it was saved")]
    Shell(#[source] ChannelError),
    /// The guest does not remember.
    #[error(
        "the guest does not remember the number {wanted} that it was saved with, but says `{said}`: save a new snapshot"
    )]
    NotItself {
        /// What it was saved with.
        wanted: String,
        /// What it says.
        said: String,
    },
    /// The guest is itself, and cannot be told apart from another clone.
    #[error("the guest does not take {what}{}", because(said))]
    Wake {
        /// The time, or a seed.
        what: &'static str,
        /// What it said.
        said: String,
    },
    /// This computer has no random bytes.
    #[error("cannot read random bytes from /dev/urandom")]
    Seed(#[source] io::Error),
}

fn because(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl Snapshot {
    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the caller wanted to know again.
    #[must_use]
    pub fn note(&self) -> &Value {
        &self.record.note
    }

    /// A clone, which goes on from where the guest was saved, with its shell, that answers within `limit`. `machine` is
    /// what was saved, but for its name and the sockets of its links. Its network cards have the saved addresses. Its clock
    /// is late by at most the time that this takes.
    ///
    /// # Errors
    /// The snapshot is of something else or damaged, QEMU does not go on from it, or the guest does not wake up.
    pub async fn restore(
        &self,
        qemu: &Qemu,
        machine: &Machine,
        folder: Folder,
        limit: Duration,
    ) -> Result<(Guest, Backdoor), RestoreError> {
        self.record.check_wanted(qemu.version, machine)?;
        self.record.check_files(&self.folder)?;
        let memory = self.folder.join(record::MEMORY);
        let guest = Guest::start_of(qemu, machine, folder, &memory).await?;
        let loaded = guest.load(&self.folder.join(record::DEVICES)).await;
        loaded.map_err(|source| RestoreError::Load { path: self.folder.clone(), source })?;
        let shell = guest.resumed_shell().map_err(RestoreError::Shell)?;
        let seed = wake::seed().map_err(RestoreError::Seed)?;
        let (shell, woken) =
            awake(shell, &wake::input(now(), seed), limit).await.map_err(RestoreError::Shell)?;
        self.check_awake(woken)?;
        Ok((guest, shell))
    }

    fn check_awake(&self, woken: Woken) -> Result<(), RestoreError> {
        if let Some(what) = wake::failure(woken.status) {
            return Err(RestoreError::Wake { what, said: woken.said });
        }
        if woken.said != self.record.nonce {
            return Err(RestoreError::NotItself { wanted: self.record.nonce.clone(), said: woken.said });
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a guest has the time of this computer")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
