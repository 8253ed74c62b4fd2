//! Who asks the machines of a round, by whatever way: the port between what is asked and where it is answered.
//!
//! Flows in: for each machine its way and its questions. Flows out: what became of asking each, as it comes. Must not: judge.

use std::{collections::BTreeMap, fmt};

use model::{machine::MachineName, round::Way, sighting::questions::Questions};
use run::worker::BoxFuture;
use tokio::sync::mpsc;

use super::Look;

/// Everybody who is asked, how, and what.
pub type Asked = BTreeMap<MachineName, (Way, Questions)>;

/// Where outlooks are told. What is told after the round is over goes nowhere.
pub type Tell = mpsc::UnboundedSender<(MachineName, Look)>;

/// Asks machines to look around, all at the same time: a machine hears only those who call it while it listens.
pub trait Lookout: Send + Sync + fmt::Debug {
    /// Asks everybody and comes back when all have answered or will not. Each host has a limit of its own. The future may be
    /// dropped at any point, and leaves no process behind.
    fn look(&self, asked: Asked, tell: Tell) -> BoxFuture<'_, ()>;

    /// What of a machine whoever was asked in its place did not have, in words.
    fn replaced(&self, _machine: &MachineName) -> Vec<String> {
        Vec::new()
    }
}
