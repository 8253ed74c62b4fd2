//! Runs the cases of a suite of probes: what recorded machines saw, judged as a run judges it.
//!
//! Flows in: a suite and one of its cases. Flows out: how what was found differs from what the case says. Must not: ask anybody.

use model::{
    case::{Case, CaseInput},
    check::CheckId,
    sighting::judge::Judge,
    suite::{Kind, Suite},
    verdict::Verdict,
};

use crate::policy::cases::{CaseOutcome, compare};

/// Runs a case. `None` where its input is not what machines saw. Who was not asked finds nothing.
#[must_use]
pub fn run_case(suite: &Suite, case: &Case) -> Option<CaseOutcome> {
    let CaseInput::Sightings(round, outlooks) = &case.input else { return None };
    let mut verdicts = Vec::new();
    for check in &suite.checks {
        let Kind::Probe(limits) = &check.kind else { continue };
        let mut judge = Judge::of(round, outlooks);
        for machine in &round.machines {
            let verdict = judge.judge(machine, limits).verdict;
            if !matches!(verdict, Verdict::Skipped { .. }) {
                verdicts.push((CheckId(format!("{}::{}::{machine}", suite.name, check.name)), verdict));
            }
        }
    }
    Some(compare(case, verdicts))
}
