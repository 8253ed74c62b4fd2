//! What holds for every run, told anew and simply: each law looks at the events alone.

#![expect(clippy::panic, reason = "a law that does not hold fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use model::{
    check::{Batch, Check, CheckId, Question},
    event::What,
    finding::Finding,
    plan::Plan,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::Verdict,
    waiver::Waiver,
};

use crate::simulation::{MEMORY, Seen};

/// All of them.
pub(crate) fn hold(plan: &Plan, seen: &Seen, slots: usize) {
    it_ends(seen);
    each_check_ends_once(plan, seen);
    jobs_are_batches(plan, seen);
    nothing_starts_out_of_turn(plan, seen);
    who_is_held_is_held_by_something(plan, seen);
    what_is_taken_lies_between_start_and_end(seen);
    assert!(seen.most <= slots, "{} jobs at a time in {slots} slots", seen.most);
    let (processors, memory) = seen.most_of;
    assert!(processors <= slots, "{processors} processors at a time in {slots} slots");
    assert!(memory <= u64::from(MEMORY), "guests had {memory} MiB at a time");
    assert_eq!(seen.late, 0, "jobs were started after the interrupt");
}

fn it_ends(seen: &Seen) {
    assert!(seen.steps.is_some(), "the run did not end: {:#?}", seen.events);
    assert_eq!(seen.finishes, 1);
    assert!(matches!(seen.events.first(), Some(What::RunStarted { .. })));
    assert!(matches!(seen.events.last(), Some(What::RunEnded { .. })));
    let frames = |what: &&What| matches!(what, What::RunStarted { .. } | What::RunEnded { .. });
    assert_eq!(seen.events.iter().filter(frames).count(), 2);
}

fn each_check_ends_once(plan: &Plan, seen: &Seen) {
    let mut ends: BTreeMap<&CheckId, usize> = plan.checks.iter().map(|check| (&check.id, 0)).collect();
    for what in &seen.events {
        if let What::CheckReused { check, .. } | What::CheckFinished { check, .. } = what {
            *ends.get_mut(check).expect("a check of the plan") += 1;
        }
    }
    for check in &plan.checks {
        assert_eq!(ends[&check.id], 1, "{} did not end once", check.id);
    }
}

fn jobs_are_batches(plan: &Plan, seen: &Seen) {
    let check = |id: &CheckId| plan.checks.iter().find(|check| check.id == *id).expect("a check of the plan");
    for job in &seen.jobs {
        let batch = check(&job[0]).question.batch();
        assert!(job.iter().all(|id| check(id).question.batch() == batch), "mixed: {job:?}");
        assert!(job.len() <= batch.limit(), "too many: {job:?}");
        let same = |id: &CheckId| (check(id).stage, check(id).question.batch());
        let jobs = seen.jobs.iter().filter(|other| same(&other[0]) == same(&job[0])).count();
        assert!(batch != Batch::Mesh || jobs == 1, "asked in {jobs} parts: {job:?}");
    }
}

/// When a check starts, everything below it that counts has ended and holds nobody.
fn nothing_starts_out_of_turn(plan: &Plan, seen: &Seen) {
    let mut ended: BTreeMap<&CheckId, &Verdict> = BTreeMap::new();
    for what in &seen.events {
        match what {
            What::CheckStarted { check } => {
                let check =
                    plan.checks.iter().find(|planned| planned.id == *check).expect("a check of the plan");
                assert!(check.reuse.is_none() && check.skip.is_none(), "{} was asked", check.id);
                for lower in below(plan, check) {
                    let verdict = ended.get(&lower.id);
                    let verdict = verdict.unwrap_or_else(|| panic!("{} before {}", check.id, lower.id));
                    assert!(!holds(plan, lower, verdict), "{} although {} failed", check.id, lower.id);
                }
            }
            What::CheckReused { check, .. } => drop(ended.insert(check, &Verdict::Pass)),
            What::CheckFinished { check, verdict, .. } => drop(ended.insert(check, verdict)),
            What::Measured { .. } | What::Replaced { .. } | What::Sighted { .. } | What::Kept { .. } => {}
            What::RunStarted { .. } | What::Interrupted | What::RunEnded { .. } => {}
        }
    }
}

/// What a check that runs measures and keeps is told, in the order in which it was, and nothing else is.
fn what_is_taken_lies_between_start_and_end(seen: &Seen) {
    let (mut running, mut taken) = (BTreeSet::new(), Vec::new());
    for what in &seen.events {
        match what {
            What::CheckStarted { check } => drop(running.insert(check)),
            What::CheckFinished { check, .. } => drop(running.remove(check)),
            What::Measured { check, .. }
            | What::Replaced { check, .. }
            | What::Sighted { check, .. }
            | What::Kept { check, .. } => {
                assert!(running.contains(check), "{check} took something and does not run");
                taken.push(check.clone());
            }
            What::RunStarted { .. }
            | What::CheckReused { .. }
            | What::Interrupted
            | What::RunEnded { .. } => {}
        }
    }
    assert_eq!(taken, seen.taken, "told, and taken");
}

fn who_is_held_is_held_by_something(plan: &Plan, seen: &Seen) {
    let verdicts = verdicts(seen);
    let started = |id: &CheckId| {
        seen.events.iter().any(|what| matches!(what, What::CheckStarted { check } if check == id))
    };
    for check in &plan.checks {
        let Some(Verdict::Skipped { reason }) = verdicts.get(&check.id) else { continue };
        if let Some(blame) = reason.strip_prefix("held at ") {
            let named = below(plan, check).find(|lower| format!("{}: {}", lower.stage, lower.id) == blame);
            let named = named.unwrap_or_else(|| panic!("{} is held by {blame}", check.id));
            assert!(
                holds(plan, named, &verdicts[&named.id]),
                "{} is held by {blame}, which does not",
                check.id
            );
            assert!(!started(&check.id), "{} was asked although held", check.id);
        } else if reason != "interrupted" && check.skip.is_none() {
            assert!(started(&check.id), "{} was skipped for nothing: {reason}", check.id);
        }
    }
}

/// The checks that have to be through before this one is asked.
fn below<'p>(plan: &'p Plan, check: &'p Check) -> impl Iterator<Item = &'p Check> {
    plan.checks.iter().filter(move |lower| {
        let by_fleet = lower.subject == Subject::Fleet && check.stage >= Stage::Build;
        let by_itself = lower.subject == check.subject && check.subject != Subject::Fleet;
        lower.stage < check.stage && (by_itself || by_fleet)
    })
}

fn holds(plan: &Plan, check: &Check, verdict: &Verdict) -> bool {
    check.severity == Severity::Error
        && !matches!(verdict, Verdict::Pass | Verdict::Skipped { .. })
        && !accepted(plan, check, verdict)
}

/// A failure with findings, each of which is the check's own and covered by a waiver.
fn accepted(plan: &Plan, check: &Check, verdict: &Verdict) -> bool {
    let covers = |waiver: &Waiver, finding: &Finding| {
        let test = matches!(check.question, Question::Expression { .. }).then_some(&check.id.0);
        waiver.rule == finding.rule
            && waiver.subject.as_ref().is_none_or(|subject| *subject == finding.subject)
            && waiver.test.as_ref().is_none_or(|name| test == Some(&format!("{}::{name}", check.suite)))
    };
    let covered = |finding: &Finding| {
        finding.rule == check.rule && plan.waivers.iter().any(|waiver| covers(waiver, finding))
    };
    !verdict.findings().is_empty() && verdict.findings().iter().all(covered)
}

/// The verdict of each check.
pub(crate) fn verdicts(seen: &Seen) -> BTreeMap<CheckId, Verdict> {
    let verdict = |what: &What| match what {
        What::CheckReused { check, .. } => Some((check.clone(), Verdict::Pass)),
        What::CheckFinished { check, verdict, .. } => Some((check.clone(), verdict.clone())),
        _ => None,
    };
    seen.events.iter().filter_map(verdict).collect()
}
