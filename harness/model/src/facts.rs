//! The facts document: the one JSON value that policies are asked about, and where each part of it is written.
//!
//! Its format is public and versioned: `suites/facts.schema.json` and `suites/FACTS.md` describe it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{digest::Digest, place::Place, suite::Part};

/// The facts of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The document; its `version` is [`Facts::VERSION`].
    pub document: Value,
    /// Where its parts are written.
    pub places: Places,
    /// What was gathered.
    pub parts: BTreeSet<Part>,
    /// Over the document.
    pub digest: Digest,
}

impl Facts {
    /// The version of the document's format.
    pub const VERSION: u64 = 1;
}

/// Places by JSON pointer (RFC 6901) into the facts document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    by_pointer: BTreeMap<String, Place>,
}

impl Places {
    /// Says where the value at a pointer is written. The first that is said stays.
    pub fn set(&mut self, pointer: impl Into<String>, place: Place) {
        self.by_pointer.entry(pointer.into()).or_insert(place);
    }

    /// Takes over all of another's places that are not known here.
    pub fn extend(&mut self, other: Self) {
        for (pointer, place) in other.by_pointer {
            self.set(pointer, place);
        }
    }

    /// The place of the value at a pointer, or of the nearest value around it that has one.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<&Place> {
        let mut rest = pointer;
        loop {
            if let Some(place) = self.by_pointer.get(rest) {
                return Some(place);
            }
            rest = &rest[..rest.rfind('/')?];
        }
    }

    /// All of them, by pointer.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.by_pointer.iter().map(|(pointer, place)| (pointer.as_str(), place))
    }
}

/// The JSON pointer of a path of keys.
#[must_use]
pub fn pointer<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    let mut pointer = String::new();
    for key in keys {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_place_around_a_pointer_is_found() {
        let mut places = Places::default();
        places.set("/inventory/machines/a", Place::new("fleet.toml", 3, 1));
        places.set("", Place::file("flake.nix"));
        let found = |pointer: &str| places.find(pointer).map(ToString::to_string);
        assert_eq!(found("/inventory/machines/a/tags/0").as_deref(), Some("fleet.toml:3:1"));
        assert_eq!(found("/inventory/machines/ab").as_deref(), Some("flake.nix"));
        assert_eq!(found("odd").as_deref(), None);
    }

    #[test]
    fn keys_are_escaped() {
        assert_eq!(pointer(["a/b", "c~d"]), "/a~1b/c~0d");
    }
}
