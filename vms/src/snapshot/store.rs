//! Snapshots by the digest of what they were made of.
//!
//! Flows in: a folder, a limit of its size, keys. Flows out: snapshots. Must not: show one that is not whole; throw out
//! one that somebody uses; keep more than its limit once nobody does.
//!
//! ```text
//! <store>/changing          locked while a folder gets or loses its name
//! <store>/vm-<random>/      one that is being saved, or thrown out: swept once nobody has it locked
//! <store>/<key>/            one that is whole
//!     owned                 locked together by those who use it; its time is that of the last use
//!     memory devices record.json
//! ```

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr,
    time::SystemTime,
};

use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

use super::{
    Snapshot,
    record::{Damaged, Record},
    save::{self, SaveError},
};
use crate::{
    channel::backdoor::Backdoor,
    folder::{self, Folder, NoFolder, OWNED, PREFIX},
    guest::Guest,
};

/// A folder of snapshots, `0700`. Any number of processes may use it at once.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    limit: u64,
}

/// What a snapshot is found by: a digest of all that went into its guest, which only the caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

/// This is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no digest: give 16 to 128 lower-case hexadecimal digits")]
pub struct BadKey(String);

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && (16..=128).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadKey(text.to_owned()))
        }
    }
}

impl Store {
    /// The store in this folder, which is made where it is missing. Beyond `limit` bytes on disk, snapshots that nobody
    /// uses are thrown out, those first that were not used for longest.
    ///
    /// # Errors
    /// The folder cannot be made, or is not this user's alone.
    pub fn open(folder: &Path, limit: u64) -> Result<Self, NoFolder> {
        // Making one sweeps what killed owners left.
        drop(Folder::create_of_any_length(folder)?);
        Ok(Self { folder: folder.to_owned(), limit })
    }

    /// The snapshot with this key, if there is one.
    ///
    /// # Errors
    /// It is there, and cannot be read.
    pub fn find(&self, key: &Key) -> Result<Option<Snapshot>, Damaged> {
        let failed = |error: io::Error| Damaged { path: self.place(key), why: error.to_string() };
        let _changing = folder::changing(&self.folder).map_err(failed)?;
        self.find_locked(key)
    }

    /// Saves a guest under this key, which ends with it. Where another was faster to save the same, that one is taken; one
    /// that is of something else or damaged is replaced. `note` is whatever the caller wants to know again.
    ///
    /// # Errors
    /// The guest cannot be saved, or not be written.
    pub async fn save(
        &self,
        key: &Key,
        guest: Guest,
        shell: Backdoor,
        note: Value,
    ) -> Result<Snapshot, SaveError> {
        let folder = Folder::create_of_any_length(&self.folder)?;
        let record = save::save(guest, shell, folder.path(), note).await?;
        let path = self.place(key);
        let failed = |source| SaveError::Write { path: path.clone(), source };
        let _changing = folder::changing(&self.folder).map_err(failed)?;
        if path.exists() {
            if let Some(first) = self.same(key, &record) {
                return Ok(first);
            }
            if !throw_out(&path) {
                return Err(SaveError::InUse(path));
            }
        }
        let used = folder.keep(&path).map_err(failed)?;
        flock(&used, FlockOperation::NonBlockingLockShared).map_err(|error| failed(error.into()))?;
        self.clean();
        Ok(Snapshot { folder: path, record, _used: used })
    }

    fn place(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }

    fn find_locked(&self, key: &Key) -> Result<Option<Snapshot>, Damaged> {
        let path = self.place(key);
        if !path.exists() {
            return Ok(None);
        }
        let used = use_now(&path.join(OWNED));
        let used = used.map_err(|error| Damaged { path: path.join(OWNED), why: error.to_string() })?;
        let record = Record::read(&path)?;
        Ok(Some(Snapshot { folder: path, record, _used: used }))
    }

    /// One that is whole and of the same.
    fn same(&self, key: &Key, record: &Record) -> Option<Snapshot> {
        let there = self.find_locked(key).ok().flatten()?;
        let same = there.record.check_wanted(record.qemu, &record.machine).is_ok();
        (same && there.record.check_files(&there.folder).is_ok()).then_some(there)
    }

    /// What cannot be thrown out is left for the next time.
    fn clean(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let snapshots = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(|name| Key::from_str(name).is_ok()));
        let mut snapshots: Vec<_> = snapshots.map(|entry| (last_use(&entry.path()), entry.path())).collect();
        snapshots.sort();
        let mut total: u64 = snapshots.iter().map(|(_, path)| size(path)).sum();
        for (_, path) in snapshots {
            let size = size(&path);
            if total > self.limit && throw_out(&path) {
                total -= size;
            }
        }
    }
}

fn use_now(owned: &Path) -> io::Result<File> {
    let used = OpenOptions::new().write(true).open(owned)?;
    flock(&used, FlockOperation::NonBlockingLockShared)?;
    used.set_modified(now())?;
    Ok(used)
}

/// Where nobody uses it. It loses its name first, so that none is ever found in parts.
fn throw_out(path: &Path) -> bool {
    let unused = match OpenOptions::new().write(true).open(path.join(OWNED)) {
        Ok(owned) => flock(&owned, FlockOperation::NonBlockingLockExclusive).is_ok(),
        Err(_) => true,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let nameless = path.with_file_name(format!("{PREFIX}{name}"));
    let thrown_out = unused && fs::rename(path, &nameless).is_ok();
    if thrown_out {
        let _swept_later = fs::remove_dir_all(&nameless);
    }
    thrown_out
}

fn last_use(snapshot: &Path) -> SystemTime {
    let found = fs::metadata(snapshot.join(OWNED)).and_then(|found| found.modified());
    found.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// On disk: memory has holes.
fn size(snapshot: &Path) -> u64 {
    let files = fs::read_dir(snapshot).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|found| found.blocks() * 512).sum()
}

#[expect(clippy::disallowed_methods, reason = "what was used last is told by files' times")]
fn now() -> SystemTime {
    SystemTime::now()
}
