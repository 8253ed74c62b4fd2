//! What of a fleet makes no sense as a whole although each part of it can be read.
//!
//! Flows in: a resolved fleet, and the text that it was read from where there is one. Flows out: warnings, each with the
//! name of the suites' check that finds the same.
//! Must not: refuse anything. `seaworthy fleet lint` shows these; in `seaworthy verify` the invariants find them.

pub mod asks;
pub mod exceptions;
pub mod given;
pub mod promotion;
pub mod trees;
pub mod waivers;

mod promotion_names;

use std::collections::BTreeSet;

use model::{
    facts::pointer,
    inventory::Role,
    place::Place,
    resolved::{Conflict, ResolvedFleet},
    subject::Subject,
};
use serde_json::Value;

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    resolve::RESERVED,
    spans,
};

/// All that makes no sense. `text` is what `fleet.toml` holds, for the spans; without it they are empty.
#[must_use]
pub fn lint(fleet: &ResolvedFleet, text: Option<&str>) -> Vec<Diagnostic> {
    let mut lint = Lint::of(fleet);
    lint.tags();
    lint.roles();
    lint.waivers();
    fleet.conflicts.iter().for_each(|conflict| lint.conflict(conflict));
    let mut diagnostics = lint.diagnostics.into_vec();
    if let Some(text) = text {
        spans::fill(&mut diagnostics, text);
    }
    diagnostics
}

struct Lint<'f> {
    fleet: &'f ResolvedFleet,
    carried: BTreeSet<&'f str>,
    nearest: Nearest,
    diagnostics: Diagnostics,
}

impl<'f> Lint<'f> {
    fn of(fleet: &'f ResolvedFleet) -> Self {
        let carried =
            fleet.machines.values().flat_map(|machine| machine.tags.iter().map(String::as_str)).collect();
        Self { fleet, carried, nearest: Nearest::default(), diagnostics: Diagnostics::default() }
    }

    fn tags(&mut self) {
        for (tag, members) in &self.fleet.fleet.inventory.tags {
            for (index, member) in members.iter().enumerate() {
                if !self.fleet.machines.contains_key(member) {
                    let message = format!("tag `{tag}` lists machine `{member}`, which does not exist");
                    let help = self.near_machine(member.as_str());
                    self.warn(
                        "inventory/tag-member-exists",
                        message,
                        &["inventory", "tags", tag, &index.to_string()],
                        help,
                    );
                }
            }
        }
    }

    fn roles(&mut self) {
        for (instance_name, instance) in &self.fleet.fleet.inventory.instances {
            self.reserved(&instance.settings, &["inventory", "instances", instance_name]);
            for (name, role) in &instance.roles {
                let at = ["inventory", "instances", instance_name, "roles", name];
                self.named_machines(role, &at);
                self.tags_of_role(role, &at);
                self.reserved(&role.settings, &at);
            }
        }
    }

    fn named_machines(&mut self, role: &Role, at: &[&str; 5]) {
        let [_, _, instance, _, name] = at;
        for (machine, member) in &role.machines {
            let at = [at.as_slice(), &["machines", machine.as_str()]].concat();
            self.reserved(&member.settings, &at);
            if !self.fleet.machines.contains_key(machine) {
                let message = format!(
                    "role `{name}` of instance `{instance}` names machine `{machine}`, which does not exist"
                );
                let help = self.near_machine(machine.as_str());
                self.warn("inventory/role-machine-exists", message, &at, help);
            }
        }
    }

    fn tags_of_role(&mut self, role: &Role, at: &[&str; 5]) {
        let [_, _, instance, _, name] = at;
        for (tag, member) in &role.tags {
            let at = [at.as_slice(), &["tags", tag]].concat();
            self.reserved(&member.settings, &at);
            if !self.carried.contains(tag.as_str()) {
                let message = format!(
                    "role `{name}` of instance `{instance}` asks for tag `{tag}`, which no machine carries"
                );
                let help = self.nearest.question(tag, self.carried.iter().copied());
                self.warn("inventory/role-tag-matches", message, &at, help);
            }
        }
    }

    /// Names at the top of settings that never reach the service.
    fn reserved(&mut self, settings: &Value, at: &[&str]) {
        let named =
            RESERVED.into_iter().chain(["config", "options"]).filter(|name| settings.get(name).is_some());
        for name in named {
            let message = format!(
                "Nix's module system takes `{name}` of settings for itself; the service never sees it"
            );
            self.warn("reserved-setting", message, &[at, &["settings", name]].concat(), None);
        }
    }

    fn waivers(&mut self) {
        for (index, waiver) in self.fleet.fleet.waivers.iter().enumerate() {
            let Some(Subject::Machine(machine)) = &waiver.subject else { continue };
            if !self.fleet.machines.contains_key(machine) {
                let message = format!(
                    "`{}` is waived for machine `{machine}`, which the inventory does not define",
                    waiver.rule
                );
                let help = self.near_machine(machine.as_str());
                self.warn(
                    "waiver-subject-exists",
                    message,
                    &["waivers", &index.to_string(), "subject"],
                    help,
                );
            }
        }
    }

    fn conflict(&mut self, conflict: &Conflict) {
        let Conflict { machine, instance, role, option, definitions } = conflict;
        let option = option.join(".");
        let message = format!(
            "setting `{option}` of role `{role}` of instance `{instance}` has several values for `{machine}`"
        );
        let places: Vec<_> =
            definitions.iter().filter_map(|definition| self.fleet.fleet.places.find(definition)).collect();
        let written: Vec<_> = places.iter().map(ToString::to_string).collect();
        let help = format!("given at {}", written.join(" and "));
        let place = places.first().map_or_else(|| Place::file(""), |place| (*place).clone());
        let help = (!written.is_empty()).then_some(help);
        self.diagnostics
            .push(Diagnostic::warning("inventory/settings-conflict", message, place).with_help(help));
    }

    fn near_machine(&mut self, name: &str) -> Option<String> {
        self.nearest.question(name, self.fleet.machines.keys().map(|machine| machine.as_str()))
    }

    fn warn(&mut self, code: &str, message: String, at: &[&str], help: Option<String>) {
        let place = self.fleet.fleet.places.find(&pointer(at.iter().copied()));
        let place = place.cloned().unwrap_or_else(|| Place::file(""));
        self.diagnostics.push(Diagnostic::warning(code, message, place).with_help(help));
    }
}
