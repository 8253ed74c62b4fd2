//! What nobody knows of the fleet although it is there: what was not evaluated, and what does not evaluate.
//!
//! In: what a policy needs and of whom it is asked. Out: why it is not asked, and why a pass of it would prove nothing.
//! It must not take for unknown what the fleet does not have.

use std::collections::{BTreeMap, BTreeSet};

use model::{machine::MachineName, stage::Stage, subject::Subject, suite::Part};

use crate::draft::Inputs;

/// Finds that a machine does not evaluate. Whoever waives it accepts that nothing is asked of that machine.
const EVALUATES: &str = "evaluation/machine-evaluates";

/// Finds that a machine of the inventory is in no output.
const BUILT: &str = "inventory/machine-is-built";

const NOT_EVALUATED: &str = "the fleet was not evaluated";

/// Facts that are named in a reason.
const NAMED: usize = 3;

/// Whether a check is asked, and what its pass is worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Why it is not asked.
    pub(crate) skip: Option<String>,
    /// Why a pass would prove nothing.
    pub(crate) blind: Option<String>,
}

/// What the facts of a fleet do not show.
pub(crate) struct Sight<'a> {
    gathered: &'a BTreeSet<Part>,
    evaluated: bool,
    inventory_fails: bool,
    /// Machines without facts, or without some.
    dark: BTreeMap<&'a MachineName, Dark>,
}

struct Dark {
    why: String,
    /// Whether it is in an output, and does not evaluate.
    fails: bool,
    waived: bool,
}

impl<'a> Sight<'a> {
    pub(crate) fn of(inputs: &Inputs<'a>) -> Self {
        let survey = inputs.survey;
        let evaluated = !survey.nix.is_empty();
        let failing =
            survey.machines.iter().filter(|(_, told)| !told.errors.is_empty()).map(|(name, told)| {
                let facts: Vec<&str> = told.errors.keys().map(String::as_str).collect();
                let why = format!("`{name}` does not evaluate: {}", some(&facts));
                (name, Dark { why, fails: true, waived: is_waived(inputs, EVALUATES, name) })
            });
        let missing = inputs.fleet.machines.keys().filter(|name| !survey.machines.contains_key(*name));
        let missing = missing.filter(|_| evaluated).map(|name| {
            let why = format!("`{name}` is in no output of the flake");
            (name, Dark { why, fails: false, waived: is_waived(inputs, BUILT, name) })
        });
        Self {
            gathered: &inputs.facts.parts,
            evaluated,
            inventory_fails: survey.inventory_error.is_some(),
            dark: failing.chain(missing).collect(),
        }
    }

    /// Why nothing that takes evaluation is asked.
    pub(crate) fn whole(&self) -> Option<String> {
        (!self.evaluated).then(|| NOT_EVALUATED.to_owned())
    }

    /// What is to become of a policy that is asked of a machine, or of the fleet. On the rung `expressions` policies are
    /// about what does not evaluate, and see it.
    pub(crate) fn view(&self, needs: &BTreeSet<Part>, stage: Stage, machine: Option<&MachineName>) -> View {
        if let Some(view) = self.lacking(needs) {
            return view;
        }
        if !needs.contains(&Part::Machines) || stage == Stage::Expressions {
            return View::default();
        }
        machine.map_or_else(|| self.of_fleet(), |name| self.of_machine(name))
    }

    /// Where not all that is needed was gathered. A part that the fleet has is not missing for want of it.
    fn lacking(&self, needs: &BTreeSet<Part>) -> Option<View> {
        let missing: Vec<Part> = needs.difference(self.gathered).copied().collect();
        let lacks = |part: Part| missing.contains(&part);
        let unknown = if !self.evaluated && (lacks(Part::Machines) || lacks(Part::Modules)) {
            Some(NOT_EVALUATED)
        } else if self.inventory_fails && lacks(Part::Inventory) {
            Some("the inventory does not evaluate")
        } else {
            None
        };
        let absent = || missing.iter().map(|part| in_words(*part)).collect::<Vec<_>>().join(" and no ");
        let skip = unknown.map_or_else(|| format!("the fleet has no {}", absent()), ToOwned::to_owned);
        (!missing.is_empty()).then(|| View { skip: Some(skip), blind: unknown.map(ToOwned::to_owned) })
    }

    fn of_machine(&self, name: &MachineName) -> View {
        match self.dark.get(name) {
            None => View::default(),
            Some(Dark { why, fails: true, waived: true }) => {
                View { skip: Some(format!("{why} (waived)")), blind: None }
            }
            Some(Dark { waived: true, .. }) => View::default(),
            Some(Dark { why, fails, .. }) => {
                View { skip: fails.then(|| why.clone()), blind: Some(why.clone()) }
            }
        }
    }

    fn of_fleet(&self) -> View {
        let mut open = self.dark.values().filter(|dark| !dark.waived).map(|dark| dark.why.as_str());
        let first = open.next();
        let more = match open.count() {
            0 => String::new(),
            1 => ", and so 1 other machine".to_owned(),
            more => format!(", and so {more} other machines"),
        };
        View { skip: None, blind: first.map(|first| format!("{first}{more}")) }
    }
}

fn is_waived(inputs: &Inputs<'_>, rule: &str, machine: &MachineName) -> bool {
    let covers = |subject: &Option<Subject>| match subject {
        None => true,
        Some(subject) => subject.machine() == Some(machine),
    };
    let mut waivers = inputs.fleet.fleet.waivers.iter();
    waivers.any(|waiver| waiver.rule == rule && covers(&waiver.subject) && !waiver.expired(inputs.today))
}

/// The first of some names, and how many more there are.
fn some(names: &[&str]) -> String {
    let shown = names.get(..NAMED.min(names.len())).unwrap_or_default().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn in_words(part: Part) -> &'static str {
    match part {
        Part::Inventory => "inventory",
        Part::Machines => "evaluated machines",
        Part::Modules => "service modules",
        Part::Source => "source tree",
        Part::Vars => "vars",
        Part::Boot | Part::Guest => "guest",
        Part::Asks => "asks",
    }
}
