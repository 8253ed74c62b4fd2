//! From the checks' standings to gates.
//!
//! In: plan, record, waivers, day. Out: the decision. It must not know why a check failed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::{
    check::{Check, CheckId},
    decision::{Decision, Gate, GateState},
    plan::Plan,
    record::Record,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    waiver::Waiver,
};

use crate::{
    outcome::Whole,
    standing::{Standing, judge},
    waive::Waivers,
};

/// What the gates say. Linear in the checks; `today` is the day in UTC by which waivers expire.
///
/// There is a gate for each stage and subject with a check that could be asked. Where the fleet has nothing that any of
/// the checks could be asked about, there is no gate: nothing is proven there and nothing refuted.
#[must_use]
pub fn decide(plan: &Plan, record: &Record, waivers: &[Waiver], today: Date) -> Decision {
    let waivers = Waivers::of_day(waivers, today);
    let mut gates: BTreeMap<(Stage, &Subject), Tally> = BTreeMap::new();
    let mut whole = Whole::new(record.interrupted);
    let (mut waived, mut warnings) = (Vec::new(), Vec::new());
    for check in &plan.checks {
        let judged = judge(check, record.outcomes.get(&check.id), &waivers);
        whole.take(check.severity, &judged.standing);
        gates.entry((check.stage, &check.subject)).or_default().take(check, &judged.standing);
        waived.extend(judged.waived);
        warnings.extend(judged.warnings);
    }
    let gates: Vec<Gate> =
        gates.into_iter().filter_map(|((stage, subject), tally)| tally.gate(stage, subject)).collect();
    let outcome = whole.outcome(&gates);
    Decision { gates, waived, warnings, outcome }
}

/// The checks of one stage and subject.
#[derive(Default)]
struct Tally {
    /// The worst that a check of severity error allows.
    allowed: Option<GateState>,
    /// Whether the subject answered anything.
    answered: bool,
    /// Whether a check could have been asked.
    askable: bool,
    reasons: Vec<(CheckId, String)>,
}

impl Tally {
    fn take(&mut self, check: &Check, standing: &Standing<'_>) {
        if check.severity == Severity::Error {
            self.allowed = self.allowed.max(Some(standing.allows()));
        }
        self.answered |= standing.answered();
        self.askable |= !matches!(standing, Standing::Absent(_));
        self.reasons.extend(standing.reason().map(|reason| (check.id.clone(), reason)));
    }

    fn gate(self, stage: Stage, subject: &Subject) -> Option<Gate> {
        let unanswered = if self.answered { GateState::Open } else { GateState::Undecided };
        let state = self.allowed.unwrap_or(GateState::Open).max(unanswered);
        self.askable.then(|| Gate { stage, subject: subject.clone(), state, reasons: self.reasons })
    }
}
