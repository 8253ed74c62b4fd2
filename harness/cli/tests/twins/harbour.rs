//! A copy of the sample fleets in a git repository of its own, so that a run sees what a user's clone would hold.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The copy; gone when it is dropped.
pub(crate) struct Harbour {
    folder: tempfile::TempDir,
}

impl Harbour {
    /// Copies the fleets, and the small hosts that are booted, and commits them.
    pub(crate) fn open() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        copy(&fixtures(), &folder.path().join("fleets"))?;
        copy(&fixtures().join("../guests"), &folder.path().join("guests"))?;
        let git = |arguments: &[&str]| {
            let status = Command::new("git")
                .args(["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "gc.auto=0"])
                .args(arguments)
                .current_dir(folder.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_SYSTEM", "/dev/null")
                .status()?;
            if status.success() {
                Ok(())
            } else {
                Err(io::Error::other(format!("git {arguments:?}: {status}")))
            }
        };
        git(&["init", "--quiet"])?;
        git(&["add", "--all", "--force"])?;
        git(&["commit", "--quiet", "--message", "fleets"])?;
        Ok(Self { folder })
    }

    /// Where a fleet stands in the copy.
    pub(crate) fn folder(&self, fleet: &str) -> PathBuf {
        self.folder.path().join("fleets").join(fleet)
    }
}

/// The sample fleets of the repository.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fleets")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if entry.file_name() == ".seaworthy" {
            continue;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
