//! What is on record for the checks of now: passes that stand, and failures with their findings.
//!
//! Flows in: the plan, with the evidence that stands attached. Flows out: what is proven of each closure.
//! Must not: ask a check, or judge.

use std::collections::{BTreeMap, HashMap};

use edge::{ledger::Ledger, state::State};
use judge::promote::{Answer, Proved, prove};
use model::{
    check::Check, digest::Digest, machine::MachineName, plan::Plan, rollout::Closure, verdict::Verdict,
};

use super::crew::Derivations;
use crate::{
    desk::Desk,
    pipeline::{self, Known},
    stop::Stop,
    trouble,
};

/// Looks up what was ever answered, and proves from it.
pub(super) fn proved(
    desk: &Desk,
    known: &Known,
    plan: &Plan,
    closures: &BTreeMap<MachineName, Closure>,
) -> Proved {
    let (refuted, others) = (refuted(desk, plan), pipeline::others(desk, known, plan));
    let answer = |check: &Check| {
        if let Some(reuse) = &check.reuse {
            return Some(Answer { at: reuse.at, verdict: Verdict::Pass });
        }
        let key = check.key.as_ref()?;
        let why = |why: &String| (desk.now, Verdict::Skipped { reason: why.clone() });
        let refuted = refuted.get(key).map(|found| (found.at, found.verdict.clone()));
        let (at, verdict) = refuted.or_else(|| others.refused.get(key).map(why))?;
        Some(Answer { at, verdict })
    };
    prove(plan, answer, &known.fleet.fleet.waivers, desk.today(), closures)
}

fn refuted(desk: &Desk, plan: &Plan) -> HashMap<Digest, edge::ledger::Refuted> {
    let unanswered = plan.checks.iter().filter(|check| check.reuse.is_none());
    let keys: Vec<_> = unanswered.filter_map(|check| check.key).collect();
    let found = State::find(&desk.project.folder).map(|state| {
        let (mut ledger, _) = Ledger::open(&state)?;
        let (refuted, notes) = ledger.refuted(&keys)?;
        trouble::tell(desk, &notes);
        Ok(refuted)
    });
    found.transpose().unwrap_or_else(|error| trouble::without_evidence(desk, &error)).unwrap_or_default()
}

/// What each machine's closure is made by, as evaluation tells it.
pub(super) fn derivations(known: &Known) -> Derivations {
    let derivation = |(name, machine): (&MachineName, &model::survey::MachineSurvey)| {
        Some((name.clone(), machine.facts.get("toplevel")?.as_str()?.to_owned()))
    };
    known.evaluated.survey.machines.iter().filter_map(derivation).collect()
}

/// What each machine's closure is now.
///
/// # Errors
/// Nix cannot be run.
pub(super) async fn closures(
    known: &Known,
    derivations: &Derivations,
) -> Result<BTreeMap<MachineName, Closure>, Stop> {
    match &known.evaluated.evaluators {
        Some(evaluators) => evaluators.closures(derivations).await.map_err(crate::settings::nix_stop),
        None => Ok(BTreeMap::new()),
    }
}
