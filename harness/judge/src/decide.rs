//! From the checks' standings to gates.
//!
//! In: plan, record, waivers, day. Out: the decision. It must not know why a check failed.

use std::collections::HashMap;

use jiff::civil::Date;
use model::{
    check::{Check, CheckId},
    decision::{Decision, Gate, GateState},
    plan::Plan,
    record::Record,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    waiver::{Waiver, Waivers},
};

use crate::{
    idle::idle,
    outcome::Whole,
    standing::{Answered, Standing, judge},
};

/// What the gates say. Linear in the checks, but for looking their answers up; `today` is the day in UTC by which waivers
/// expire.
///
/// There is a gate for each stage and subject with a check that could be asked. Where the fleet has nothing that any of
/// the checks could be asked about, there is no gate: nothing is proven there and nothing refuted.
#[must_use]
pub fn decide(plan: &Plan, record: &Record, waivers: &[Waiver], today: Date) -> Decision {
    let verdict = |check: &Check| record.outcomes.get(&check.id).map(|outcome| &outcome.verdict);
    let answered: Vec<_> = plan.checks.iter().map(|check| (check, verdict(check))).collect();
    weigh(plan, &answered, record.interrupted, waivers, today)
}

/// The same from answers that were looked up, one for each check of the plan. Linear.
pub(crate) fn weigh(
    plan: &Plan,
    answered: &[Answered<'_>],
    interrupted: bool,
    waivers: &[Waiver],
    today: Date,
) -> Decision {
    let all = waivers;
    let counting = || all.iter().filter(|waiver| !waiver.expired(today));
    let waivers = Waivers::of(counting());
    let mut gates: HashMap<(Stage, &Subject), Tally> = HashMap::new();
    let mut whole = Whole::new(plan, interrupted);
    let (mut waived, mut warnings) = (Vec::new(), Vec::new());
    for (check, verdict) in answered {
        let judged = judge(check, *verdict, &waivers);
        whole.take(check.severity, &judged.standing);
        gates.entry((check.stage, &check.subject)).or_default().take(check, &judged.standing);
        waived.extend(judged.waived);
        warnings.extend(judged.warnings);
    }
    let mut gates: Vec<Gate> =
        gates.into_iter().filter_map(|((stage, subject), tally)| tally.gate(stage, subject)).collect();
    gates.sort_unstable_by(|one, other| (one.stage, &one.subject).cmp(&(other.stage, &other.subject)));
    let outcome = whole.outcome(&gates);
    let complete = !plan.header.partial && !interrupted;
    let idle = if complete { idle(answered, counting(), &waived) } else { Vec::new() };
    Decision { gates, waived, idle, warnings, outcome }
}

/// The checks of one stage and subject.
struct Tally {
    /// The worst that a check of severity error allows.
    allowed: GateState,
    /// Whether the subject answered anything.
    answered: bool,
    /// Whether a check could have been asked.
    askable: bool,
    /// Each with the state that it allows a gate that it can hold.
    reasons: Vec<(GateState, CheckId, String)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { allowed: GateState::Open, answered: false, askable: false, reasons: Vec::new() }
    }
}

impl Tally {
    fn take(&mut self, check: &Check, standing: &Standing<'_>) {
        let allows = if check.severity == Severity::Error { standing.allows() } else { GateState::Open };
        self.allowed = self.allowed.max(allows);
        self.answered |= standing.answered();
        self.askable |= !matches!(standing, Standing::Absent(_));
        self.reasons.extend(standing.reason().map(|reason| (allows, check.id.clone(), reason)));
    }

    fn gate(mut self, stage: Stage, subject: &Subject) -> Option<Gate> {
        let unanswered = if self.answered { GateState::Open } else { GateState::Undecided };
        let state = self.allowed.max(unanswered);
        // What is harmless is no reason beside what holds the gate.
        if self.allowed > GateState::Open {
            self.reasons.retain(|(allows, ..)| *allows == self.allowed);
        }
        let reasons = self.reasons.into_iter().map(|(_, id, reason)| (id, reason)).collect();
        self.askable.then(|| Gate { stage, subject: subject.clone(), state, reasons })
    }
}
