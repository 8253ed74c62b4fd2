//! Writing new files, each whole or not at all, and none over another.
//!
//! Flows in: the project's folder and what is planned. Flows out: nothing, or which file failed and which were written.
//! Must not: overwrite, whatever has come to be there since it was planned.

use std::{
    fs::{self, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::files::{Action, Planned};

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written")]
pub struct WriteError {
    /// Below the project's folder.
    pub path: String,
    /// The files that were written before it.
    pub written: Vec<String>,
    /// Why.
    pub source: io::Error,
}

/// Writes the files that are to be written, in their order, and stops at the first that cannot be.
///
/// # Errors
/// One cannot be written; it is not there then, not even in part.
pub fn write(folder: &Path, planned: &[Planned]) -> Result<(), WriteError> {
    let mut written = Vec::new();
    for file in planned.iter().filter(|file| file.action == Action::Write) {
        match write_new(&folder.join(&file.path), &file.content) {
            Ok(()) => written.push(file.path.clone()),
            Err(source) => return Err(WriteError { path: file.path.clone(), written, source }),
        }
    }
    Ok(())
}

/// Writes beside the path and links the whole file to it, which fails where something is there already.
fn write_new(path: &Path, content: &str) -> io::Result<()> {
    /// For everybody, as far as the user's umask lets them.
    const MODE: u32 = 0o666;
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".seaworthy-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at what was written")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn planned(path: &str, content: &str) -> Planned {
        Planned { path: path.to_owned(), content: content.to_owned(), action: Action::Write }
    }

    #[test]
    fn new_files_are_written_with_their_folders_and_nothing_is_left_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[planned("a", "one"), planned("b/c/d", "two")]).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("b/c/d")).unwrap(), "two");
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        // As private, and no more, as any file of this user's.
        fs::write(folder.path().join("plain"), "").unwrap();
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode("a"), mode("plain"));
    }

    #[test]
    fn what_has_come_to_be_there_is_not_overwritten_and_the_error_tells_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "the user's").unwrap();
        let error =
            write(folder.path(), &[planned("a", "1"), planned("b", "2"), planned("c", "3")]).unwrap_err();
        assert_eq!((error.path.as_str(), error.written.as_slice()), ("b", &["a".to_owned()][..]));
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(folder.path().join("b")).unwrap(), "the user's");
        assert!(!folder.path().join("c").exists());
    }

    #[test]
    fn a_link_to_nowhere_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        symlink("elsewhere", folder.path().join("a")).unwrap();
        assert!(write(folder.path(), &[planned("a", "1")]).is_err());
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn a_file_where_a_folder_should_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".github"), "").unwrap();
        let error = write(folder.path(), &[planned(".github/workflows/x.yml", "")]).unwrap_err();
        assert_eq!((error.path.as_str(), error.written.len()), (".github/workflows/x.yml", 0));
    }

    #[test]
    fn what_is_there_already_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let there = Planned { action: Action::AlreadyThere, ..planned("a", "1") };
        write(folder.path(), &[there]).unwrap();
        assert!(!folder.path().join("a").exists());
    }
}
