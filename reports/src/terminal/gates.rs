//! The gates that are not open, each with why.
//!
//! In: the decision. Out: one line for each gate, so many at most, with the checks that hold it. It must not list gates
//! that are open.

use model::decision::{Gate, GateState};

use crate::{
    look::Ink,
    page::Page,
    report::{Report, count},
};

/// Gates of one state.
const MOST_GATES: usize = 20;

/// Checks of one gate.
pub(crate) const MOST_REASONS: usize = 3;

pub(super) fn all(page: &mut Page, report: &Report<'_>) {
    in_state(page, report, GateState::Closed, "closed gates", Ink::Bad);
    in_state(page, report, GateState::Undecided, "undecided gates", Ink::Warning);
}

fn in_state(page: &mut Page, report: &Report<'_>, state: GateState, title: &str, ink: Ink) {
    let gates: Vec<&Gate> = report.decision.gates.iter().filter(|gate| gate.state == state).collect();
    if gates.is_empty() {
        return;
    }
    page.gap();
    page.say(0, ink, title);
    for gate in gates.iter().take(MOST_GATES) {
        let label = format!("{} {}", gate.stage, gate.subject);
        page.label(2, Ink::Title, &label, &format!(": {}", reasons(gate)));
    }
    if gates.len() > MOST_GATES {
        page.say(2, Ink::Quiet, &format!("and {} more", count(gates.len() - MOST_GATES, "gate")));
    }
}

/// The first checks that hold a gate, and how many more do.
pub(crate) fn reasons(gate: &Gate) -> String {
    let shown = gate.reasons.iter().take(MOST_REASONS).map(|(id, why)| format!("{id} ({why})"));
    let mut shown = shown.collect::<Vec<_>>().join("; ");
    if gate.reasons.len() > MOST_REASONS {
        shown.push_str(&format!("; and {} more", gate.reasons.len() - MOST_REASONS));
    }
    shown
}
