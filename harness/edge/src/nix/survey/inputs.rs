//! Fetching the flake's inputs, once, before everything else is evaluated offline.
//!
//! Flows in: the flake. Flows out: nothing but inputs on this machine. Must not: change the lock file.

use super::{OnProgress, Progress};
use crate::nix::{fault::NixFault, pool::Evaluators};
use crate::process::{CaptureError, Captured};

impl Evaluators {
    /// Sees to it that the flake's inputs are on this machine.
    ///
    /// First offline, which takes a moment when all of them are there. Should fetching fail, that is no fault yet: an
    /// input that nobody looks at is not missed, and evaluation says best which one is.
    ///
    /// # Errors
    /// When fetching takes longer than it may.
    pub(super) async fn fetch_inputs(&self, progress: &OnProgress) -> Result<(), NixFault> {
        if !self.folder().join("flake.lock").is_file() {
            return Ok(());
        }
        let there = self.archive(&["--offline"]).await.is_ok_and(|captured| captured.status.success());
        if there {
            return Ok(());
        }
        progress(Progress::Fetching);
        match self.archive(&[]).await {
            Err(CaptureError::TimedOut { limit, .. }) => Err(NixFault::Late { limit }),
            _ => Ok(()),
        }
    }

    async fn reference(&self) -> String {
        self.project().await.map_or_else(|_| ".".to_owned(), |project| project.reference().to_owned())
    }

    async fn archive(&self, flags: &[&str]) -> Result<Captured, CaptureError> {
        let reference = self.reference().await;
        let mut arguments =
            vec!["flake", "archive", "--json", "--no-update-lock-file", "--no-write-lock-file", &reference];
        arguments.extend(self.nix().features());
        arguments.extend(flags);
        let program = self.nix().program(self.folder(), arguments, None);
        self.nix().spawner().capture(&program, self.limits().fetch, 1 << 16).await
    }
}
