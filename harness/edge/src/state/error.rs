//! What goes wrong with the state folder, and what to do about it.
//!
//! Flows in: an error of the operating system. Flows out: the same, with what was being done to which path.
//! Must not: try again, or choose another folder.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Something in the state folder could not be created, read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct StateError {
    /// A verb: `create`, `read`, `write`.
    pub doing: &'static str,
    /// To what.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

impl StateError {
    /// Adds to an error what was being done.
    pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { doing, path: path.to_owned(), source }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        remedy(&self.source)
    }

    /// Whether there is no room: that is no fault of what was asked for.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

/// What to do about an error of the operating system, where that is known.
#[must_use]
pub(crate) fn remedy(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => Some(
            "the file system is read-only: run seaworthy in a copy of the project that can be written to",
        ),
        io::ErrorKind::PermissionDenied => {
            Some("make the project's folder .seaworthy writable, or run seaworthy as the user that owns it")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room on the disk; old runs in .seaworthy/runs may be deleted")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Some("move away what stands at this path; seaworthy needs a folder there")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_troubles_have_a_remedy() {
        for (number, word) in
            [(30, "read-only"), (13, "writable"), (28, "room"), (122, "room"), (20, "folder")]
        {
            let remedy = remedy(&io::Error::from_raw_os_error(number));
            assert!(remedy.is_some_and(|remedy| remedy.contains(word)), "{number}: {remedy:?}");
        }
        assert_eq!(remedy(&io::Error::other("odd")), None);
    }
}
