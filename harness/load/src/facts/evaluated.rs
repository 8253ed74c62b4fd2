//! What evaluation told of each machine, as a part of the facts document.
//!
//! Flows in: the survey, and where the source tree defines what. Flows out: values and places. Must not: hide an error.

use model::{
    facts::{Places, pointer},
    place::Place,
    survey::{MachineSurvey, NixError, Survey},
};
use serde_json::{Map, Value, json};

use super::written::Written;

/// The option that a fact is read from, where it is one of NixOS or nix-darwin that a file defines by name.
const OPTIONS: &[(&str, &[&str])] = &[
    ("bootLoader", &["boot", "loader"]),
    ("fileSystems", &["fileSystems"]),
    ("firewall", &["networking", "firewall"]),
    ("forwarding", &["boot", "kernel", "sysctl"]),
    ("generators", &["clan", "core", "vars", "generators"]),
    ("groups", &["users", "groups"]),
    ("hostId", &["networking", "hostId"]),
    ("hostName", &["networking", "hostName"]),
    ("hosts", &["networking", "hosts"]),
    ("services", &["services"]),
    ("sopsSecrets", &["sops", "secrets"]),
    ("sshd", &["services", "openssh"]),
    ("stateVersion", &["system", "stateVersion"]),
    ("supportedFilesystems", &["boot", "supportedFilesystems"]),
    ("system", &["nixpkgs", "hostPlatform"]),
    ("users", &["users", "users"]),
    ("wireguard", &["networking", "wireguard"]),
    ("yggdrasil", &["services", "yggdrasil"]),
    ("zerotier", &["services", "zerotierone"]),
];

/// By machine: class, facts and errors.
pub(super) fn machines(survey: &Survey) -> Value {
    let machines = survey.machines.iter().map(|(name, machine)| (name.0.clone(), self::machine(machine)));
    Value::Object(machines.collect())
}

fn machine(machine: &MachineSurvey) -> Value {
    let errors: Map<String, Value> =
        machine.errors.iter().map(|(fact, error)| (fact.clone(), self::error(error))).collect();
    json!({ "class": machine.class, "shadows": machine.shadows, "facts": machine.facts, "errors": errors })
}

/// An error without its trace: that is long, and another at each evaluation.
pub(super) fn error(error: &NixError) -> Value {
    json!({
        "class": error.class,
        "message": error.message,
        "file": error.file,
        "line": error.line,
        "column": error.column,
    })
}

/// Where the machines' facts are written, as far as the source tree tells; else the flake.
pub(super) fn places(survey: &Survey, written: &Written<'_>, places: &mut Places) {
    let flake = || Place::file("flake.nix");
    for (name, machine) in &survey.machines {
        let name = name.as_str();
        for (fact, error) in &machine.errors {
            places.set(pointer(["machines", name, "errors", fact]), place(error).unwrap_or_else(flake));
        }
        for (fact, option) in OPTIONS {
            if let Some(value) = machine.facts.get(*fact) {
                option_places(name, fact, option, value, written, places);
            }
        }
        places.set(pointer(["machines", name]), written.machine(name).unwrap_or_else(flake));
    }
    if let Some(error) = &survey.inventory_error {
        places.set("/fleet/inventoryError", place(error).unwrap_or_else(flake));
    }
    places.set("", flake());
}

/// Where an option of a machine is written, and each member of one that is a set.
fn option_places(
    machine: &str,
    fact: &str,
    option: &[&str],
    value: &Value,
    written: &Written<'_>,
    places: &mut Places,
) {
    let keys = value.as_object().into_iter().flat_map(Map::keys);
    let members: Vec<(&String, Place)> = keys
        .filter_map(|key| Some((key, written.option(machine, &[option, &[key.as_str()]].concat())?)))
        .collect();
    if let Some(place) = written.option(machine, option) {
        places.set(pointer(["machines", machine, "facts", fact]), place);
    }
    for (key, place) in members {
        places.set(pointer(["machines", machine, "facts", fact, key]), place);
    }
}

/// In the user's own files only.
fn place(error: &NixError) -> Option<Place> {
    let file = error.file.as_deref().filter(|file| !file.starts_with(['/', '«']))?;
    Some(Place::new(file, error.line.unwrap_or(0), error.column.unwrap_or(0)))
}
