//! The facts document: everything known of a fleet as one JSON value, and where each part of it is written.
//!
//! Flows in: the resolved fleet, the survey, the source tree, the day. Flows out: [`Facts`].
//! Must not: gather anything itself, or judge: that is for policies. `suites/FACTS.md` describes the document.

mod asks;
mod evaluated;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::{
    digest::Digest,
    facts::Facts,
    fleet::FleetSource,
    inventory::Instance,
    machine::MachineName,
    resolved::ResolvedFleet,
    suite::Part,
    survey::{ModuleSurvey, Modules, Survey},
    tree::Tree,
    waiver::Waiver,
};
use serde_json::{Map, Value, json};

use self::written::Written;
use crate::{source::Source, vars};

/// Puts the document together. `today` is the day in UTC by which waivers expire.
#[must_use]
pub fn assemble(fleet: &ResolvedFleet, survey: &Survey, tree: &Tree, today: Date) -> Facts {
    let source = Source::read(tree);
    let mut vars = vars::facts(tree);
    vars.on(today);
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("version", Facts::VERSION.into());
    put("fleet", about(fleet, survey));
    put("resolved", resolved(fleet));
    put("machines", evaluated::machines(survey));
    put("source", source.facts(tree));
    put("vars", vars.vars);
    put("sops", vars.sops);
    put("waivers", fleet.fleet.waivers.iter().map(|waiver| self::waiver(waiver, today)).collect());
    let parts = parts(fleet, survey, tree, vars.found);
    if parts.contains(&Part::Inventory) {
        put("inventory", value(&fleet.fleet.inventory));
    }
    if let Some(modules) = &survey.modules {
        put("modules", self::modules(modules));
    }
    if !fleet.fleet.asks.is_empty() {
        put("asks", asks::facts(fleet));
    }
    let document = Value::Object(document);
    let mut places = fleet.fleet.places.clone();
    asks::places(fleet, &mut places);
    let machines = survey.machines.keys().map(MachineName::as_str).collect();
    let written = Written::of(&source, &machines);
    evaluated::places(survey, &written, &mut places);
    written.inventory(&fleet.fleet.inventory, &mut places);
    places.extend(source.places());
    places.extend(vars.places);
    // Maps are sorted, so that equal facts are equal texts.
    let digest = Digest::of(document.to_string());
    Facts { document, places, parts, digest }
}

fn about(fleet: &ResolvedFleet, survey: &Survey) -> Value {
    let mut about = json!({ "name": fleet.fleet.inventory.meta.name, "source": fleet.fleet.source });
    if let Some(error) = &survey.inventory_error {
        about["inventoryError"] = evaluated::error(error);
    }
    about
}

fn resolved(fleet: &ResolvedFleet) -> Value {
    let instances = &fleet.fleet.inventory.instances;
    let instances: Map<String, Value> =
        instances.iter().map(|(name, instance)| (name.clone(), self::instance(name, instance))).collect();
    json!({
        "machines": fleet.machines,
        "instances": instances,
        "roles": fleet.roles,
        "conflicts": fleet.conflicts,
    })
}

/// Which module an instance uses, with clan's defaults.
fn instance(name: &str, instance: &Instance) -> Value {
    let module = &instance.module;
    json!({
        "module": module.name.as_deref().unwrap_or(name),
        "input": module.input.as_deref().unwrap_or("clan-core"),
    })
}

fn waiver(waiver: &Waiver, today: Date) -> Value {
    json!({
        "rule": waiver.rule,
        "subject": waiver.subject.as_ref().map(ToString::to_string),
        "test": waiver.test,
        "reason": waiver.reason,
        "expires": waiver.expires,
        "expired": waiver.expired(today),
    })
}

/// By input and name. What a module does not tell is left out: no rule takes it for a module without roles, or limits.
fn modules(told: &Modules) -> Value {
    let of_input = |input: &Option<BTreeMap<_, _>>| {
        input.as_ref().map(|modules| each(modules, module)).unwrap_or_default()
    };
    each(told, of_input)
}

fn module(told: &ModuleSurvey) -> Value {
    let mut module = Map::new();
    if let Some(schemas) = &told.schemas {
        let roles = schemas.as_object().into_iter().flatten();
        module.insert("roles".to_owned(), each(roles, |schema| json!({ "schema": schema })));
    }
    if let Some(constraints) = &told.constraints {
        module.insert("constraints".to_owned(), constraints.clone());
    }
    Value::Object(module)
}

fn each<'a, T: 'a>(
    set: impl IntoIterator<Item = (&'a String, &'a T)>,
    change: impl Fn(&T) -> Value,
) -> Value {
    set.into_iter().map(|(name, inner)| (name.clone(), change(inner))).collect::<Map<_, _>>().into()
}

/// What was gathered: a part that was not is no part in which nothing is wrong.
fn parts(fleet: &ResolvedFleet, survey: &Survey, tree: &Tree, has_vars: bool) -> BTreeSet<Part> {
    [
        (Part::Inventory, fleet.fleet.source != FleetSource::Flake),
        // A survey that was made names the nix that made it.
        (Part::Machines, !survey.nix.is_empty()),
        (Part::Modules, survey.modules.is_some()),
        (Part::Source, !tree.entries.is_empty()),
        (Part::Vars, has_vars),
    ]
    .into_iter()
    .filter_map(|(part, there)| there.then_some(part))
    .collect()
}

/// Nouns of the model are JSON values by their own definition.
fn value(noun: &impl serde::Serialize) -> Value {
    serde_json::to_value(noun).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests;
