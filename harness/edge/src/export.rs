//! Reports on disk, where the user asked for them.
//!
//! Flows in: a path and the bytes of a report. Flows out: the file. Must not: leave half a file where one is replaced.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use crate::state::write_atomically;

/// Whether [`replace`] could write here, found out before there is anything to write.
///
/// # Errors
/// It could not.
pub fn can_replace(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => Ok(()),
        _ => has_room_beside(path),
    }
}

/// Whether [`append`] could.
///
/// # Errors
/// It could not.
pub fn can_append(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if found.is_file() || found.is_dir() => {
            OpenOptions::new().append(true).open(path).map(drop)
        }
        Ok(_) => Ok(()),
        Err(_) => has_room_beside(path),
    }
}

/// Whether a file can be made in the folder of a path.
fn has_room_beside(path: &Path) -> io::Result<()> {
    let here = Path::new(".").join(path);
    let folder = here.parent().unwrap_or(&here);
    if !folder.is_dir() {
        let what = format!("the folder {} does not exist", path.parent().unwrap_or(path).display());
        return Err(io::Error::new(ErrorKind::NotFound, what));
    }
    tempfile::tempfile_in(folder).map(drop)
}

/// Writes a file; what stood there before is replaced as a whole, or still there. A device or a pipe is written to.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    write_atomically(&Path::new(".").join(path), bytes)
}

/// Adds to the end of a file, as a CI step's summary wants it. The file is made where there is none.
///
/// # Errors
/// It cannot be written.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests read what was written")]
mod tests {
    use std::{fs, os::unix::fs::FileTypeExt as _};

    use super::*;

    #[test]
    fn one_replaces_and_the_other_adds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        replace(&path, b"long before").unwrap();
        replace(&path, b"a").unwrap();
        append(&path, b"b").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ab");
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let (there, gone) = (folder.path().join("report"), folder.path().join("gone/report"));
        for can in [can_replace, can_append] {
            can(&there).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking writes nothing");
            let error = can(&gone).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("gone does not exist"), "{error}");
            assert_eq!(can(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        }
        assert_eq!(replace(&gone, b"a").unwrap_err().kind(), ErrorKind::NotFound);
        fs::write(&there, "before").unwrap();
        can_append(&there).unwrap();
        can_replace(&there).unwrap();
        assert_eq!(fs::read(&there).unwrap(), b"before");
    }

    #[test]
    fn a_device_stays_a_device() {
        let device = Path::new("/dev/null");
        can_replace(device).unwrap();
        can_append(device).unwrap();
        replace(device, b"a").unwrap();
        assert!(device.metadata().unwrap().file_type().is_char_device());
    }
}
