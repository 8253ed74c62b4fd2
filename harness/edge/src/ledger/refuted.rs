//! Answers that speak against what a key stands for.
//!
//! Flows in: keys, and the runs in which they failed. Flows out: what those runs found. Must not: read more journals than these.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use model::{check::CheckId, digest::Digest, event::What, evidence::RunId, verdict::Verdict};

use super::{Ledger, LedgerError, Note};
use crate::{
    journal::{JournalError, Lines},
    state::State,
};

/// A failure on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuted {
    /// The run that asked.
    pub run: RunId,
    /// When it was answered.
    pub at: Timestamp,
    /// The failure, with its findings.
    pub verdict: Verdict,
}

impl Ledger {
    /// The newest failure of each of these keys that ever failed, told from the journal of its run.
    ///
    /// # Errors
    /// The index can be neither used nor made anew.
    pub fn refuted(&mut self, keys: &[Digest]) -> Result<(HashMap<Digest, Refuted>, Vec<Note>), LedgerError> {
        let (runs, mut notes) = self.with_repair(|index, _| Ok(index.failures(keys)?))?;
        let mut of_run: HashMap<RunId, HashSet<Digest>> = HashMap::new();
        for (key, run) in runs {
            of_run.entry(run).or_default().insert(key);
        }
        let mut refuted = HashMap::new();
        for (run, keys) in of_run {
            match failures(&self.state, &run, &keys) {
                Ok(found) => refuted.extend(found),
                Err(source) => notes.push(Note::Unreadable { run, source }),
            }
        }
        Ok((refuted, notes))
    }
}

fn failures(
    state: &State,
    run: &RunId,
    wanted: &HashSet<Digest>,
) -> Result<HashMap<Digest, Refuted>, JournalError> {
    let (plan, lines) = Lines::open(state, run)?;
    let of =
        |check: &model::check::Check| Some((check.id.clone(), check.key.filter(|key| wanted.contains(key))?));
    let keys: HashMap<CheckId, Digest> = plan.checks.iter().filter_map(of).collect();
    let mut found = HashMap::new();
    for event in lines {
        let event = event?;
        let What::CheckFinished { check, verdict: verdict @ Verdict::Fail { .. }, .. } = event.what else {
            continue;
        };
        if let Some(key) = keys.get(&check) {
            found.insert(*key, Refuted { run: run.clone(), at: event.at, verdict });
        }
    }
    Ok(found)
}
