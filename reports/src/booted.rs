//! What was booted in the machines' places, and what of them was replaced, as people read it.
//!
//! In: a report's rows. Out: machines of which the same is to be said, together. It must not name a machine that was not
//! booted.

use std::collections::{BTreeMap, BTreeSet};

use model::{check::Question, fleet::BootSource, round::Way};

use crate::{answers::Row, report::count};

/// Machines that were booted alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Booted<'a> {
    /// By name.
    pub(crate) machines: Vec<&'a str>,
    /// From what: `its own configuration`.
    pub(crate) from: &'static str,
    /// Of each machine; never empty.
    pub(crate) replaced: Vec<&'a str>,
}

/// Names in one place; of a larger fleet, programs read the rest.
const MOST_NAMES: usize = 20;

impl Booted<'_> {
    /// The first of the machines, and how many there are besides.
    pub(crate) fn named(&self, name: impl Fn(&str) -> String) -> String {
        let names: Vec<String> = self.machines.iter().take(MOST_NAMES).map(|machine| name(machine)).collect();
        match self.machines.len().saturating_sub(MOST_NAMES) {
            0 => names.join(", "),
            more => format!("{} and {} more", names.join(", "), count(more, "machine")),
        }
    }
}

/// Those nearest to their machines first. Of several checks of one machine, the first that says something counts. Of a guest that
/// met others, only what is not said of it alone.
pub(crate) fn booted<'a>(rows: &[Row<'a>]) -> Vec<Booted<'a>> {
    let mut machines: BTreeMap<(&str, bool), (u8, &'static str, Vec<&'a str>)> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.replaced.is_empty()) {
        let Some((machine, distance, from)) = words(&row.check.question) else { continue };
        let replaced = row.replaced.iter().map(String::as_str).collect();
        machines.entry((machine, distance == MET)).or_insert((distance, from, replaced));
    }
    let alone: BTreeSet<(&str, &str)> = machines
        .iter()
        .filter(|((_, met), _)| !met)
        .flat_map(|((machine, _), (.., replaced))| replaced.iter().map(|what| (*machine, *what)))
        .collect();
    let mut alike: BTreeMap<(u8, Vec<&str>), Booted<'_>> = BTreeMap::new();
    for ((machine, met), (distance, from, mut replaced)) in machines {
        replaced.retain(|what| !met || !alone.contains(&(machine, *what)));
        if replaced.is_empty() {
            continue;
        }
        let booted = || Booted { machines: Vec::new(), from, replaced: replaced.clone() };
        alike.entry((distance, replaced.clone())).or_insert_with(booted).machines.push(machine);
    }
    alike.into_values().collect()
}

/// How far from its machine a guest is that stands beside others.
const MET: u8 = 3;

/// The machine, how far from it is what stood in its place, and what that is.
fn words(question: &Question) -> Option<(&str, u8, &'static str)> {
    match question {
        Question::Guest { machine, source, .. } => {
            let (distance, from) = match source {
                BootSource::Configuration => (0, "its own configuration"),
                BootSource::VmBuild => (1, "the virtual machine that its flake offers"),
                BootSource::Given(_) => (2, "what fleet.toml gives"),
            };
            Some((machine.as_str(), distance, from))
        }
        Question::Probe { machine, way: Some(Way::Guest { .. }), .. } => {
            Some((machine.as_str(), MET, "among the others, its own configuration"))
        }
        _ => None,
    }
}
