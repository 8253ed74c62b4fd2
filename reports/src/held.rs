//! The gates that are not open, in as few lines as tell it all.
//!
//! In: gates. Out: a line for each, but one for all gates of a subject that are undecided for one and the same reason, as
//! those of a machine are that is held below. It must not leave a gate out.

use std::collections::HashMap;

use model::{
    decision::{Gate, GateState},
    subject::Subject,
};

use crate::report::count;

/// Checks of one gate that are named.
const MOST_REASONS: usize = 3;

/// Gates of one subject and state, and why they are not open.
pub(crate) struct Held<'a> {
    first: &'a Gate,
    /// All of them.
    pub(crate) gates: Vec<&'a Gate>,
    /// How many checks there are that all of them have no answer for one reason.
    checks: usize,
}

/// The lines of these gates, in their order.
pub(crate) fn held<'a>(gates: impl IntoIterator<Item = &'a Gate>) -> Vec<Held<'a>> {
    let mut lines: Vec<Held<'a>> = Vec::new();
    let mut of_one: HashMap<(&Subject, &str), usize> = HashMap::new();
    for gate in gates {
        let common = common(gate);
        let at = common.map(|(why, _)| *of_one.entry((&gate.subject, why)).or_insert(lines.len()));
        let checks = common.map_or(0, |(_, checks)| checks);
        match at.and_then(|at| lines.get_mut(at)) {
            Some(line) => {
                line.gates.push(gate);
                line.checks += checks;
            }
            None => lines.push(Held { first: gate, gates: vec![gate], checks }),
        }
    }
    lines
}

/// Why a gate is undecided, and how many checks say so, where all say the same. What the plan skipped does not hold it.
fn common(gate: &Gate) -> Option<(&str, usize)> {
    let holding = || gate.reasons.iter().map(|(_, why)| why).filter(|why| !why.starts_with("skipped: "));
    let why = holding().next().filter(|_| gate.state == GateState::Undecided)?;
    holding().all(|other| other == why).then(|| (why.as_str(), holding().count()))
}

impl Held<'_> {
    pub(crate) fn subject(&self) -> &Subject {
        &self.first.subject
    }

    pub(crate) fn state(&self) -> GateState {
        self.first.state
    }

    pub(crate) fn stages(&self) -> String {
        self.gates.iter().map(|gate| gate.stage.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The one reason of many checks; else the first checks that hold the gate, and how many more do.
    pub(crate) fn reasons(&self) -> String {
        if let (Some((why, _)), 2..) = (common(self.first), self.checks) {
            return format!("{why} ({})", count(self.checks, "check"));
        }
        let all = &self.first.reasons;
        let shown = all.iter().take(MOST_REASONS).map(|(id, why)| format!("{id} ({why})"));
        let mut shown = shown.collect::<Vec<_>>().join("; ");
        if all.len() > MOST_REASONS {
            shown.push_str(&format!("; and {} more", all.len() - MOST_REASONS));
        }
        shown
    }
}

/// How many gates there are in lines that are not shown.
pub(crate) fn beyond(lines: &[Held<'_>], shown: usize) -> Option<String> {
    let gates: usize = lines.iter().skip(shown).map(|line| line.gates.len()).sum();
    (gates > 0).then(|| format!("and {} more", count(gates, "gate")))
}
