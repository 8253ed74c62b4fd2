//! A guest that runs and waits for a person.
//!
//! Flows in: a guest whose shell answers. Flows out: a terminal in it. Must not: outlive who holds it.

use std::sync::{Arc, Mutex, PoisonError};

use model::machine::MachineName;
use vms::{
    channel::{
        ChannelError,
        backdoor::Backdoor,
        terminal::{Size, Terminal},
    },
    guest::Guest,
};

/// A guest that runs, with its shell. It ends when this is dropped.
#[derive(Debug)]
pub struct Afloat {
    /// Whose guest it is.
    pub machine: MachineName,
    pub(super) guest: Guest,
    pub(super) shell: Backdoor,
}

impl Afloat {
    /// Its shell as a terminal, and the guest, which lives as long as it is kept.
    ///
    /// # Errors
    /// It is gone.
    pub async fn terminal(self, size: Size, kind: &str) -> Result<(Terminal, Guest), ChannelError> {
        Ok((self.shell.into_terminal(size, kind).await?, self.guest))
    }
}

/// Where the first guest of a run that failed is kept for a person. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Berth {
    kept: Arc<Mutex<Option<Afloat>>>,
}

impl Berth {
    /// Keeps a guest, if there is none yet; else gives it back.
    pub(super) fn keep(&self, guest: Afloat) -> Option<Afloat> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_some() {
            return Some(guest);
        }
        *kept = Some(guest);
        None
    }

    /// The guest that was kept.
    #[must_use]
    pub fn take(&self) -> Option<Afloat> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
