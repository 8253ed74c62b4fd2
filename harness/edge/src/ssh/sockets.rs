//! Where our masters listen: a folder for this user alone, with a short name.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use vms::folder::{Folder, NoFolder};

use crate::private;

/// A folder (`0700`) for sockets; it goes when it is dropped, or when the next one is made after its owner was killed.
#[derive(Debug)]
pub struct Sockets {
    folder: Folder,
    next: AtomicU32,
}

impl Sockets {
    pub(super) fn create(temporary: &Path) -> Result<Self, NoFolder> {
        Ok(Self { folder: private::for_sockets(temporary)?, next: AtomicU32::new(0) })
    }

    /// What else is private to this client may be put there.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path that nobody had yet.
    pub(super) fn next(&self) -> PathBuf {
        self.folder.path().join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::os::unix::fs::PermissionsExt as _;

    /// What a socket's path may be long: macOS has 104 bytes, others 108, of which one ends it.
    const PATH: usize = if cfg!(target_os = "macos") { 103 } else { 107 };
    /// ssh listens at the path with a dot and 16 letters behind it, and renames that.
    const ADDED: usize = 17;

    #[test]
    fn the_folder_is_private_and_the_longest_name_fits() {
        let parent = tempfile::tempdir().unwrap();
        let sockets = Sockets::create(parent.path()).unwrap();
        let mode = sockets.folder.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert_ne!(sockets.next(), sockets.next());
        let mut path = parent.path().to_owned();
        let longest = std::iter::from_fn(|| {
            path.push("x");
            std::fs::create_dir(&path).ok()?;
            Sockets::create(&path).ok()
        });
        let longest = longest.last().expect("the first fits");
        assert!(longest.folder.path().join("65535").as_os_str().len() + ADDED <= PATH);
    }
}
