//! Asserts about records that say what was there instead.
//!
//! Flows in: a record. Flows out: nothing, or a panic at the caller's line.

use model::{check::CheckId, plan::Plan, record::Record, verdict::Verdict};

/// The verdict on a check.
///
/// # Panics
/// The check has none.
#[track_caller]
#[must_use]
#[expect(clippy::panic, reason = "an assert")]
pub fn verdict<'r>(record: &'r Record, check: &str) -> &'r Verdict {
    match record.outcomes.get(&CheckId(check.to_owned())) {
        Some(outcome) => &outcome.verdict,
        None => {
            panic!("{check} has no verdict; these have: {:?}", record.outcomes.keys().collect::<Vec<_>>())
        }
    }
}

/// The check passed.
///
/// # Panics
/// It did not.
#[track_caller]
pub fn passed(record: &Record, check: &str) {
    assert_eq!(verdict(record, check), &Verdict::Pass, "{check}");
}

/// The check was skipped for this reason.
///
/// # Panics
/// It was not.
#[track_caller]
pub fn skipped(record: &Record, check: &str, reason: &str) {
    assert_eq!(verdict(record, check), &Verdict::Skipped { reason: reason.to_owned() }, "{check}");
}

/// The run ended in order and every check of the plan has an answer, and no other.
///
/// # Panics
/// One of this is not so.
#[track_caller]
pub fn complete(plan: &Plan, record: &Record) {
    assert!(record.took.is_some(), "the run did not end in order");
    assert!(record.running.is_empty(), "still running: {:?}", record.running);
    let mut planned: Vec<&CheckId> = plan.checks.iter().map(|check| &check.id).collect();
    planned.sort_unstable();
    assert_eq!(record.outcomes.keys().collect::<Vec<_>>(), planned, "checks answered, and checks planned");
}
