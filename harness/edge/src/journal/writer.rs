//! Writes a journal, as a sink of the run's events.
//!
//! Flows in: a plan, then events. Flows out: lines that are with the operating system after each flush, so that killing
//! the process loses nothing, and on the disk at the end of the run. Must not: read, or change what it wrote.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use model::{
    digest::Digest,
    event::{Event, What},
    evidence::RunId,
    plan::Plan,
};
use run::Sink;

use super::{EVENTS, PLAN, artifacts::Artifacts, line::Chain};
use crate::state::{State, StateError, write_atomically};

/// The journal of a run that goes on.
#[derive(Debug)]
pub struct JournalWriter {
    run: RunId,
    plan: Digest,
    folder: PathBuf,
    file: File,
    chain: Chain,
    /// Lines that were not handed to the operating system yet.
    pending: Vec<u8>,
    ended: bool,
    failed: bool,
}

impl JournalWriter {
    /// A new run: its folder, its plan, and an empty journal.
    ///
    /// # Errors
    /// One of them can not be written.
    pub fn create(state: &State, plan: &Plan, now: Timestamp) -> Result<Self, StateError> {
        let (run, folder) = state.create_run(now)?;
        let path = folder.join(PLAN);
        let bytes = serde_json::to_vec(plan).map_err(|error| StateError::at("write", &path)(error.into()))?;
        write_atomically(&path, &bytes).map_err(StateError::at("write", &path))?;
        let path = folder.join(EVENTS);
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = file.map_err(StateError::at("create", &path))?;
        let plan = Digest::of(&bytes);
        let (chain, pending) = (Chain::start(plan), Vec::new());
        Ok(Self { run, plan, folder, file, chain, pending, ended: false, failed: false })
    }

    /// The run's name.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The digest of the plan as it was written down.
    #[must_use]
    pub fn plan(&self) -> Digest {
        self.plan
    }

    /// The run's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where files go that checks leave behind.
    #[must_use]
    pub fn artifacts(&self) -> Artifacts {
        Artifacts::of(&self.folder)
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.pending.clear();
        if self.ended {
            self.file.sync_all()?;
        }
        Ok(())
    }
}

impl Sink for JournalWriter {
    fn emit(&mut self, event: &Event) -> io::Result<()> {
        self.chain.write(event, &mut self.pending)?;
        if matches!(event.what, What::RunEnded { .. }) {
            self.pending.extend_from_slice(self.chain.seal().as_bytes());
            self.ended = true;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        // After a failure part of a line may stand at the end. It stays the end: a torn line in the middle of a journal
        // could not be told from a changed one.
        if self.failed {
            return Err(io::Error::other("the journal could not be written to before"));
        }
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.write();
        self.failed = written.is_err();
        written
    }
}

#[cfg(test)]
mod tests {
    use testkit::plan::plan;

    use super::*;

    #[test]
    fn after_a_failure_nothing_more_is_written() {
        let project = tempfile::tempdir().unwrap();
        let state = State::open(project.path()).unwrap();
        let mut writer = JournalWriter::create(&state, &plan([]), Timestamp::UNIX_EPOCH).unwrap();
        let path = writer.folder().join(EVENTS);
        let interrupted = Event { at: Timestamp::UNIX_EPOCH, what: What::Interrupted };
        let sound = std::mem::replace(&mut writer.file, OpenOptions::new().read(true).open(&path).unwrap());
        writer.emit(&interrupted).unwrap();
        assert!(writer.flush().is_err(), "a file that is open for reading can not be written to");
        writer.file = sound;
        writer.emit(&interrupted).unwrap();
        assert!(writer.flush().is_err());
        assert_eq!(path.metadata().unwrap().len(), 0);
    }
}
