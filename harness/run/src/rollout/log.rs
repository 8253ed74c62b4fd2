//! The port to the journal of a promotion. People write into it too, from other processes: they agree, stop, and allow again.
//!
//! Flows in: entries. Flows out: everything that stands in the journal, in order, once.
//! Must not: let two writers append after one another without each knowing what the other wrote.

use std::io;

use jiff::Timestamp;
use judge::promote::State;
use model::rollout::Entry;

use crate::worker::BoxFuture;

/// The journal. A failure (a full disk) ends the process's part in the promotion.
pub trait Log: Send {
    /// What stands in it that was not given out yet; at first everything.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written.
    fn news(&mut self) -> io::Result<Vec<Entry>>;

    /// Appends entries, and has them on the disk when it returns; or appends nothing, where somebody else has written what was
    /// not given out yet. Says whether it appended.
    ///
    /// # Errors
    /// It cannot be written.
    fn append(&mut self, entries: &[Entry]) -> io::Result<bool>;

    /// Ends when there may be news.
    fn changed(&self) -> BoxFuture<'_, ()>;

    /// Hears that no step is being taken, and that something is waited for. Nothing is to be written.
    fn waits(&mut self, _state: &State, _now: Timestamp) {}
}
