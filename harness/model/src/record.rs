//! The record of a run: the fold of its events.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    check::CheckId,
    event::{Event, What},
    evidence::{Reuse, RunId},
    verdict::Verdict,
};

/// What is known of a run after some of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The run, once it has started.
    pub run: Option<RunId>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// Every check that has been answered.
    pub outcomes: BTreeMap<CheckId, Outcome>,
    /// Checks that were started and not answered yet.
    pub running: BTreeMap<CheckId, Timestamp>,
    /// Whether the user asked to stop.
    pub interrupted: bool,
    /// How long the run took, from the start of the command on, once it has ended in order.
    pub took: Option<Duration>,
}

/// How a check came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// How long it took; zero when it was reused.
    pub took: Duration,
    /// The earlier answer that stands for it.
    pub reuse: Option<Reuse>,
}

impl Record {
    /// The record of some events.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.apply(event));
        record
    }

    /// Takes one more event into the record.
    pub fn apply(&mut self, event: &Event) {
        match &event.what {
            What::RunStarted { run, .. } => {
                self.run = Some(run.clone());
                self.started = Some(event.at);
            }
            What::CheckReused { check, reuse } => {
                let outcome =
                    Outcome { verdict: Verdict::Pass, took: Duration::ZERO, reuse: Some(reuse.clone()) };
                self.outcomes.insert(check.clone(), outcome);
            }
            What::CheckStarted { check } => {
                self.running.insert(check.clone(), event.at);
            }
            What::CheckFinished { check, verdict, took, .. } => {
                self.running.remove(check);
                let outcome = Outcome { verdict: verdict.clone(), took: *took, reuse: None };
                self.outcomes.insert(check.clone(), outcome);
            }
            What::Interrupted => self.interrupted = true,
            What::RunEnded { took } => self.took = Some(*took),
        }
    }
}
