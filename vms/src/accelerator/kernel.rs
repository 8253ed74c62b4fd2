//! A kernel to boot: the one that is named, or the best one that this computer keeps for itself.
//!
//! Flows in: a path, or the root folder. Flows out: a [`Kernel`] that can be read. Must not: judge whether it boots.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::below;

/// A kernel image that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// Where it is, links resolved.
    pub path: PathBuf,
    /// When it was last written.
    pub modified: SystemTime,
    /// Its size in bytes.
    pub size: u64,
}

/// Why there is no kernel.
#[derive(Debug, thiserror::Error)]
pub enum NoKernel {
    /// The one that is named cannot be read.
    #[error("cannot read the kernel {}", path.display())]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// None of the usual places has one that can be read.
    #[error("no kernel in any of the usual places ({}) can be read", PLACES.join(", "))]
    NotFound {
        /// Those that are there and may not be read. Ubuntu keeps its kernels from everybody but root.
        shut: Vec<PathBuf>,
    },
}

/// Where systems keep their kernels; a star stands for the rest of one name. Among the matches of the first place that
/// has any, the newest is taken.
const PLACES: [&str; 4] =
    ["/run/current-system/kernel", "/boot/vmlinuz-*", "/boot/vmlinuz", "/usr/lib/modules/*/vmlinuz"];

impl Kernel {
    /// The kernel that is `named`, else the best one below `root`.
    ///
    /// # Errors
    /// There is none that can be read.
    pub fn choose(named: Option<&Path>, root: &Path) -> Result<Self, NoKernel> {
        match named {
            Some(path) => {
                Self::open(path).map_err(|source| NoKernel::Unreadable { path: path.to_owned(), source })
            }
            None => Self::find(root),
        }
    }

    fn find(root: &Path) -> Result<Self, NoKernel> {
        let mut shut = Vec::new();
        for place in PLACES {
            let mut readable = Vec::new();
            for path in matches(root, place) {
                match Self::open(&path) {
                    Ok(kernel) => readable.push(kernel),
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => shut.push(path),
                    Err(_) => {}
                }
            }
            let newest =
                readable.into_iter().max_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
            if let Some(kernel) = newest {
                return Ok(kernel);
            }
        }
        Err(NoKernel::NotFound { shut })
    }

    fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let metadata = fs::OpenOptions::new().read(true).open(&path)?.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        Ok(Self { path, modified: metadata.modified()?, size: metadata.len() })
    }
}

/// The paths below `root` that match a place, in no order.
fn matches(root: &Path, place: &str) -> Vec<PathBuf> {
    let Some((before, after)) = place.split_once('*') else { return vec![below(root, place)] };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(below(root, folder)) else { return Vec::new() };
    let named = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named
        .map(|entry| entry.path().join(after.trim_start_matches('/')))
        .map(|path| if after.is_empty() { without_slash(&path) } else { path })
        .collect()
}

/// Joining an empty name leaves a slash at the end, which makes a path of a folder.
fn without_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay out folders of their own")]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        time::{Duration, SystemTime},
    };

    use super::{Kernel, NoKernel};

    /// A root folder with these kernels, each so many seconds old.
    fn root(kernels: &[(&str, u64)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, age) in kernels {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.as_os_str().as_encoded_bytes()).unwrap();
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(*age)).unwrap();
        }
        root
    }

    #[track_caller]
    fn check(kernels: &[(&str, u64)], expected: &str) {
        let root = root(kernels);
        let found = Kernel::choose(None, root.path()).unwrap();
        assert_eq!(found.path, root.path().canonicalize().unwrap().join(expected));
    }

    #[test]
    fn the_running_systems_kernel_comes_first() {
        check(&[("boot/vmlinuz-6.1", 0), ("run/current-system/kernel", 100)], "run/current-system/kernel");
    }

    #[test]
    fn else_the_newest_one_of_boot() {
        check(
            &[("boot/vmlinuz-6.1", 100), ("boot/vmlinuz-5.10", 1), ("boot/config-6.1", 0)],
            "boot/vmlinuz-5.10",
        );
    }

    #[test]
    fn else_one_beside_its_modules() {
        check(
            &[("usr/lib/modules/6.1/vmlinuz", 100), ("usr/lib/modules/6.2/vmlinuz", 1)],
            "usr/lib/modules/6.2/vmlinuz",
        );
    }

    #[test]
    fn a_folder_and_a_dangling_link_are_passed_over() {
        let root = root(&[("boot/vmlinuz-6.1", 100)]);
        fs::create_dir(root.path().join("boot/vmlinuz-7")).unwrap();
        std::os::unix::fs::symlink("gone", root.path().join("boot/vmlinuz-8")).unwrap();
        let found = Kernel::choose(None, root.path()).unwrap();
        assert!(found.path.ends_with("boot/vmlinuz-6.1"), "{found:?}");
    }

    #[test]
    fn no_kernel_is_said_with_the_places() {
        let empty = tempfile::tempdir().unwrap();
        let error = Kernel::choose(None, empty.path()).unwrap_err();
        assert!(matches!(&error, NoKernel::NotFound { shut } if shut.is_empty()), "{error:?}");
        assert!(error.to_string().contains("/boot/vmlinuz-*"), "{error}");
    }

    #[test]
    fn a_named_kernel_is_taken_as_it_is_named_or_not_at_all() {
        let root = root(&[("elsewhere/bzImage", 0), ("boot/vmlinuz-6.1", 0)]);
        let named = root.path().join("elsewhere/bzImage");
        assert!(Kernel::choose(Some(&named), root.path()).unwrap().path.ends_with("elsewhere/bzImage"));
        let gone = PathBuf::from("/no/such/kernel");
        let error = Kernel::choose(Some(&gone), root.path());
        assert!(matches!(error, Err(NoKernel::Unreadable { path, .. }) if path == gone));
        assert!(Kernel::choose(Some(Path::new("/")), root.path()).is_err());
    }
}
