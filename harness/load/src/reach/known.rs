//! What the facts document tells of machines and of public vars, ready to be asked.
//!
//! Flows in: the document. Flows out: answers that keep "it has none" apart from "nobody knows". Must not: judge.

use std::{collections::HashMap, net::IpAddr};

use model::{machine::MachineName, resolved::ResolvedFleet};
use serde_json::Value;

use super::Name;

/// The document, by machine and var.
pub(super) struct Known<'f> {
    /// In the order of their names.
    pub(super) machines: Vec<Name>,
    facts: Vec<Option<&'f Value>>,
    vars: HashMap<Var<'f>, &'f str>,
}

/// Whose it is (nobody's where it is shared), its generator, its file.
type Var<'f> = (Option<&'f str>, &'f str, &'f str);

/// What is told of one fact of a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Told<'f> {
    /// This.
    Is(&'f Value),
    /// The configuration has nothing of the kind.
    Nothing,
    /// It was not evaluated, or does not evaluate.
    NotEvaluated,
}

impl<'f> Known<'f> {
    pub(super) fn of(fleet: &ResolvedFleet, document: &'f Value) -> Self {
        let told = |name: &MachineName| document.get("machines")?.get(name.as_str())?.get("facts");
        let vars = document.pointer("/vars/vars").and_then(Value::as_array);
        let var = |var: &'f Value| {
            let text = |key: &str| var.get(key).and_then(Value::as_str);
            Some(((text("machine"), text("generator")?, text("file")?), text("text")?))
        };
        Self {
            machines: fleet.machines.keys().cloned().map(Name::new).collect(),
            facts: fleet.machines.keys().map(told).collect(),
            vars: vars.into_iter().flatten().filter_map(var).collect(),
        }
    }

    /// The name of a machine by where it stands; the indices of all things of this module are those of `machines`.
    pub(super) fn name(&self, index: usize) -> &str {
        self.machines.get(index).map_or("", |name| name.as_str())
    }

    /// Where a machine stands.
    pub(super) fn index(&self, name: &MachineName) -> Option<usize> {
        self.machines.binary_search_by(|known| known.as_ref().cmp(name)).ok()
    }

    pub(super) fn fact(&self, index: usize, fact: &str) -> Told<'f> {
        match self.facts.get(index).copied().flatten().and_then(|facts| facts.get(fact)) {
            Some(Value::Null) => Told::Nothing,
            Some(value) => Told::Is(value),
            None => Told::NotEvaluated,
        }
    }

    /// The text of a machine's public var.
    pub(super) fn var(&self, machine: &str, generator: &str, file: &str) -> Option<&'f str> {
        self.vars.get(&(Some(machine), generator, file)).copied()
    }

    /// The text of a public var of the fleet.
    pub(super) fn shared(&self, generator: &str, file: &str) -> Option<&'f str> {
        self.vars.get(&(None, generator, file)).copied()
    }
}

/// The texts of a list; nothing of anything else.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// An address, with or without the length of its network, and with or without the brackets of one of IPv6.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = text.split('/').next()?.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bracketed.unwrap_or(text).parse().ok()
}
