//! What sops-nix decrypts in a guest: made-up files in the place of the fleet's, and the key that opens them.
//!
//! Flows in: the secrets that a machine declares, as evaluation told them. Flows out: documents of sops, and which secret is
//! in which, as a Nix expression for `guest.nix`. Must not: read a secret or a key of the fleet; make another document from
//! the same declarations, since a guest is found again by what it was made of.
//!
//! Nothing here is secret: the key is public with this source, and opens nothing but what is made here.

mod cipher;
mod document;

use std::collections::BTreeMap;

use model::machine::MachineName;
use serde::Deserialize;
use serde_json::Value;

use crate::nix::quote;
use document::{Content, Format};

/// The made-up key, as age keeps keys.
const KEY: &str = include_str!("sops/key.txt");

/// A secret that sops-nix is to put in place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    path: Option<String>,
    /// Where in the file it stands: names joined by `/`. Empty: the whole file.
    key: Option<String>,
    format: Option<Format>,
    sops_file: Option<String>,
    needed_for_users: bool,
}

/// The secrets of one machine, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Secrets(BTreeMap<String, Secret>);

impl Secrets {
    /// Those that a machine declares, as the facts document tells them. One that could not be told is none.
    pub(super) fn of(document: &Value, machine: &MachineName) -> Self {
        let facts = document.get("machines").and_then(|machines| machines.get(machine.as_str()));
        let told = facts.and_then(|facts| facts.pointer("/facts/sopsSecrets")?.as_object());
        let read = told
            .into_iter()
            .flatten()
            .filter_map(|(name, secret)| Some((name.clone(), serde_json::from_value(secret.clone()).ok()?)));
        Self(read.collect())
    }

    /// Where they should arrive.
    pub(super) fn paths(&self) -> impl Iterator<Item = String> {
        self.0.values().filter_map(|secret| secret.path.clone())
    }

    /// For `guest.nix`: the key, the documents, and the place among them of the one that a secret is in. What stands in a secret's place has to be one of these keys, where it arrives at its path.
    pub(super) fn expression(&self, keys: &BTreeMap<String, String>) -> String {
        let files = self.files(keys);
        let documents = files.values().map(|content| quote::string(&content.document()));
        let place = |(name, secret): (&String, &Secret)| {
            let place = files.keys().position(|file| *file == secret.file());
            place.map(|place| format!("{{ name = {}; value = {place}; }}", quote::string(name)))
        };
        format!(
            "{{ key = {}; documents = [ {} ]; secrets = builtins.listToAttrs [ {} ]; }}",
            quote::string(KEY),
            documents.collect::<Vec<_>>().join(" "),
            self.0.iter().filter_map(place).collect::<Vec<_>>().join(" "),
        )
    }

    /// What stands for each of the fleet's files: one for one, so that two secrets of one file stay in one.
    fn files(&self, keys: &BTreeMap<String, String>) -> BTreeMap<(&str, Format), Content> {
        let mut files = BTreeMap::new();
        for (name, secret) in &self.0 {
            let (file, format) = secret.file();
            let content = files.entry((file, format)).or_insert_with(|| Content::new(format));
            content.insert(secret.key.as_deref().unwrap_or(name), &secret.text(name, keys));
        }
        files
    }
}

impl Secret {
    fn file(&self) -> (&str, Format) {
        (self.sops_file.as_deref().unwrap_or_default(), self.format.unwrap_or(Format::Yaml))
    }

    /// As a password's hash, `!` opens no account.
    fn text(&self, name: &str, keys: &BTreeMap<String, String>) -> String {
        if let Some(key) = self.path.as_ref().and_then(|path| keys.get(path)) {
            key.clone()
        } else if self.needed_for_users {
            "!made-up".to_owned()
        } else {
            format!("made up: this stands for the secret {name}")
        }
    }
}

#[cfg(test)]
mod tests;
