//! Gets a usable index, whatever stands in its place.
//!
//! Flows in: the state folder. Flows out: an index that knows every journal, and what had to be done for it.
//! Must not: give up an index because another process is using it.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use super::{
    LedgerError, Note,
    index::{Identity, Index, identity},
    sync,
};
use crate::state::{State, StateError};

/// Why something with the index did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its content makes no sense; making it anew helps.
    Damaged(String),
    /// Making it anew would not help.
    Fatal(LedgerError),
}

impl Failure {
    /// The failure of an index that was made anew just now.
    pub(crate) fn into_fatal(self, state: &State) -> LedgerError {
        match self {
            Self::Fatal(error) => error,
            Self::Damaged(reason) => {
                let source = io::Error::other(format!("even a new one is damaged: {reason}"));
                StateError::at("rebuild", &state.index())(source).into()
            }
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Fatal(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(source: rusqlite::Error) -> Self {
        let surroundings = [
            ErrorCode::DatabaseBusy,
            ErrorCode::DatabaseLocked,
            ErrorCode::PermissionDenied,
            ErrorCode::ReadOnly,
            ErrorCode::DiskFull,
            ErrorCode::CannotOpen,
            ErrorCode::SystemIoFailure,
            ErrorCode::OutOfMemory,
            ErrorCode::OperationInterrupted,
            ErrorCode::FileLockingProtocolFailed,
        ];
        match source.sqlite_error_code() {
            Some(code) if surroundings.contains(&code) => Self::Fatal(LedgerError::Index { source }),
            _ => Self::Damaged(source.to_string()),
        }
    }
}

/// Opens the index and takes in what it does not know yet.
pub(crate) fn open(state: &State) -> Result<(Index, Vec<Note>), LedgerError> {
    let before = identity(&state.index());
    match open_and_sync(state) {
        Ok(opened) => Ok(opened),
        Err(Failure::Damaged(reason)) => rebuild(state, before, &reason),
        Err(Failure::Fatal(error)) => Err(error),
    }
}

/// Makes the index anew, unless another process has done so since it was found damaged.
pub(crate) fn rebuild(
    state: &State,
    damaged: Option<Identity>,
    reason: &str,
) -> Result<(Index, Vec<Note>), LedgerError> {
    let _alone = lock(&state.folder().join("index.lock"))?;
    if identity(&state.index()) == damaged {
        set_aside(&state.index())?;
    }
    let (index, mut notes) = open_and_sync(state).map_err(|failure| failure.into_fatal(state))?;
    notes.insert(0, Note::Rebuilt { reason: reason.to_owned() });
    Ok((index, notes))
}

fn open_and_sync(state: &State) -> Result<(Index, Vec<Note>), Failure> {
    let mut index = Index::open(&state.index())?;
    let notes = sync::take_in_all(&mut index, state)?;
    Ok((index, notes))
}

/// Moves the index to `index.db.damaged`. SQLite's companions go first: a new index must not find an old one's.
fn set_aside(index: &Path) -> Result<(), StateError> {
    for companion in [beside(index, "-wal"), beside(index, "-shm")] {
        gone(fs::remove_file(&companion)).map_err(StateError::at("delete", &companion))?;
    }
    gone(fs::rename(index, beside(index, ".damaged"))).map_err(StateError::at("move away", index))
}

fn beside(index: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(index);
    name.push(ending);
    name.into()
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Waits until no other process makes the index anew; until the file is dropped, no other does.
fn lock(path: &Path) -> Result<File, StateError> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let file = file.map_err(StateError::at("create", path))?;
    file.lock().map_err(StateError::at("lock", path))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    fn project() -> (tempfile::TempDir, State) {
        let project = tempfile::tempdir().unwrap();
        let state = State::open(project.path()).unwrap();
        (project, state)
    }

    #[test]
    fn an_index_that_another_process_has_made_anew_is_kept() {
        let (project, state) = project();
        let damaged = identity(project.path());
        let (made_anew, _) = open(&state).unwrap();
        let (index, _) = rebuild(&state, damaged, "damaged").unwrap();
        assert_eq!(index.identity(), made_anew.identity());
        let (index, _) = rebuild(&state, index.identity(), "damaged").unwrap();
        assert_ne!(index.identity(), made_anew.identity());
    }

    #[test]
    fn one_process_at_a_time_makes_the_index_anew() {
        let (_project, state) = project();
        let other = lock(&state.folder().join("index.lock")).unwrap();
        let (done, waits) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| done.send(rebuild(&state, None, "damaged").is_ok()).unwrap());
            assert!(waits.recv_timeout(Duration::from_millis(300)).is_err(), "it did not wait");
            drop(other);
            assert!(waits.recv().unwrap());
        });
    }
}
