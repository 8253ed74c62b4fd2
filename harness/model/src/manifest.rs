//! What a whole system is made of, and what is different in the one that replaces it.
//!
//! Flows in: two manifests, and what a machine was booted with. Flows out: a [`Difference`].
//! Must not: ask a store, or judge.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a system is made of, as far as a person wants to know before it is activated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The store paths of its closure, each with its own bytes.
    pub paths: BTreeMap<String, u64>,
    /// What defines each unit of systemd or launchd: a store path by the unit's file name.
    pub units: BTreeMap<String, String>,
    /// What only a boot brings into use, by name: `kernel`, `initrd`, `kernel-modules`, `kernel-params`.
    pub boot: BTreeMap<String, String>,
}

/// What is different in a system that replaces another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// By name.
    pub packages: Vec<Package>,
    /// By name.
    pub units: Vec<Unit>,
    /// What of the new system is not in use before the machine is booted, by name.
    pub reboot: Vec<String>,
    /// Bytes that the new closure is larger by.
    pub bytes: i64,
}

/// A package of which something is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name, without a version.
    pub name: String,
    /// The versions that there were, in order; an empty one is none that its name tells.
    pub before: Vec<String>,
    /// The versions that there will be.
    pub after: Vec<String>,
    /// Bytes that all of it is larger by.
    pub bytes: i64,
}

/// A unit that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its file name, as `sshd.service`.
    pub name: String,
    /// How.
    pub becomes: Becomes,
}

/// What becomes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Becomes {
    /// There was none of its name.
    Added,
    /// There is none of its name any more.
    Removed,
    /// It is defined by something else.
    Changed,
}

/// A package of one version that differs by less is not worth a line: nix's own bound, `diff-closures.cc`.
const WORTH: u64 = 8 << 10;

impl Difference {
    /// What is different in `new`, of a machine that runs `old` and was started with `booted`.
    #[must_use]
    pub fn between(old: &Manifest, booted: &BTreeMap<String, String>, new: &Manifest) -> Self {
        let (before, after) = (packages(old), packages(new));
        let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        let packages = names.into_iter().filter_map(|name| {
            let [old, new] = [&before, &after].map(|all| all.get(name).cloned().unwrap_or_default());
            let bytes = grown(old.bytes, new.bytes);
            let worth = old.versions != new.versions || bytes.unsigned_abs() >= WORTH;
            let [before, after] = [old, new].map(|all| all.versions.into_iter().collect());
            worth.then(|| Package { name: (*name).to_owned(), before, after, bytes })
        });
        let size = |manifest: &Manifest| manifest.paths.values().sum();
        Self {
            packages: packages.collect(),
            units: units(&old.units, &new.units),
            reboot: unlike(booted, &new.boot),
            bytes: grown(size(old), size(new)),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Packaged {
    versions: BTreeSet<String>,
    bytes: u64,
}

fn packages(manifest: &Manifest) -> BTreeMap<&str, Packaged> {
    let mut packages = BTreeMap::<_, Packaged>::new();
    for (path, bytes) in &manifest.paths {
        let (name, version) = name_and_version(path);
        let package = packages.entry(name).or_default();
        package.versions.insert(version.to_owned());
        package.bytes += bytes;
    }
    packages
}

fn grown(old: u64, new: u64) -> i64 {
    let most = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    most(new) - most(old)
}

fn units(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Unit> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let becomes = |name: &String| match (old.get(name), new.get(name)) {
        (None, Some(_)) => Some(Becomes::Added),
        (Some(_), None) => Some(Becomes::Removed),
        (old, new) => (old != new).then_some(Becomes::Changed),
    };
    names.into_iter().filter_map(|name| Some(Unit { name: name.clone(), becomes: becomes(name)? })).collect()
}

/// What the new system would boot otherwise. What it does not tell does not matter to it.
fn unlike(booted: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<String> {
    new.iter().filter(|(part, what)| booted.get(*part) != Some(what)).map(|(part, _)| part.clone()).collect()
}

/// `…/0a1b-openssl-3.0.1-bin` is `openssl`, of `3.0.1`. A version begins at the first dash before what is no letter
/// (`nix-env(1)`, "name"); a word of small letters behind it names an output. (Nix's `diff-closures.cc` also takes the last word of a name without a version
/// for one, so that `linux-firmware` is `linux` there.)
fn name_and_version(path: &str) -> (&str, &str) {
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.split_once('-').map_or(file, |(_hash, name)| name);
    let begins = name
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| name.as_bytes().get(at + 1).is_some_and(|next| !next.is_ascii_alphabetic()));
    let Some((name, version)) = begins.and_then(|at| Some((name.get(..at)?, name.get(at + 1..)?))) else {
        return (name, "");
    };
    let output = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    match version.rsplit_once('-') {
        Some((version, word)) if output(word) => (name, version),
        _ => (name, version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(paths: &[(&str, u64)], units: &[(&str, &str)], kernel: &str) -> Manifest {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Manifest {
            paths: paths.iter().map(|(path, bytes)| (format!("/nix/store/hash-{path}"), *bytes)).collect(),
            units: units.iter().map(owned).collect(),
            boot: [("kernel".to_owned(), kernel.to_owned())].into(),
        }
    }

    #[test]
    fn names_and_versions_are_those_of_nix() {
        for (path, name, version) in [
            ("/nix/store/0a1b-openssl-3.0.1-bin", "openssl", "3.0.1"),
            ("/nix/store/0a1b-openssl-3.0.1", "openssl", "3.0.1"),
            ("/nix/store/0a1b-unit-sshd.service", "unit-sshd.service", ""),
            ("/nix/store/0a1b-nixos-system-web-25.05pre-git", "nixos-system-web", "25.05pre"),
            ("0a1b-x", "x", ""),
            ("x", "x", ""),
            ("", "", ""),
            ("/nix/store/0a1b-trailing-", "trailing-", ""),
            ("/nix/store/0a1b-ü-1-ü", "ü", "1-ü"),
        ] {
            assert_eq!(name_and_version(path), (name, version), "{path}");
        }
    }

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let old = manifest(
            &[("curl-8.0", 10), ("kept-1", 5), ("gone-2", 7), ("big-1", 0)],
            &[("a.service", "1"), ("b.service", "1"), ("c.service", "1")],
            "6.1",
        );
        let new = manifest(
            &[("curl-8.1", 12), ("kept-1", 6), ("new-3", 1), ("big-1", 8192)],
            &[("a.service", "1"), ("b.service", "2"), ("d.service", "1")],
            "6.1",
        );
        let it = Difference::between(&old, &old.boot, &new);
        let packages: Vec<_> = it
            .packages
            .iter()
            .map(|it| (it.name.as_str(), it.before.join(","), it.after.join(","), it.bytes))
            .collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            packages,
            [
                ("big", text("1"), text("1"), 8192),
                ("curl", text("8.0"), text("8.1"), 2),
                ("gone", text("2"), text(""), -7),
                ("new", text(""), text("3"), 1),
            ]
        );
        let units: Vec<_> = it.units.iter().map(|it| (it.name.as_str(), it.becomes)).collect();
        assert_eq!(
            units,
            [("b.service", Becomes::Changed), ("c.service", Becomes::Removed), ("d.service", Becomes::Added)]
        );
        assert_eq!((it.reboot.len(), it.bytes), (0, 8189));
        assert_eq!(Difference::between(&old, &old.boot, &old), Difference::default());
    }

    /// A machine that was not started since its last kernel came needs it for that one, whatever is promoted.
    #[test]
    fn a_reboot_is_needed_for_what_was_not_booted() {
        let (old, new) = (manifest(&[], &[], "6.6"), manifest(&[], &[], "6.6"));
        let booted = [("kernel".to_owned(), "6.1".to_owned())].into();
        assert_eq!(Difference::between(&old, &booted, &new).reboot, ["kernel"]);
        assert_eq!(Difference::between(&old, &BTreeMap::new(), &new).reboot, ["kernel"]);
    }
}
