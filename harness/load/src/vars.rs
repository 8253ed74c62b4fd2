//! The vars and secrets of a clan fleet: what stands in `vars/` and `sops/`, for the facts document.
//!
//! Flows in: the source tree. Flows out: the parts `vars` and `sops` of the facts document, and where each of their
//! values is written. Must not: tell a secret, neither in clear nor encrypted, or fail on an odd tree.
//!
//! The layout is clan's: clan-core `pkgs/clan-cli/clan_lib/vars/` and `pkgs/clan-cli/clan_cli/secrets/`. A var is a folder
//! `vars/{per-machine/<machine>,shared}/<generator>/<file>/` with `value` or `secret` in it, and with links to those who
//! read the secret in `users/`, `machines/` and `groups/`. A file's name may itself have slashes.
//!
//! ```text
//! vars: {
//!   vars:   [{placement: "per-machine"|"shared", machine?, generator, file, path, entries: [name], value, secret: bool,
//!             links: LINKS, envelope?: ENVELOPE, text?, certificate?}]
//!   hashes: [{placement, machine?, generator, path, hash: hex|null}]
//!   strays: [{path}]                        what is no part of the layout
//! }
//! sops: {
//!   users, machines: {NAME: {path, keys: [{publickey, type}], fault?, former?: [path]}}
//!   groups:          {NAME: {path, users: [LINK], machines: [LINK]}}
//!   secrets:         {NAME: {path, machine?, entries, secret: bool, links: LINKS, envelope?: ENVELOPE}}
//!   strays:          [{path}]
//! }
//! LINKS    = {users: [LINK], machines: [LINK], groups: [LINK]}
//! LINK     = {name, path, kind: "link"|"file"|"folder", target?, resolves: bool, member?, sound: bool}
//! ENVELOPE = {sound: bool, faults: [text], recipients: [public key]}
//! ```
//! `certificate` is what `certificate.rs` tells of a public `*-cert.pub`. A secret `<machine>-age.key` holds the private key of that machine.

mod certificate;
mod envelope;
mod folder;
mod key;
mod link;
mod public;
mod sops;
mod var;

use jiff::civil::Date;
use model::{
    facts::{Places, pointer},
    place::Place,
    tree::Tree,
};
use serde_json::Value;

use folder::Folder;

/// The parts `vars` and `sops` of the facts document.
#[derive(Debug, Clone, PartialEq)]
pub struct Vars {
    /// The document's `vars`.
    pub vars: Value,
    /// The document's `sops`.
    pub sops: Value,
    /// Where the values of both are written, by pointers into the whole document.
    pub places: Places,
    /// Whether there is a var or a secret, or a key to read one with: other tools have folders of these names too.
    pub found: bool,
}

/// What the tree tells of vars and secrets. Takes time and memory in proportion to the tree.
#[must_use]
pub fn facts(tree: &Tree) -> Vars {
    let root = Folder::of(tree);
    let mut places = Places::default();
    let vars = var::read(&root, &mut places);
    let sops = sops::read(&root, &mut places);
    let found = is_clans(&vars, &sops);
    Vars { vars, sops, places, found }
}

fn is_clans(vars: &Value, sops: &Value) -> bool {
    let listed = |list: &str| vars[list].as_array().into_iter().flatten();
    let named = |map: &str| sops[map].as_object().into_iter().flatten().map(|(_, value)| value);
    let holds = |var: &Value| var["value"] == true || var["secret"] == true;
    let has_keys = |holder: &Value| holder["keys"].as_array().is_some_and(|keys| !keys.is_empty());
    listed("vars").any(holds)
        || listed("hashes").next().is_some()
        || named("users").chain(named("machines")).any(has_keys)
        || named("secrets").any(holds)
}

impl Vars {
    /// Says of each certificate whether it is valid at some time of a day in UTC: `certificate.valid`.
    pub fn on(&mut self, day: Date) {
        let vars = self.vars.get_mut("vars").and_then(Value::as_array_mut);
        let certificates = vars.into_iter().flatten().filter_map(|var| var.get_mut("certificate"));
        certificates.for_each(|certificate| certificate::on(certificate, day));
    }
}

/// Says that the value at a path of keys is a file or folder as a whole.
fn locate(places: &mut Places, keys: &[&str], path: &str) {
    places.set(pointer(keys.iter().copied()), Place::file(path));
}

#[cfg(test)]
mod tests;
