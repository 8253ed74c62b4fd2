//! The checks of a machine that is booted as a guest: one for each NixOS machine that is built for this kind of computer.
//!
//! In: a definition and its policy. Out: checks, and the policy itself, once. It must not look at the computer.

use std::collections::BTreeSet;

use model::{
    check::Question,
    fleet::BootTerms,
    machine::{MachineClass, MachineName},
    subject::Subject,
    suite::{Part, Policy},
};
use serde_json::Value;

use super::{Context, Drafting};
use crate::{filter::Candidate, sight::View};

impl Drafting<'_> {
    /// Only NixOS has what boots: a machine of another class is not asked.
    pub(super) fn guests(&mut self, context: Context<'_>, policy: &Policy) {
        let of_guest = [Part::Boot, Part::Guest, Part::Asks].into();
        let mut needs: BTreeSet<Part> = policy.needs.difference(&of_guest).copied().collect();
        // A guest is made of what evaluates.
        needs.insert(Part::Machines);
        let asked = policy.needs.contains(&Part::Asks).then(|| asked(&self.inputs.facts.document));
        let before = self.checks.len();
        for machine in self.header.machines.clone() {
            // Of a machine of which the fleet asks nothing, there is nothing to find.
            if asked.as_ref().is_some_and(|asked| !asked.contains(machine.as_str())) {
                continue;
            }
            if self.names.machines().get(&machine).is_some_and(|traits| traits.class == MachineClass::Nixos) {
                let mut view = self.sight.view(&needs, context.suite.stage, Some(&machine));
                view.skip = view.skip.or_else(|| self.foreign(&machine));
                self.guest(context, policy, &machine, view);
            }
        }
        if self.checks.len() > before {
            self.hold(context, policy);
        }
    }

    fn guest(&mut self, context: Context<'_>, policy: &Policy, machine: &MachineName, view: View) {
        let Context { suite, definition, rule } = context;
        let Some((_, traits)) = self.names.machines().get_key_value(machine) else { return };
        let id = format!("{}::{}::{machine}", suite.name, definition.name);
        let candidate = Candidate {
            id: &id,
            rule,
            suite: &suite.name,
            stage: suite.stage,
            machine: Some((machine.as_str(), *traits)),
            test: None,
        };
        if self.keeps(&candidate) {
            let package = policy.package.clone();
            let BootTerms { limit, size } = self.inputs.fleet.fleet.boot;
            let question = Question::Guest { machine: machine.clone(), package, size, limit };
            self.add(context, id, Subject::Machine(machine.clone()), question, view);
        }
    }

    /// Why a machine cannot be built here, where it is of another system.
    fn foreign(&self, machine: &MachineName) -> Option<String> {
        let facts = self.inputs.facts.document.get("machines")?.get(machine.as_str())?.get("facts")?;
        let theirs = facts.get("system").and_then(Value::as_str)?;
        let ours = self.inputs.survey.system.as_str();
        let same = ours.is_empty() || theirs == ours;
        (!same).then(|| format!("it is built for {theirs}, and this is {ours}"))
    }
}

/// The machines of which the fleet asks something.
fn asked(document: &Value) -> BTreeSet<&str> {
    let asks = document.get("asks").and_then(Value::as_array);
    let names = asks.into_iter().flatten().filter_map(|ask| ask.get("machines")?.as_array());
    names.flatten().filter_map(Value::as_str).collect()
}
