//! Reads a journal back, and verifies it.
//!
//! Flows in: a run's folder. Flows out: its plan and its events, up to where it was cut off if it was; or the first line
//! that is not what was written. Must not: repair, or hold more than a line that the caller did not ask to keep.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use model::{digest::Digest, event::Event, evidence::RunId, plan::Plan};

use super::{
    EVENTS, PLAN,
    damage::{Damage, JournalError},
    line::{Chain, Said},
};
use crate::state::{State, StateError};

/// No line is longer: a finding with its trace takes kilobytes.
const LONGEST_LINE: u64 = 64 << 20;

/// A run, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Its name.
    pub run: RunId,
    /// What was asked.
    pub plan: Plan,
    /// What happened, as far as it was written down.
    pub events: Vec<Event>,
    /// How the journal ends.
    pub end: End,
}

/// How a journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Sealed: the run ended in order.
    Sealed,
    /// Without a seal: the run still goes on, or it was cut off. A last line that was torn is left out.
    CutOff,
}

/// Reads a run.
///
/// # Errors
/// There is no such run, a file can not be read, or a line is not what was written.
pub fn read(state: &State, run: &RunId) -> Result<Journal, JournalError> {
    let (plan, mut lines) = Lines::open(state, run)?;
    let events = lines.by_ref().collect::<Result<Vec<Event>, JournalError>>()?;
    Ok(Journal { run: run.clone(), plan, events, end: lines.end() })
}

/// The events of a run, one after the other. Ends after the first error.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: Option<BufReader<File>>,
    chain: Chain,
    end: End,
    line: Vec<u8>,
}

impl Lines {
    /// Opens a run's journal and reads its plan.
    ///
    /// # Errors
    /// There is no such run, or its plan can not be read.
    pub fn open(state: &State, run: &RunId) -> Result<(Plan, Self), JournalError> {
        let folder = state.run_folder(run).filter(|folder| folder.is_dir());
        let folder = folder.ok_or_else(|| JournalError::NoSuchRun(run.clone()))?;
        let path = folder.join(PLAN);
        let bytes = read_all(&path).map_err(StateError::at("read", &path))?;
        let plan =
            serde_json::from_slice(&bytes).map_err(|source| JournalError::NotAPlan { path, source })?;
        let path = folder.join(EVENTS);
        let file = match open(&path) {
            // Cut off between the plan and the first event.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            file => Some(BufReader::new(file.map_err(StateError::at("read", &path))?)),
        };
        let chain = Chain::start(Digest::of(&bytes));
        Ok((plan, Self { path, file, chain, end: End::CutOff, line: Vec::new() }))
    }

    /// How the journal ends; known once every event was read.
    #[must_use]
    pub fn end(&self) -> End {
        self.end
    }

    fn read_next(&mut self) -> Result<Option<Event>, JournalError> {
        if !self.read_line()? {
            return Ok(None);
        }
        match self.chain.read(&self.line).map_err(|damage| self.damaged(0, damage))? {
            Said::Event(event) => Ok(Some(event)),
            Said::Seal if self.is_at_the_end()? => {
                self.end = End::Sealed;
                Ok(None)
            }
            Said::Seal => Err(self.damaged(1, Damage::AfterTheEnd)),
        }
    }

    /// Reads a line without its line break; says whether there was a whole one.
    fn read_line(&mut self) -> Result<bool, JournalError> {
        let Some(file) = &mut self.file else { return Ok(false) };
        self.line.clear();
        let read = file.take(LONGEST_LINE).read_until(b'\n', &mut self.line);
        let length = read.map_err(StateError::at("read", &self.path))?;
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            return Ok(true);
        }
        if length as u64 == LONGEST_LINE {
            return Err(self.damaged(0, Damage::TooLong { limit: LONGEST_LINE }));
        }
        Ok(false)
    }

    fn is_at_the_end(&mut self) -> Result<bool, JournalError> {
        let Some(file) = &mut self.file else { return Ok(true) };
        Ok(file.fill_buf().map_err(StateError::at("read", &self.path))?.is_empty())
    }

    fn damaged(&self, further: u64, source: Damage) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), line: self.chain.seq + 1 + further, source }
    }
}

impl Iterator for Lines {
    type Item = Result<Event, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read_next().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.file = None;
        }
        next
    }
}

fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "the one place where journals are opened")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
