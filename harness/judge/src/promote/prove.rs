//! From the checks that a fleet asks for now, and what was ever answered to them, to what is proven of each machine's closure.
//!
//! In: the plan of now, answers on record, waivers, what each machine's closure is now. Out: the proofs and the gates behind them.
//! It must not take an answer to another question for one to these: the answers were looked up by the checks' keys, which hold
//! everything that an answer depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use model::{
    check::CheckId,
    decision::{Decision, Gate},
    event::{Event, What},
    machine::MachineName,
    plan::Plan,
    record::{Outcome, Record},
    rollout::Closure,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::Verdict,
    waiver::Waiver,
};

use super::proof::{Proof, Proofs, Proven};

/// What is known of a check that nobody ever answered.
const NOTHING: &str = "no evidence is on record";

/// What is proven, and why the rest is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Of each machine whose closure is known.
    pub proofs: Proofs,
    /// The gates behind them, with reasons.
    pub decision: Decision,
}

/// Proves from answers that were given before. Each is told as an event of its check, when it was answered or reused; a check
/// of which there is none was not asked. Linear in the checks, but for looking them up.
#[must_use]
pub fn prove(
    plan: &Plan,
    answers: &[Event],
    waivers: &[Waiver],
    today: Date,
    closures: &BTreeMap<MachineName, Closure>,
) -> Proved {
    let mut record = Record::of(answers);
    for check in plan.checks.iter().filter(|check| check.skip.is_none()) {
        let nothing = || Outcome {
            verdict: Verdict::Skipped { reason: NOTHING.to_owned() },
            took: Duration::ZERO,
            reuse: None,
        };
        record.outcomes.entry(check.id.clone()).or_insert_with(nothing);
    }
    let decision = crate::decide(plan, &record, waivers, today);
    let oldest = oldest(plan, &times(answers));
    let proofs = closures.iter().map(|(name, closure)| {
        let stages = stages(&decision.gates, &oldest, name);
        (name.clone(), Proof { closure: closure.clone(), stages })
    });
    Proved { proofs: proofs.collect(), decision }
}

/// When each check was answered. That it was not asked is no answer.
fn times(answers: &[Event]) -> BTreeMap<&CheckId, Timestamp> {
    answers.iter().filter_map(time).collect()
}

fn time(event: &Event) -> Option<(&CheckId, Timestamp)> {
    match &event.what {
        What::CheckReused { check, reuse } => Some((check, reuse.at)),
        What::CheckFinished { check, verdict: Verdict::Pass | Verdict::Fail { .. }, .. } => {
            Some((check, event.at))
        }
        _ => None,
    }
}

/// When the oldest answer of each gate was given that can hold it.
fn oldest<'p>(
    plan: &'p Plan,
    times: &BTreeMap<&CheckId, Timestamp>,
) -> BTreeMap<(Stage, &'p Subject), Timestamp> {
    let mut oldest = BTreeMap::new();
    for check in plan.checks.iter().filter(|check| check.severity == Severity::Error) {
        let Some(at) = times.get(&check.id) else { continue };
        let known = oldest.entry((check.stage, &check.subject)).or_insert(*at);
        *known = (*known).min(*at);
    }
    oldest
}

/// What each stage comes to for a machine: the worse of its own gate and the fleet's. Where other machines have a gate and this
/// one has none, nothing is proven of it, whatever the fleet's says.
fn stages(
    gates: &[Gate],
    oldest: &BTreeMap<(Stage, &Subject), Timestamp>,
    name: &MachineName,
) -> BTreeMap<Stage, Proven> {
    let of_machines: BTreeSet<Stage> =
        gates.iter().filter(|gate| gate.subject != Subject::Fleet).map(|gate| gate.stage).collect();
    let own: BTreeSet<Stage> =
        gates.iter().filter(|gate| gate.subject.machine() == Some(name)).map(|gate| gate.stage).collect();
    let mut stages = BTreeMap::<Stage, Proven>::new();
    for gate in gates {
        let concerns = gate.subject.machine().is_none_or(|of| of == name);
        if !concerns || (of_machines.contains(&gate.stage) && !own.contains(&gate.stage)) {
            continue;
        }
        let at = oldest.get(&(gate.stage, &gate.subject)).copied();
        let proven = Proven { state: gate.state, at: at.unwrap_or(Timestamp::MAX) };
        let known = stages.entry(gate.stage).or_insert(proven);
        *known = Proven { state: known.state.max(proven.state), at: known.at.min(proven.at) };
    }
    stages
}
