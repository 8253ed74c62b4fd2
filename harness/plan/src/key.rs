//! What evidence is filed under: everything that an answer depends on, as one digest.
//!
//! In: a check's definition, its subject, what is asked, and what asks. Out: the key, or none where an answer depends on
//! more than can be told. It must not look for evidence.

use std::collections::BTreeMap;

use model::{
    check::Question,
    digest::Digest,
    fleet::{BootSource, Given, TreeRef},
    machine::MachineName,
    round::{Round, Way},
    subject::Subject,
};
use serde_json::Value;

use crate::draft::Inputs;

/// Changes whenever the way in which keys are made does, so that no older evidence is taken for newer.
const VERSION: &[u8] = b"seaworthy evidence key 1";

/// What every key of a plan has in common.
pub(crate) struct Keys {
    /// Over the tool's version and the capabilities.
    asker: Digest,
    /// Over the source tree.
    tree: Digest,
    /// Over the facts document.
    facts: Digest,
    /// Over what the facts document says of each machine that has a derivation.
    machines: BTreeMap<MachineName, Digest>,
    /// Over the guests that meet, each with its machine, and what is expected of them.
    meeting: Option<Digest>,
    /// Whether what was evaluated will be the same for the same source tree.
    locked: bool,
}

impl Keys {
    pub(crate) fn of(inputs: &Inputs<'_>) -> Self {
        let capabilities = inputs.capabilities.iter().map(String::as_bytes);
        let asker = Digest::of_parts([VERSION, inputs.tool.as_bytes()].into_iter().chain(capabilities));
        let machines = machines(&inputs.facts.document);
        let locked = inputs.survey.locks.complete();
        Self { asker, tree: inputs.tree, facts: inputs.facts.digest, machines, meeting: None, locked }
    }

    /// Takes in who meets, in the checks that come now. Whether one reaches another depends on all of them.
    pub(crate) fn meet(&mut self, round: &Round) {
        let machines = round.guests.iter().flat_map(|guests| &guests.machines);
        let digests: Option<Vec<Digest>> = machines.map(|name| self.machines.get(name).copied()).collect();
        let over = |machines: Vec<Digest>| {
            let round = serde_json::to_vec(round).ok()?;
            Some(Digest::of_parts(
                [round.as_slice()].into_iter().chain(machines.iter().map(|it| it.bytes().as_slice())),
            ))
        };
        self.meeting = digests.and_then(over);
    }

    /// The key of a check; `definition` is the digest of its definition and of every file of it.
    pub(crate) fn key(
        &self,
        definition: &Digest,
        rule: &str,
        subject: &Subject,
        question: &Question,
    ) -> Option<Digest> {
        if !self.locked {
            return None;
        }
        let (content, asked) = match question {
            Question::Probe { way: Some(Way::Guest { .. }), limits, .. } => {
                (self.meeting?, Digest::of_parts([b"meeting".as_slice(), &serde_json::to_vec(limits).ok()?]))
            }
            // What is seen of a network is seen now.
            Question::Probe { .. } => return None,
            // What a file evaluates to may depend on anything that the evaluator can reach.
            Question::Expression { tree: TreeRef::File { .. }, .. } => return None,
            Question::Expression { tree: TreeRef::Flake { attribute }, path } => {
                (self.tree, of_test(attribute, path))
            }
            Question::Policy { package } => {
                (self.facts, Digest::of_parts([b"policy".as_slice(), package.as_bytes()]))
            }
            Question::Guest { machine, package, size, source, .. } => {
                let memory = size.memory.to_le_bytes();
                let processors = size.processors.to_le_bytes();
                let from = source.as_str().as_bytes();
                let parts = [b"guest".as_slice(), package.as_bytes(), &memory, &processors, from];
                let content = match source {
                    BootSource::Configuration | BootSource::VmBuild => *self.machines.get(machine)?,
                    BootSource::Given(given) => self.given(given)?,
                };
                (content, Digest::of_parts(parts))
            }
        };
        Some(Digest::of_parts([
            self.asker.bytes().as_slice(),
            definition.bytes(),
            rule.as_bytes(),
            content.bytes(),
            of_subject(subject).bytes(),
            asked.bytes(),
        ]))
    }

    /// Any file of the fleet may be a part of what is given to boot.
    fn given(&self, given: &Given) -> Option<Digest> {
        let given = serde_json::to_vec(given).ok()?;
        Some(Digest::of_parts([self.tree.bytes().as_slice(), self.facts.bytes(), &given]))
    }
}

fn of_test(attribute: &[String], path: &[String]) -> Digest {
    let over = |names: &[String]| Digest::of_parts(names.iter().map(String::as_bytes));
    Digest::of_parts([b"expression".as_slice(), over(attribute).bytes(), over(path).bytes()])
}

/// What a guest's answers depend on: its machine's derivation and that of the virtual machine that it offers, what else the facts say of
/// it, and what is asked of it. Where in the store the sources lie is left out: it changes with every file of the fleet.
fn machines(document: &Value) -> BTreeMap<MachineName, Digest> {
    let Some(machines) = document.get("machines").and_then(Value::as_object) else { return BTreeMap::new() };
    let asks = asks(document);
    let of = |(name, machine): (&String, &Value)| {
        let derivation = machine.pointer("/facts/toplevel")?.as_str()?;
        let mut told = machine.clone();
        forget_sources(&mut told);
        let asked = asks.get(name.as_str()).map_or("", String::as_str);
        let boots = machine.pointer("/facts/boots").and_then(Value::as_str).unwrap_or_default();
        let digest = Digest::of_parts([derivation, boots, &told.to_string(), asked].map(str::as_bytes));
        Some((MachineName(name.clone()), digest))
    };
    machines.iter().filter_map(of).collect()
}

/// What the fleet asks of each of its guests.
fn asks(document: &Value) -> BTreeMap<&str, String> {
    let mut asks = BTreeMap::<&str, String>::new();
    for ask in document.get("asks").and_then(Value::as_array).into_iter().flatten() {
        let mut what = ask.clone();
        what["machines"].take();
        let machines = ask.get("machines").and_then(Value::as_array);
        for machine in machines.into_iter().flatten().filter_map(Value::as_str) {
            asks.entry(machine).or_default().push_str(&what.to_string());
        }
    }
    asks
}

fn forget_sources(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("/nix/store/") => text.clear(),
        Value::Array(values) => values.iter_mut().for_each(forget_sources),
        Value::Object(values) => values.values_mut().for_each(forget_sources),
        _ => {}
    }
}

/// A machine that is called `fleet` is not the fleet.
fn of_subject(subject: &Subject) -> Digest {
    match subject {
        Subject::Fleet => Digest::of_parts([b"fleet".as_slice()]),
        Subject::Machine(name) => Digest::of_parts([b"machine".as_slice(), name.as_str().as_bytes()]),
    }
}
