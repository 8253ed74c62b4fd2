//! What was booted in the machines' places, and what of them was replaced, as people read it.
//!
//! In: a report's rows. Out: machines of which the same is to be said, together. It must not name a machine that was not
//! booted.

use std::collections::BTreeMap;

use model::{check::Question, fleet::BootSource};

use crate::{answers::Row, report::count};

/// Machines that were booted alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Booted<'a> {
    /// By name.
    pub(crate) machines: Vec<&'a str>,
    /// From what: `its own configuration`.
    pub(crate) from: &'static str,
    /// Of each machine; never empty.
    pub(crate) replaced: &'a [String],
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

/// Those nearest to their machines first. Of several checks of one machine, the first that says something counts.
pub(crate) fn booted<'a>(rows: &[Row<'a>]) -> Vec<Booted<'a>> {
    let mut machines: BTreeMap<&str, (u8, &'static str, &'a [String])> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.replaced.is_empty()) {
        let Question::Guest { machine, source, .. } = &row.check.question else { continue };
        let (distance, from) = words(source);
        machines.entry(machine.as_str()).or_insert((distance, from, row.replaced));
    }
    let mut alike: BTreeMap<(u8, &[String]), Booted<'_>> = BTreeMap::new();
    for (machine, (distance, from, replaced)) in machines {
        let booted = || Booted { machines: Vec::new(), from, replaced };
        alike.entry((distance, replaced)).or_insert_with(booted).machines.push(machine);
    }
    alike.into_values().collect()
}

fn words(source: &BootSource) -> (u8, &'static str) {
    match source {
        BootSource::Configuration => (0, "its own configuration"),
        BootSource::VmBuild => (1, "the virtual machine that its flake offers"),
        BootSource::Given(_) => (2, "what fleet.toml gives"),
    }
}
