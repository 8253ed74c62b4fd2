//! The git repository that a folder is in.
//!
//! Flows in: a folder. Flows out: the top of its repository, and the files that it tracks. Must not: run git: a start of
//! git takes longer than reading its index, and wants an environment.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use super::{
    Listed,
    index::{self, Hash},
    text::bounded,
};

/// A repository with a work tree.
pub(super) struct Repository {
    /// The folder of the work tree.
    pub(super) top: PathBuf,
    /// Where its index is.
    folder: PathBuf,
}

/// The largest index that is read: that of about a million files.
const LARGEST_INDEX: u64 = 256 << 20;

impl Repository {
    /// The nearest repository around a folder.
    pub(super) fn around(folder: &Path) -> Option<Self> {
        let top = folder.ancestors().find(|ancestor| ancestor.join(".git").symlink_metadata().is_ok())?;
        let entry = top.join(".git");
        let folder = if entry.is_dir() { entry } else { top.join(pointed(&entry, "gitdir: ")?) };
        Some(Self { top: top.to_owned(), folder })
    }

    /// The files that it tracks, sorted by path. `None` where its index cannot be read, or is of a form of which git has
    /// to be asked.
    pub(super) fn files(&self) -> Option<Vec<Listed>> {
        let file = self.folder.join("index");
        let written = file.metadata().and_then(|found| found.modified()).ok()?;
        let bytes = bounded(&file, LARGEST_INDEX).ok()??;
        let tracked = index::parse(&bytes, self.hash(), written)?;
        let mut files: Vec<_> = tracked.into_iter().map(listed).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        // While a merge goes on, a path has up to three entries.
        files.dedup_by(|a, b| a.path == b.path);
        Some(files)
    }

    fn hash(&self) -> Hash {
        let common = pointed(&self.folder.join("commondir"), "").map(|common| self.folder.join(common));
        let config = bounded(&common.unwrap_or_else(|| self.folder.clone()).join("config"), 1 << 20);
        let config = config.ok().flatten().unwrap_or_default().to_ascii_lowercase();
        let text = String::from_utf8_lossy(&config);
        let format = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == "objectformat");
        if format.is_some_and(|(_, value)| value.trim() == "sha256") { Hash::Sha256 } else { Hash::Sha1 }
    }
}

/// What a file of one line says, after a prefix.
fn pointed(file: &Path, prefix: &str) -> Option<PathBuf> {
    let bytes = bounded(file, 1 << 16).ok()??;
    let said = bytes.strip_prefix(prefix.as_bytes())?;
    let end = said.iter().position(|byte| *byte == b'\n').unwrap_or(said.len());
    Some(PathBuf::from(OsStr::from_bytes(said.get(..end)?)))
}

fn listed(tracked: index::Tracked) -> Listed {
    Listed { path: PathBuf::from(OsStr::from_bytes(&tracked.path)), known: Some(tracked.known) }
}
