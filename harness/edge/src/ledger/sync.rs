//! Takes journals into the index.
//!
//! Flows in: the journals of a project's runs. Flows out: an index that knows them. Must not: change a journal.

use std::{collections::HashMap, fs, os::unix::fs::MetadataExt as _};

use model::{
    check::CheckId, digest::Digest, event::What, evidence::RunId, measurement::Measurement, verdict::Verdict,
};

use super::{
    Note,
    index::{Answers, Index, Passed, Stamp},
    repair::Failure,
};
use crate::{
    journal::{self, EVENTS, JournalError, Lines},
    state::State,
};

/// Takes in every run whose journal has changed since it was taken in, and forgets runs that are gone.
pub(crate) fn take_in_all(index: &mut Index, state: &State) -> Result<Vec<Note>, Failure> {
    let mut known = index.runs()?;
    let mut notes = Vec::new();
    for run in journal::list(state).map_err(super::LedgerError::from)? {
        let before = known.remove(&run);
        notes.extend(take_in_since(index, state, &run, before)?);
    }
    for gone in known.keys() {
        index.forget(gone)?;
    }
    Ok(notes)
}

/// Takes in one run, if its journal has changed since it was taken in.
pub(crate) fn take_in(index: &mut Index, state: &State, run: &RunId) -> Result<Option<Note>, Failure> {
    let before = index.stamp(run)?;
    take_in_since(index, state, run, before)
}

fn take_in_since(
    index: &mut Index,
    state: &State,
    run: &RunId,
    before: Option<Stamp>,
) -> Result<Option<Note>, Failure> {
    // Taken before reading: what is written meanwhile makes another stamp, and the run is read again.
    let stamp = stamp(state, run);
    if before == Some(stamp) {
        return Ok(None);
    }
    match answers(state, run) {
        Ok(answers) => {
            index.take_in(run, stamp, &answers)?;
            Ok(None)
        }
        Err(source) => {
            index.take_in(run, stamp, &Answers::default())?;
            Ok(Some(Note::Unreadable { run: run.clone(), source }))
        }
    }
}

/// What a run answered. A run that was cut off counts as far as its journal goes.
fn answers(state: &State, run: &RunId) -> Result<Answers, JournalError> {
    let (plan, lines) = Lines::open(state, run)?;
    let keys: HashMap<&CheckId, Digest> =
        plan.checks.iter().filter_map(|check| Some((&check.id, check.key?))).collect();
    let mut answers = Answers::default();
    let mut measured: HashMap<CheckId, Vec<Measurement>> = HashMap::new();
    for event in lines {
        let event = event?;
        let (check, verdict) = match event.what {
            What::Measured { check, measurements } => {
                measured.entry(check).or_default().extend(measurements);
                continue;
            }
            What::CheckFinished { check, verdict, .. } => (check, verdict),
            _ => continue,
        };
        let measurements = measured.remove(&check).unwrap_or_default();
        let Some(key) = keys.get(&check).copied() else { continue };
        match verdict {
            Verdict::Pass => answers.passes.push(Passed { key, check, at: event.at, measurements }),
            Verdict::Fail { .. } => answers.failures.push(key),
            // The harness could not tell, or did not ask: that says nothing about what the key stands for.
            Verdict::Broken { .. } | Verdict::TimedOut { .. } | Verdict::Skipped { .. } => {}
        }
    }
    Ok(answers)
}

fn stamp(state: &State, run: &RunId) -> Stamp {
    let file = fs::metadata(state.runs().join(&run.0).join(EVENTS)).ok();
    let size = file.as_ref().map_or(-1, |file| i64::try_from(file.len()).unwrap_or(i64::MAX));
    let changed = file
        .as_ref()
        .map_or(0, |file| file.mtime().saturating_mul(1_000_000_000).saturating_add(file.mtime_nsec()));
    Stamp { size, changed }
}
