//! What stands in a guest for the fleet's secrets: none of them ever reaches one.
//!
//! Flows in: the paths at which secrets are declared. Flows out: a tar of made-up files, each under its path. Must not:
//! read a secret.

use std::path::{Path, PathBuf};

use model::{digest::Digest, verdict::Fault};

use super::boot::fault;
use crate::state::write_atomically;

/// The archive for these paths as a file in this folder, by the digest of what is in it.
///
/// # Errors
/// It cannot be written.
pub(super) fn lay(folder: &Path, paths: &[String]) -> Result<PathBuf, Fault> {
    let archive = secrets(paths);
    let path = folder.join(Digest::of(&archive).hex()).with_added_extension("tar");
    if !path.is_file() {
        let written = write_atomically(&path, &archive);
        written.map_err(|error| fault(&error, "make sure that the cache can be written and has space"))?;
    }
    std::path::absolute(path).map_err(|error| fault(&error, "name the cache by an absolute path"))
}

/// A tar archive with a made-up file for each path.
fn secrets(paths: &[String]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for path in paths {
        let text = format!("this stands for the secret at {path}\n");
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        // A path that no archive can hold does not arrive, and that is a finding.
        let _ = archive.append_data(&mut header, path.trim_start_matches('/'), text.as_bytes());
    }
    archive.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn each_path_holds_a_text_of_its_own() {
        let bytes = secrets(&["/run/secrets/a".to_owned(), "/run/b".to_owned()]);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut told = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            told.push((path, text.contains("/run/")));
        }
        assert_eq!(told, [("run/secrets/a".to_owned(), true), ("run/b".to_owned(), true)]);
    }
}
