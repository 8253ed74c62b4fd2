//! What is wrong with a journal.
//!
//! Flows in: nothing. Flows out: errors with the line that they are about. Must not: repair.

use std::path::PathBuf;

use model::{evidence::RunId, rollout::PromotionId};

use crate::state::StateError;

/// A journal that can not be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The name is no run's.
    #[error("no run is called {:?}", .0.0)]
    NoSuchRun(RunId),
    /// The name is no promotion's.
    #[error("no promotion is called {:?}", .0.0)]
    NoSuchPromotion(PromotionId),
    /// A file can not be read.
    #[error(transparent)]
    File(#[from] StateError),
    /// The plan is not a plan of this version.
    #[error("{} is not a plan", path.display())]
    NotAPlan {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A line is not what was written.
    #[error("{}:{line} is not what seaworthy wrote", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: u64,
        /// What is wrong.
        #[source]
        source: Damage,
    },
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It is no event.
    #[error("it is not an event of a journal")]
    NotALine(#[source] serde_json::Error),
    /// A line is missing, doubled or in another place.
    #[error("it is number {found} where {expected} has to follow: lines are missing or in another order")]
    OutOfOrder {
        /// What has to follow.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The first line names another plan than the one beside it, or another promotion than that of its folder.
    #[error("it belongs to another plan or promotion than the one it stands with, or that was changed")]
    OtherOwner,
    /// The line before it is not the one that it was chained to.
    #[error("the line before it was changed after it was written")]
    BrokenChain,
    /// Something stands after the seal.
    #[error("it stands after the end of the run")]
    AfterTheEnd,
    /// Longer than any line that is written.
    #[error("it is longer than {limit} bytes")]
    TooLong {
        /// In bytes.
        limit: u64,
    },
}
