//! The checks of a machine that is booted as a guest: one for each NixOS machine that is built for this kind of computer.
//!
//! In: a definition and its policy. Out: checks, and the policy itself, once. It must not look at the computer.

use std::collections::BTreeSet;

use model::{
    check::Question,
    fleet::{BootSource, BootTerms},
    machine::{MachineClass, MachineName},
    subject::Subject,
    suite::{Part, Policy},
};
use serde_json::Value;

use super::{Context, Drafting};
use crate::{sight::View, source::boot_source};

impl Drafting<'_> {
    /// Only NixOS has what boots: a machine of another class is not asked.
    pub(super) fn guests(&mut self, context: Context<'_>, policy: &Policy) {
        let of_guest = [Part::Boot, Part::Guest, Part::Asks].into();
        let needs: BTreeSet<Part> = policy.needs.difference(&of_guest).copied().collect();
        let asked = policy.needs.contains(&Part::Asks).then(|| asked(&self.inputs.facts.document));
        let before = self.checks.len();
        for machine in self.header.machines.clone() {
            // Of a machine of which the fleet asks nothing, there is nothing to find.
            if asked.as_ref().is_some_and(|asked| !asked.contains(machine.as_str())) {
                continue;
            }
            if self.names.machines().get(&machine).is_some_and(|traits| traits.class == MachineClass::Nixos) {
                let source = self.source(&machine);
                let mut needs = needs.clone();
                // A guest is made of what evaluates, unless it is of a machine that the flake does not have.
                if !self.is_only_given(&machine, source.as_ref()) {
                    needs.insert(Part::Machines);
                }
                let mut view = self.sight.view(&needs, context.suite.stage, Some(&machine));
                view.skip = view
                    .skip
                    .or_else(|| self.foreign(&machine))
                    .or_else(|| nothing(&machine, source.as_ref()));
                self.guest(context, policy, &machine, source.unwrap_or_default(), view);
            }
        }
        if self.checks.len() > before {
            self.hold(context, policy);
        }
    }

    pub(super) fn source(&self, machine: &MachineName) -> Option<BootSource> {
        boot_source(&self.inputs.facts.document, &self.inputs.fleet.fleet.boot, machine)
    }

    fn is_only_given(&self, machine: &MachineName, source: Option<&BootSource>) -> bool {
        let given = matches!(source, Some(BootSource::Given(_)));
        given && self.sight.whole().is_none() && !self.inputs.survey.machines.contains_key(machine)
    }

    fn guest(
        &mut self,
        context: Context<'_>,
        policy: &Policy,
        machine: &MachineName,
        source: BootSource,
        view: View,
    ) {
        if let Some(id) = self.of_machine(context, machine) {
            let package = policy.package.clone();
            let BootTerms { limit, size, .. } = self.inputs.fleet.fleet.boot;
            let question = Question::Guest { machine: machine.clone(), package, size, limit, source };
            self.add(context, id, Subject::Machine(machine.clone()), question, view);
        }
    }

    /// Why a machine cannot be built here, where it is of another system.
    pub(super) fn foreign(&self, machine: &MachineName) -> Option<String> {
        let facts = self.inputs.facts.document.get("machines")?.get(machine.as_str())?.get("facts")?;
        let theirs = facts.get("system").and_then(Value::as_str)?;
        let ours = self.inputs.survey.system.as_str();
        let same = ours.is_empty() || theirs == ours;
        (!same).then(|| format!("it is built for {theirs}, and this is {ours}"))
    }
}

/// Why a machine of which nothing boots is not booted.
fn nothing(machine: &MachineName, source: Option<&BootSource>) -> Option<String> {
    source.is_none().then(|| {
        format!("its configuration has neither `extendModules` nor `system.build.vm`, and fleet.toml no `[boot.given.{machine}]`")
    })
}

/// The machines of which the fleet asks something.
fn asked(document: &Value) -> BTreeSet<&str> {
    let asks = document.get("asks").and_then(Value::as_array);
    let names = asks.into_iter().flatten().filter_map(|ask| ask.get("machines")?.as_array());
    names.flatten().filter_map(Value::as_str).collect()
}
