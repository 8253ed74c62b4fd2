//! The ledger: which answers of earlier runs may stand for new ones.
//!
//! Flows in: the journals of a project's runs, and the keys that a plan asks for. Flows out: evidence for them.
//! Must not: be the truth. It is an index in SQLite over the journals, and is made anew from them when it is missing,
//! damaged, or of another version.
//!
//! What counts as evidence is told in `harness/DESIGN/evidence.md`: a pass, whose key has never seen a failure.

mod index;
mod refuted;
mod repair;
mod sync;

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use model::{
    digest::Digest,
    evidence::{Evidence, RunId},
};

pub use self::refuted::Refuted;
use self::{index::Index, repair::Failure};
use crate::{journal::JournalError, state::State, state::StateError};

/// The ledger of a project. Several processes may have it open.
#[derive(Debug)]
pub struct Ledger {
    state: State,
    index: Index,
}

/// Evidence by key.
pub type Found = HashMap<Digest, Evidence>;

/// Which evidence is fresh enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// This moment.
    pub now: Timestamp,
    /// How long ago an answer may have been given; `None` for ever. An answer from the future is never fresh.
    pub max_age: Option<Duration>,
}

/// Something worth saying about the ledger. None of it makes an answer wrong.
#[derive(Debug)]
pub enum Note {
    /// The index could not be used and was made anew from the journals.
    Rebuilt {
        /// What was wrong with it.
        reason: String,
    },
    /// The journal of a run can not be read: its answers are no evidence.
    Unreadable {
        /// Which run.
        run: RunId,
        /// What is wrong with it.
        source: JournalError,
    },
}

/// The ledger can not be used; no evidence is known.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file of the state folder can not be used.
    #[error(transparent)]
    File(#[from] StateError),
    /// SQLite says no.
    #[error("cannot use the evidence index .seaworthy/index.db")]
    Index {
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

impl Ledger {
    /// Opens the ledger and takes in whatever journals say that it does not know yet.
    ///
    /// # Errors
    /// The index can be neither used nor made anew.
    pub fn open(state: &State) -> Result<(Self, Vec<Note>), LedgerError> {
        let (index, notes) = repair::open(state)?;
        Ok((Self { state: state.clone(), index }, notes))
    }

    /// The newest fresh evidence for each of these keys that has some.
    ///
    /// # Errors
    /// The index can be neither used nor made anew.
    pub fn lookup(&mut self, keys: &[Digest], fresh: Freshness) -> Result<(Found, Vec<Note>), LedgerError> {
        self.with_repair(|index, _| Ok(index.lookup(keys, fresh)?))
    }

    /// Takes in what the journal of a run says.
    ///
    /// # Errors
    /// The index can be neither used nor made anew.
    pub fn record(&mut self, run: &RunId) -> Result<Vec<Note>, LedgerError> {
        let (unreadable, mut notes) = self.with_repair(|index, state| sync::take_in(index, state, run))?;
        notes.extend(unreadable);
        Ok(notes)
    }

    /// Does something with the index; if that turns out to be damaged, once more with one made anew.
    fn with_repair<T>(
        &mut self,
        act: impl Fn(&mut Index, &State) -> Result<T, Failure>,
    ) -> Result<(T, Vec<Note>), LedgerError> {
        let damage = match act(&mut self.index, &self.state) {
            Ok(done) => return Ok((done, Vec::new())),
            Err(Failure::Damaged(damage)) => damage,
            Err(Failure::Fatal(error)) => return Err(error),
        };
        let (index, notes) = repair::rebuild(&self.state, self.index.identity(), &damage)?;
        self.index = index;
        let done = act(&mut self.index, &self.state).map_err(|failure| failure.into_fatal(&self.state))?;
        Ok((done, notes))
    }
}
