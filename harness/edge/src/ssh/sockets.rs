//! Where our masters listen: a folder for this user alone, with a short name.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;

/// What a socket's path may be long on every system: macOS has 104 bytes, of which one ends it.
const PATH: usize = 103;
/// ssh listens at the path with a dot and 16 letters behind it, and renames that.
const ADDED: usize = 17;

/// A folder (`0700`) for sockets; it goes when it is dropped.
#[derive(Debug)]
pub struct Sockets {
    folder: TempDir,
    next: AtomicU32,
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
pub enum NoSockets {
    /// It cannot be made.
    #[error("no folder for ssh's sockets can be made in {}", parent.display())]
    Make {
        /// Where.
        parent: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system takes no path as long.
    #[error("{} is too long for a socket: state a shorter folder for temporary files", .0.display())]
    Long(PathBuf),
}

impl Sockets {
    pub(super) fn create(parent: &Path) -> Result<Self, NoSockets> {
        let failed = |source| NoSockets::Make { parent: parent.to_owned(), source };
        let private = std::fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix("sw").permissions(private).tempdir_in(parent).map_err(failed)?;
        if folder.path().join("65535").as_os_str().len() + ADDED > PATH {
            return Err(NoSockets::Long(folder.path().to_owned()));
        }
        Ok(Self { folder, next: AtomicU32::new(0) })
    }

    /// A path that nobody had yet.
    pub(super) fn next(&self) -> PathBuf {
        self.folder.path().join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_its_name_fits() {
        let parent = tempfile::tempdir().unwrap();
        let sockets = Sockets::create(parent.path()).unwrap();
        let mode = sockets.folder.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_ne!(sockets.next(), sockets.next());
        let long = parent.path().join("x".repeat(80));
        std::fs::create_dir(&long).unwrap();
        assert!(matches!(Sockets::create(&long), Err(NoSockets::Long(_))));
    }
}
