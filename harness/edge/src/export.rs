//! Reports on disk, where the user asked for them.
//!
//! Flows in: a path and the bytes of a report. Flows out: the file. Must not: leave half a file where one is replaced.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use crate::state::write_atomically;

/// Writes a file; what stood there before is replaced as a whole, or still there. Folders on the way are made.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let here = Path::new(".").join(path);
    write_atomically(&here, bytes)
}

/// Adds to the end of a file, as a CI step's summary wants it. The file is made where there is none.
///
/// # Errors
/// It cannot be written.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test reads what was written")]
    fn one_replaces_and_the_other_adds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/report.xml");
        replace(&path, b"long before").unwrap();
        replace(&path, b"a").unwrap();
        append(&path, b"b").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ab");
    }
}
