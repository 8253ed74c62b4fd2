//! The private folder of one guest: its sockets, and what is put beside them.
//!
//! Flows in: a folder for all guests. Flows out: a folder for one. Must not: leave one behind for longer than until the
//! next is made, nor take one whose owner lives.
//!
//! Each folder holds a file that its owner keeps locked. The system unlocks it with the owner's last breath, kill -9
//! included, so that whoever makes the next folder sees which ones are left over (flock(2)).

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

/// A folder of one guest, `0700`. It goes when it is dropped.
#[derive(Debug)]
pub struct Folder {
    place: tempfile::TempDir,
    owned: File,
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
pub enum NoFolder {
    /// Something in it cannot be made.
    #[error("cannot make {}", path.display())]
    Make {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder for all guests is somebody else's, or open to others.
    #[error("{} is not this user's alone: give a folder of mode 0700", .0.display())]
    Shared(PathBuf),
    /// A socket's path would not fit the system's 108 bytes (104 on macOS).
    #[error("{} is too long for a folder of sockets, which may have {longest} bytes: give a shorter one", path.display())]
    TooLong {
        /// The folder for all guests.
        path: PathBuf,
        /// Bytes that it may have.
        longest: usize,
    },
}

/// The file that an owner keeps locked.
pub(crate) const OWNED: &str = "owned";
/// Locked while a folder is made or swept: one that is there and not locked has lost its owner.
const CHANGING: &str = "changing";
pub(crate) const PREFIX: &str = "vm-";

impl Folder {
    /// Makes a folder below `all`, a short path of this user's own that is made where it is missing, and sweeps those
    /// whose owners are gone.
    ///
    /// # Errors
    /// It cannot be made, is not this user's alone, or is too long.
    pub fn create(all: &Path) -> Result<Self, NoFolder> {
        check_length(all)?;
        Self::create_of_any_length(all)
    }

    /// The same, for a folder that holds no sockets.
    ///
    /// # Errors
    /// It cannot be made, or is not this user's alone.
    pub fn create_of_any_length(all: &Path) -> Result<Self, NoFolder> {
        let failed = |source| NoFolder::Make { path: all.to_owned(), source };
        match DirBuilder::new().mode(0o700).create(all) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        check_ours(all)?;
        let _changing = changing(all).map_err(failed)?;
        sweep(all).map_err(failed)?;
        let mode = fs::Permissions::from_mode(0o700);
        let place =
            tempfile::Builder::new().prefix(PREFIX).permissions(mode).tempdir_in(all).map_err(failed)?;
        let owned = open(&place.path().join(OWNED)).map_err(failed)?;
        flock(&owned, FlockOperation::NonBlockingLockExclusive).map_err(|error| failed(error.into()))?;
        Ok(Self { place, owned })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Gives it a name under which it stays, whole. The lock on it is returned, and goes with that file.
    pub(crate) fn keep(self, name: &Path) -> io::Result<File> {
        fs::rename(self.place.path(), name)?;
        let _there_no_more = self.place.keep();
        Ok(self.owned)
    }
}

/// Held while folders in `all` are made, renamed or swept.
pub(crate) fn changing(all: &Path) -> io::Result<File> {
    let changing = open(&all.join(CHANGING))?;
    flock(&changing, FlockOperation::LockExclusive)?;
    Ok(changing)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

/// The folders in `all` that nobody has locked go. One that does not go is left for the next time.
fn sweep(all: &Path) -> io::Result<()> {
    for entry in fs::read_dir(all)?.flatten() {
        let is_guests = entry.file_name().as_bytes().starts_with(PREFIX.as_bytes());
        if is_guests && is_left_over(&entry.path()) {
            let _next_time = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

fn is_left_over(folder: &Path) -> bool {
    match OpenOptions::new().write(true).open(folder.join(OWNED)) {
        Ok(owned) => flock(&owned, FlockOperation::NonBlockingLockExclusive).is_ok(),
        // Its owner died before it could lock it, or while it removed it.
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// `sun_path` of unix(7), with room for a guest's folder and the longest name of a socket.
fn check_length(all: &Path) -> Result<(), NoFolder> {
    const SUN_PATH: usize = if cfg!(target_os = "macos") { 104 } else { 108 };
    let longest = SUN_PATH - "/vm-123456/control-1234567890123456\0".len();
    if all.as_os_str().len() > longest {
        return Err(NoFolder::TooLong { path: all.to_owned(), longest });
    }
    Ok(())
}

fn check_ours(all: &Path) -> Result<(), NoFolder> {
    let failed = |source| NoFolder::Make { path: all.to_owned(), source };
    // A link may lead to a folder of somebody else's choice.
    let found = fs::symlink_metadata(all).map_err(failed)?;
    let ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    if !ours || found.permissions().mode() & 0o077 != 0 {
        return Err(NoFolder::Shared(all.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::{Folder, NoFolder};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_private_and_goes() {
        let parent = tempfile::tempdir().unwrap();
        let all = parent.path().join("all");
        let folder = Folder::create(&all).unwrap();
        let path = folder.path().to_owned();
        assert_eq!((mode(&all), mode(&path)), (0o700, 0o700));
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn only_those_without_an_owner_are_swept() {
        let parent = tempfile::tempdir().unwrap();
        let all = parent.path().join("all");
        let living = Folder::create(&all).unwrap();
        // As a killed owner leaves them: locked by nobody, or not locked as yet.
        for left_over in ["vm-unlocked", "vm-empty"] {
            fs::create_dir(all.join(left_over)).unwrap();
        }
        super::open(&all.join("vm-unlocked/owned")).unwrap();
        super::open(&all.join("vm-unlocked/qmp")).unwrap();
        fs::create_dir(all.join("of-somebody")).unwrap();
        let next = Folder::create(&all).unwrap();
        assert!(living.path().exists() && next.path().exists() && all.join("of-somebody").exists());
        assert!(!all.join("vm-unlocked").exists() && !all.join("vm-empty").exists());
    }

    #[test]
    fn starts_at_once_do_not_sweep_each_other() {
        let parent = tempfile::tempdir().unwrap();
        let all = parent.path().join("all");
        let start = || (0..16).map(|_| Folder::create(&all).unwrap()).collect::<Vec<_>>();
        let folders: Vec<Folder> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            starts.into_iter().flat_map(|start| start.join().unwrap()).collect()
        });
        assert!(folders.iter().all(|folder| folder.path().join(super::OWNED).exists()));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Folder::create(parent.path()), Err(NoFolder::Shared(_))));
    }

    #[test]
    fn a_path_that_sockets_cannot_have_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let all = parent.path().join("long".repeat(20));
        assert!(matches!(Folder::create(&all), Err(NoFolder::TooLong { .. })));
    }
}
