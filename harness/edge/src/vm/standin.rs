//! What stands in a guest for the fleet's secrets: none of them ever reaches one.
//!
//! Flows in: what a machine declares of secrets, as the facts document tells it. Flows out: a tar of made-up files, each under its
//! path, and what `guest.nix` is told. Must not: read a secret.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use model::{digest::Digest, machine::MachineName, verdict::Fault};
use serde_json::Value;

use super::{boot::fault, sops::Secrets, tunnels::Tunnels, underlay::Underlay};
use crate::{nix::quote, state::write_atomically};

/// What stands in one machine's guest for what is secret.
#[derive(Debug, Clone, Default)]
pub(super) struct StandIns {
    /// Of sops-nix.
    pub(super) sops: Secrets,
    /// The texts of files that have to be more than any text, by their paths: keys of WireGuard.
    pub(super) keys: BTreeMap<String, String>,
    /// The public keys that stand for those of its peers.
    peers: BTreeMap<String, String>,
    /// Where the names lead by which machines call each other.
    hosts: BTreeMap<String, Vec<String>>,
}

impl StandIns {
    /// Those of a machine.
    pub(super) fn of(document: &Value, machine: &MachineName) -> Self {
        let tunnels = Tunnels::of(document);
        let underlay = Underlay::of(document, &tunnels);
        let hosts = underlay.hosts().into_iter();
        let hosts = hosts.map(|(address, names)| (address.to_string(), names.iter().cloned().collect()));
        Self {
            sops: Secrets::of(document, machine),
            keys: tunnels.files(document, machine),
            peers: tunnels.peers(document, machine),
            hosts: hosts.collect(),
        }
    }

    /// What `guest.nix` takes of sops.
    pub(super) fn sops(&self) -> String {
        self.sops.expression(&self.keys)
    }

    /// What `guest.nix` takes of tunnels: the keys that stand for the peers' real ones, and where names lead.
    pub(super) fn tunnels(&self) -> String {
        let entry =
            |name: &str, value: String| format!("{{ name = {}; value = {value}; }}", quote::string(name));
        let keys = self.peers.iter().map(|(real, other)| entry(real, quote::string(other)));
        let list =
            |names: &[String]| names.iter().map(|name| quote::string(name)).collect::<Vec<_>>().join(" ");
        let hosts = self.hosts.iter().map(|(address, names)| entry(address, format!("[ {} ]", list(names))));
        format!(
            "{{ keys = builtins.listToAttrs [ {} ]; hosts = builtins.listToAttrs [ {} ]; }}",
            keys.collect::<Vec<_>>().join(" "),
            hosts.collect::<Vec<_>>().join(" "),
        )
    }
}

/// The archive for these paths as a file in this folder, by the digest of what is in it.
///
/// # Errors
/// It cannot be written.
pub(super) fn lay(
    folder: &Path,
    paths: &[String],
    keys: &BTreeMap<String, String>,
) -> Result<PathBuf, Fault> {
    let archive = secrets(paths, keys);
    let path = folder.join(Digest::of(&archive).hex()).with_added_extension("tar");
    if !path.is_file() {
        let written = write_atomically(&path, &archive);
        written.map_err(|error| fault(&error, "make sure that the cache can be written and has space"))?;
    }
    std::path::absolute(path).map_err(|error| fault(&error, "name the cache by an absolute path"))
}

/// A tar archive with a made-up file for each path.
fn secrets(paths: &[String], keys: &BTreeMap<String, String>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for path in paths {
        let text =
            keys.get(path).map_or_else(|| format!("this stands for the secret at {path}"), String::clone);
        let text = text + "\n";
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
    fn each_path_holds_a_text_of_its_own_and_a_key_where_one_is_looked_for() {
        let keys = [("/run/b".to_owned(), "a key".to_owned())].into();
        let bytes = secrets(&["/run/secrets/a".to_owned(), "/run/b".to_owned()], &keys);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut told = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            told.push((path, text));
        }
        let text = "this stands for the secret at /run/secrets/a\n".to_owned();
        assert_eq!(told, [("run/secrets/a".to_owned(), text), ("run/b".to_owned(), "a key\n".to_owned())]);
    }
}
