//! The lock of a fleet: who promotes it now.
//!
//! Flows in: who asks. Flows out: the lock, or who has it. Must not: take it from a process that lives, or from one that died
//! unless somebody says so.
//!
//! `promotion.lock` holds who has it, and is locked by that process. One that is not locked and not empty was left by a process
//! that died: what it was doing is known from the journal, but whoever started it may not know that it is gone.

use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::{State, StateError};

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The user's name.
    pub user: String,
    /// The computer's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct FleetLock {
    file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A process has it, and lives.
    #[error("{} promotes this fleet", who(.0.as_ref()))]
    Held(Option<Holder>),
    /// A process had it and died.
    #[error("{} was promoting this fleet and ended without saying so", who(.0.as_ref()))]
    Left(Option<Holder>),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] StateError),
}

impl FleetLock {
    /// Takes the lock; from a process that died only if it is to be broken.
    ///
    /// # Errors
    /// Somebody has it, or had it; or its file cannot be used.
    pub fn take(state: &State, holder: &Holder, broken: bool) -> Result<Self, LockError> {
        let path = state.folder().join("promotion.lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(StateError::at("create", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(read(&file).0)),
            Err(TryLockError::Error(error)) => return Err(StateError::at("lock", &path)(error).into()),
        }
        let (left, bytes) = read(&file);
        if bytes > 0 && !broken {
            return Err(LockError::Left(left));
        }
        let mut lock = Self { file };
        lock.write(holder).map_err(StateError::at("write", &path))?;
        Ok(lock)
    }

    /// Whether a process that lives has it. It is held for a moment to find out, where one that died may have left it.
    ///
    /// # Errors
    /// Its file cannot be used.
    pub fn is_held(state: &State) -> Result<bool, LockError> {
        let path = state.folder().join("promotion.lock");
        let file = match OpenOptions::new().read(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StateError::at("open", &path)(error).into()),
        };
        if read(&file).1 == 0 {
            return Ok(false);
        }
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(StateError::at("lock", &path)(error).into()),
        }
    }

    fn write(&mut self, holder: &Holder) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(&serde_json::to_vec(holder)?)?;
        self.file.sync_data()
    }
}

impl Drop for FleetLock {
    fn drop(&mut self) {
        // Where this fails the lock is left as by a process that died, and the next is told.
        let _ = self.file.set_len(0);
    }
}

/// Who stands in the file, if that can be read, and how many bytes do.
fn read(mut file: &File) -> (Option<Holder>, usize) {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    (serde_json::from_slice(&bytes).ok(), read.unwrap_or(0))
}

fn who(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "somebody".to_owned(), ToString::to_string)
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} (process {}, since {:.0})", self.user, self.host, self.pid, self.since)
    }
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn here(user: String, now: Timestamp) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { user, host, pid: std::process::id(), since: now }
    }
}
