//! The journal of a run: the truth about it, written as it happens.
//!
//! Flows in: a plan, then events, and files that checks leave behind. Flows out: `runs/<run>/plan.json` and
//! `runs/<run>/events.jsonl`, and the same read back and verified; the files beside them. Must not: judge what happened, or know where evidence is looked up.
//!
//! The format (`harness/DESIGN/journal.md`): one event a line, each line naming the SHA-256 of the line before it (the
//! first, that of `plan.json`), and a last line that seals a run which ended in order.

pub mod artifacts;
mod damage;
mod line;
mod log;
mod reader;
mod writer;

use model::evidence::RunId;

use crate::state::{State, StateError};

pub(crate) use self::line::{Chain, Said};
pub use self::{
    artifacts::Artifacts,
    damage::{Damage, JournalError},
    log::Log,
    reader::{End, Journal, Lines, read},
    writer::JournalWriter,
};

/// The plan of a run.
pub const PLAN: &str = "plan.json";
/// The events of a run.
pub const EVENTS: &str = "events.jsonl";

/// The runs that can be read, by time of start: those whose plan was written.
///
/// # Errors
/// The folder of runs can not be read.
pub fn list(state: &State) -> Result<Vec<RunId>, StateError> {
    let mut runs = state.list_runs()?;
    runs.retain(|run| state.runs().join(&run.0).join(PLAN).is_file());
    Ok(runs)
}

/// The run that started last, if there is one.
///
/// # Errors
/// The folder of runs can not be read.
pub fn latest(state: &State) -> Result<Option<RunId>, StateError> {
    Ok(list(state)?.pop())
}
