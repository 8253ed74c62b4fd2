//! The folder of a lab: keys, what the hosts read and write, and the file by which ssh finds them.
//!
//! Flows in: a path. Flows out: the folder, this lab's alone. Must not: take one whose lab is up.
//!
//! A file in it is locked as long as the lab is up. The system unlocks it with the owner's last breath, so that the next
//! lab sees what is left over, and sweeps it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

/// A lab's folder. What is in it goes when it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _owned: File,
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
pub enum NoFolder {
    /// A lab is up in it.
    #[error("a lab is up in {}: take it down first, or take another folder", .0.display())]
    Taken(PathBuf),
    /// There is something in it that no lab left there.
    #[error("{} holds `{}`, which is no lab's: give an empty folder", path.display(), what)]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// What is in it.
        what: String,
    },
    /// Something in it cannot be made.
    #[error("cannot make or sweep {}", path.display())]
    Make {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The file that is locked.
const OWNED: &str = "owned";

impl Folder {
    /// Makes it (`0700`) where it is missing, and sweeps what a lab whose owner is gone left in it.
    ///
    /// # Errors
    /// A lab is up in it, it holds something else, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, NoFolder> {
        let failed = |source| NoFolder::Make { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let lock = path.join(OWNED);
        if !lock.exists() {
            refuse_strangers(&path)?;
        }
        let owned = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock);
        let owned = owned.map_err(failed)?;
        if flock(&owned, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(NoFolder::Taken(path));
        }
        sweep(&path).map_err(failed)?;
        Ok(Self { path, _owned: owned })
    }

    /// Where it is, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file in it for root alone, and the folders above it.
    pub(crate) fn write(
        &self,
        name: &str,
        content: impl AsRef<[u8]>,
        mode: u32,
    ) -> Result<PathBuf, NoFolder> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&path)?;
            file.write_all(content.as_ref())
        };
        write().map_err(|source| NoFolder::Make { path: path.clone(), source })?;
        Ok(path)
    }

    /// What a file in it says; nothing if it is not there.
    pub(crate) fn read(&self, name: &str) -> String {
        read(&self.path.join(name))
    }
}

/// What a file says; nothing if it is not there.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads files")]
pub(crate) fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What does not go is swept by the next.
        let _next_time = sweep(&self.path);
        let _next_time = fs::remove_file(self.path.join(OWNED));
        let _somebody_elses = fs::remove_dir(&self.path);
    }
}

fn refuse_strangers(path: &Path) -> Result<(), NoFolder> {
    let failed = |source| NoFolder::Make { path: path.to_owned(), source };
    match fs::read_dir(path).map_err(failed)?.flatten().next() {
        None => Ok(()),
        Some(entry) => {
            let what = entry.file_name().to_string_lossy().into_owned();
            Err(NoFolder::NotOurs { path: path.to_owned(), what })
        }
    }
}

/// All but the lock.
fn sweep(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)?.flatten().filter(|entry| entry.file_name() != OWNED) {
        let gone = if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
        gone?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Folder, NoFolder};

    #[test]
    fn one_lab_a_folder_and_what_is_left_over_goes() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("lab");
        let folder = Folder::create(&path).unwrap();
        folder.write("hosts/a/log", "text", 0o600).unwrap();
        assert_eq!(folder.read("hosts/a/log"), "text");
        assert!(matches!(Folder::create(&path), Err(NoFolder::Taken(_))));
        drop(folder);
        assert!(!path.exists());
        // As a killed owner leaves it: locked by nobody.
        fs::create_dir_all(path.join("hosts")).unwrap();
        fs::File::create_new(path.join("owned")).unwrap();
        let _next = Folder::create(&path).unwrap();
        assert!(!path.join("hosts").exists());
    }

    #[test]
    fn a_folder_with_something_else_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        fs::create_dir(parent.path().join("photos")).unwrap();
        let refused = Folder::create(parent.path()).unwrap_err();
        assert!(refused.to_string().contains("holds `photos`"), "{refused}");
        assert!(parent.path().join("photos").exists());
    }
}
