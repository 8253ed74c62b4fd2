//! What of this computer boxes have to see to run nix.
//!
//! Flows in: `SEAWORTHY_NIX`. Flows out: folders. Must not: hold what a test is about.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Nix's folders, or what of the store it is made of.
pub(crate) fn shown() -> Vec<PathBuf> {
    let found = PathBuf::from(env::var_os("SEAWORTHY_NIX").unwrap());
    let real = fs::canonicalize(&found).unwrap();
    if real.starts_with("/nix/store") {
        let output = Command::new(real.with_file_name("nix-store")).arg("-qR").arg(&real).output().unwrap();
        return String::from_utf8(output.stdout).unwrap().lines().map(PathBuf::from).collect();
    }
    let folders = [found.parent().unwrap(), real.parent().unwrap().parent().unwrap()];
    folders.into_iter().filter(|folder| !folder.starts_with("/usr")).map(Path::to_owned).collect()
}
