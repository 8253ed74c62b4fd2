//! Where a fleet that is defined in Nix is written: from an option or an attribute path to a place.
//!
//! Flows in: what the source tree's Nix files define. Flows out: places, as near as the text alone can tell.
//! Must not: point into the file of another machine. Where the text does not tell, there is no place.

use std::collections::{HashMap, HashSet};

use model::{
    facts::{Places, pointer},
    inventory::{Inventory, Role},
    machine::MachineName,
    place::Place,
};

use crate::source::{Definition, Source};

/// Definitions by the last two segments of their paths: an option of a machine, or a member of a set, is found by these
/// without looking at the definitions of all others.
pub(super) struct Written<'s> {
    by_end: HashMap<End<'s>, Vec<&'s Definition>>,
    /// The same for each machine whose definitions they are, and under the empty name those that are nobody's.
    by_machine: HashMap<(&'s str, End<'s>), Vec<Inside<'s>>>,
    files: HashMap<&'s str, Vec<&'s str>>,
}

/// A definition, and how many segments of its path say what is looked for: all of them where it is defined as a whole, fewer
/// where it is a set of which the definition is a part.
#[derive(Clone, Copy)]
struct Inside<'s> {
    definition: &'s Definition,
    length: usize,
}

/// The last two segments of a path; the first is empty where there is only one.
type End<'s> = (&'s str, &'s str);

impl<'s> Written<'s> {
    /// Reads what the source defines. `machines` are the names of all machines.
    pub(super) fn of(source: &'s Source, machines: &HashSet<&str>) -> Self {
        let mut written = Self { by_end: HashMap::new(), by_machine: HashMap::new(), files: HashMap::new() };
        for (path, nix) in source.nix() {
            for part in path.split('/') {
                written.files.entry(part.trim_end_matches(".nix")).or_default().push(path);
            }
            for definition in nix.definitions().iter().filter(|definition| !definition.local) {
                written.take(definition, machines);
            }
        }
        written
    }

    fn take(&mut self, definition: &'s Definition, machines: &HashSet<&str>) {
        let end = end(&definition.path);
        self.by_end.entry(end).or_default().push(definition);
        let mut owners: Vec<&str> = names(definition).filter(|name| machines.contains(name)).collect();
        if owners.is_empty() {
            owners.push("");
        }
        owners.dedup();
        for owner in owners {
            for length in 1..=definition.path.len() {
                let end = self::end(definition.path.get(..length).unwrap_or_default());
                self.by_machine.entry((owner, end)).or_default().push(Inside { definition, length });
            }
        }
    }

    /// The file that belongs to a machine: one that is named for it, or stands in a folder that is.
    pub(super) fn machine(&self, machine: &str) -> Option<Place> {
        let named = self.files.get(machine)?;
        let main =
            named.iter().find(|path| path.ends_with("default.nix") || path.ends_with("configuration.nix"));
        main.or(named.first()).map(|path| Place::file(*path))
    }

    /// Where an option of a machine is defined: in a file of its own, or in one that is nobody's.
    pub(super) fn option(&self, machine: &str, option: &[&str]) -> Option<Place> {
        let of = |owner| {
            let parts = self.by_machine.get(&(owner, key(option)))?;
            let mut found = parts.iter().filter(|part| ends(part.path(), option));
            let whole = found.clone().find(|part| part.is_whole());
            whole.or_else(|| found.next())
        };
        of(machine).or_else(|| of("")).map(|part| part.definition.place.clone())
    }

    /// The places of an inventory that is defined in Nix.
    pub(super) fn inventory(&self, inventory: &Inventory, places: &mut Places) {
        for name in inventory.machines.keys() {
            let machine = ["machines", name.as_str()];
            for field in [&["tags"][..], &["machineClass"], &["deploy"], &["deploy", "targetHost"], &[]] {
                self.inventory_place(&[&machine, field].concat(), places);
            }
        }
        for (name, instance) in &inventory.instances {
            for field in ["module", "settings"] {
                self.inventory_place(&["instances", name, field], places);
            }
            for (role, members) in &instance.roles {
                self.role(&["instances", name, "roles", role], members, places);
            }
            self.inventory_place(&["instances", name], places);
        }
        inventory.tags.keys().for_each(|tag| self.inventory_place(&["tags", tag], places));
    }

    fn role(&self, role: &[&str], members: &Role, places: &mut Places) {
        let machines = members.machines.keys().map(|name: &MachineName| ("machines", name.as_str()));
        let tags = members.tags.keys().map(|tag| ("tags", tag.as_str()));
        for (kind, name) in machines.chain(tags) {
            self.inventory_place(&[role, &[kind, name]].concat(), places);
        }
        for field in [&["settings"][..], &["machines"], &["tags"], &[]] {
            self.inventory_place(&[role, field].concat(), places);
        }
    }

    /// `inventory.<path>`, or the path alone in a file of the inventory's own.
    fn inventory_place(&self, path: &[&str], places: &mut Places) {
        let of_inventory = |definition: &&&Definition| {
            let before = definition.path.len().checked_sub(path.len() + 1);
            let inside =
                before.and_then(|at| definition.path.get(at)).is_some_and(|name| name == "inventory");
            inside || definition.place.file.contains("inventory")
        };
        let defined: Vec<_> = self.ending(path).collect();
        if let Some(found) = defined.iter().find(of_inventory) {
            let pointer = pointer(std::iter::once("inventory").chain(path.iter().copied()));
            places.set(pointer, found.place.clone());
        }
    }

    /// The definitions whose paths end so.
    fn ending<'a>(&'a self, path: &'a [&'a str]) -> impl Iterator<Item = &'s Definition> + 'a {
        let found = self.by_end.get(&key(path)).into_iter().flatten().copied();
        found.filter(move |definition| ends(&definition.path, path))
    }
}

/// What a path is looked up by. One of a single segment is found at the outermost set only.
fn key<'a>(path: &[&'a str]) -> End<'a> {
    match path {
        [.., before, last] => (before, last),
        [last] => ("", last),
        [] => ("", ""),
    }
}

impl Inside<'_> {
    fn path(&self) -> &[String] {
        self.definition.path.get(..self.length).unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        self.length == self.definition.path.len()
    }
}

fn end(path: &[String]) -> End<'_> {
    match path {
        [.., before, last] => (before, last),
        [last] => ("", last),
        [] => ("", ""),
    }
}

fn ends(path: &[String], end: &[&str]) -> bool {
    path.len() >= end.len() && path.iter().rev().zip(end.iter().rev()).all(|(a, b)| a == b)
}

/// Every name that a definition could have a machine's from: parts of its file's path, and attributes on its way.
fn names(definition: &Definition) -> impl Iterator<Item = &str> {
    let of_file = definition.place.file.split('/').map(|part| part.trim_end_matches(".nix"));
    of_file.chain(definition.path.iter().filter_map(|name| name.rsplit('/').next()))
}
