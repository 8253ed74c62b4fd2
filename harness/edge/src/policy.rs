//! Policies: Rego modules, asked about the facts of a fleet.
//!
//! Flows in: policies, and a facts document. Flows out: a verdict for each check, with findings that point into the
//! user's files. Must not: gather facts, or decide which checks are asked.
//!
//! A policy `package seaworthy.<suite>.<check>` defines the set `deny`; `suites/README.md` describes its elements.
//! Rego always ends, but may take long: evaluation stops at the check's limit. Nothing in it can read a clock, a file,
//! the environment or the network: those builtins are not compiled in.

pub mod cases;
mod denial;
mod document;
mod head;
mod module;
mod verdict;
mod worker;

use std::collections::BTreeSet;

use model::{
    check::{Check, CheckId},
    facts::{Facts, Places},
    suite::{Kind, Suite},
    verdict::Verdict,
};
use serde_json::Value;

pub use document::Document;
pub use module::{Module, RegoError};
pub(crate) use verdict::uncompiled;
pub use worker::PolicyWorker;

/// What a policy is asked about: a document, and the facts that it was made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    document: &'a Document,
    facts: &'a Facts,
}

impl<'a> Input<'a> {
    /// `document` must have been made from `facts`.
    #[must_use]
    pub fn new(document: &'a Document, facts: &'a Facts) -> Self {
        Self { document, facts }
    }

    fn places(&self) -> &Places {
        &self.facts.places
    }

    /// Where the document speaks of machines by name.
    fn machine_parts(&self) -> impl Iterator<Item = &'a serde_json::Map<String, Value>> {
        let document = &self.facts.document;
        let parts = [document.get("machines"), nested(document, "resolved"), nested(document, "inventory")];
        parts.into_iter().flatten().filter_map(Value::as_object)
    }

    /// Whether the document knows a machine of this name, in the inventory or in the flake's outputs.
    fn knows(&self, machine: &str) -> bool {
        self.machine_parts().any(|machines| machines.contains_key(machine))
    }

    /// The names of all machines that the document knows.
    fn machines(&self) -> BTreeSet<String> {
        self.machine_parts().flat_map(serde_json::Map::keys).cloned().collect()
    }
}

fn nested<'a>(document: &'a Value, part: &str) -> Option<&'a Value> {
    document.get(part)?.get("machines")
}

/// What does not compile among a suite's policies. Such a policy would break its checks when they are asked; told before,
/// it is a mistake in a file like any other.
#[must_use]
pub fn broken_policies(suite: &Suite) -> Vec<RegoError> {
    let policies = suite.checks.iter().filter_map(|check| match &check.kind {
        Kind::Policy(policy) | Kind::Guest(policy) => Some(policy),
        Kind::Expression | Kind::Probe(_) => None,
    });
    policies.filter_map(|policy| Module::compile(policy).err()).collect()
}

/// Answers the checks of one policy, all of which share a rule, a scope and a limit: the policy runs once, and each
/// machine's check gets the findings about that machine.
#[must_use]
pub fn judge(module: &Module, checks: &[Check], input: &Input<'_>) -> Vec<(CheckId, Verdict)> {
    let Some(first) = checks.first() else { return Vec::new() };
    let denials = module.deny(input, first.limit);
    let answer = verdict::Answer::new(module, &denials, input);
    checks.iter().map(|check| (check.id.clone(), answer.verdict(check, input))).collect()
}

#[cfg(test)]
mod tests;
