//! The gates that are not open, each with why.
//!
//! In: the decision. Out: a line for each gate or for several of one subject, so many at most. It must not list gates that
//! are open.

use model::decision::GateState;

use crate::{
    held::{beyond, held},
    look::Ink,
    page::Page,
    report::Report,
};

/// Lines about gates of one state.
const MOST_LINES: usize = 20;

pub(super) fn all(page: &mut Page, report: &Report<'_>) {
    in_state(page, report, GateState::Closed, "closed gates", Ink::Bad);
    in_state(page, report, GateState::Undecided, "undecided gates", Ink::Warning);
}

fn in_state(page: &mut Page, report: &Report<'_>, state: GateState, title: &str, ink: Ink) {
    let lines = held(report.decision.gates.iter().filter(|gate| gate.state == state));
    if lines.is_empty() {
        return;
    }
    page.gap();
    page.say(0, ink, title);
    for line in lines.iter().take(MOST_LINES) {
        let label = format!("{} {}", line.stages(), line.subject());
        page.label(2, Ink::Title, &label, &format!(": {}", line.reasons()));
    }
    if let Some(more) = beyond(&lines, MOST_LINES) {
        page.say(2, Ink::Quiet, &more);
    }
}
