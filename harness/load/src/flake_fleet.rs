//! A fleet out of what evaluating a flake told, for repositories whose `fleet.toml` defines no inventory, or that have none.
//!
//! Flows in: a [`Survey`]. Flows out: a [`Fleet`] of clan's inventory or, where there is none, of the names and classes of
//! the flake's configurations; and what could not be read of it.
//! Must not: evaluate anything, or lose a machine without a word.

use model::{
    facts::Places,
    fleet::{Fleet, FleetSource},
    inventory::Inventory,
    machine::{Machine, MachineName},
    place::Place,
    survey::{MachineSurvey, Survey},
};

use crate::diagnostic::{Diagnostic, Diagnostics};

mod clan;
mod reader;

/// The file that a fleet read from a flake is said to be written in.
pub const FILE: &str = "flake.nix";

/// The fleet that a flake's outputs define. An unknown field is a warning: clan's schema grows. What has another type than
/// it must have, and so would be lost, is an error.
#[must_use]
pub fn from_survey(survey: &Survey) -> (Fleet, Vec<Diagnostic>) {
    let mut diagnostics = Diagnostics::default();
    let (source, inventory) = match &survey.inventory {
        Some(inventory) => (FleetSource::Clan, clan::inventory(inventory, &mut diagnostics)),
        None => (FleetSource::Flake, outputs(survey)),
    };
    if let Some(error) = &survey.inventory_error {
        let message = format!("clan's inventory does not evaluate: {}", error.message);
        let place = match &error.file {
            Some(file) => Place::new(file, error.line.unwrap_or(0), error.column.unwrap_or(0)),
            None => Place::file(FILE),
        };
        diagnostics.push(Diagnostic::warning("inventory-does-not-evaluate", message, place));
    }
    let mut places = Places::default();
    places.set("", Place::file(FILE));
    (
        Fleet {
            source,
            inventory,
            trees: None,
            boot: Default::default(),
            asks: Vec::new(),
            exceptions: Vec::new(),
            promotion: None,
            waivers: Vec::new(),
            places,
        },
        diagnostics.into_vec(),
    )
}

/// A fleet whose `fleet.toml` defines no machine takes its inventory from the flake, and keeps its waivers and trees.
#[must_use]
pub fn complete(written: Fleet, survey: &Survey) -> (Fleet, Vec<Diagnostic>) {
    if is_whole(&written) {
        return (written, Vec::new());
    }
    let (read, diagnostics) = from_survey(survey);
    let mut places = written.places;
    places.extend(read.places);
    (
        Fleet {
            trees: written.trees,
            boot: written.boot,
            asks: written.asks,
            exceptions: written.exceptions,
            promotion: written.promotion,
            waivers: written.waivers,
            places,
            ..read
        },
        diagnostics,
    )
}

/// Whether a `fleet.toml` has an inventory of its own, so that the flake's is not asked for.
#[must_use]
pub fn is_whole(written: &Fleet) -> bool {
    let Inventory { machines, instances, tags, .. } = &written.inventory;
    !(machines.is_empty() && instances.is_empty() && tags.is_empty())
}

/// The machines of a flake without clan: what stands in its outputs.
fn outputs(survey: &Survey) -> Inventory {
    let machine = |(name, survey): (&MachineName, &MachineSurvey)| {
        (name.clone(), Machine { machine_class: survey.class, ..Machine::default() })
    };
    Inventory { machines: survey.machines.iter().map(machine).collect(), ..Inventory::default() }
}

#[cfg(test)]
mod tests;
