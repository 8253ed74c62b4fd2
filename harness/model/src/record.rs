//! The record of a run: the fold of its events.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    artifact::Artifact,
    check::CheckId,
    event::{Event, What},
    evidence::{Reuse, RunId},
    measurement::Measurement,
    sighting::seen::Seen,
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
    /// What checks of this run measured and left behind, those that are not answered included.
    #[serde(default)]
    pub taken: BTreeMap<CheckId, Taken>,
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

/// What a check came back with beside its verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// In the order in which they were taken.
    pub measurements: Vec<Measurement>,
    /// In the order in which they were left.
    pub artifacts: Vec<Artifact>,
    /// What of its subject was replaced.
    #[serde(default)]
    pub replaced: Vec<String>,
    /// What it saw of others.
    #[serde(default)]
    pub seen: Vec<Seen>,
}

impl Record {
    /// The record of some events.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut record = Self::default();
        events.into_iter().for_each(|event| record.apply(event));
        record
    }

    /// What is known in numbers by a check: what it measured in this run, else what was measured when the answer was given
    /// that stands for it.
    #[must_use]
    pub fn measurements(&self, check: &CheckId) -> &[Measurement] {
        let earlier = || self.outcomes.get(check)?.reuse.as_ref().map(|reuse| reuse.measurements.as_slice());
        match self.taken.get(check) {
            Some(taken) if !taken.measurements.is_empty() => &taken.measurements,
            _ => earlier().unwrap_or_default(),
        }
    }

    /// What of a check's subject was replaced when it was answered, in this run or in the one whose answer stands for it.
    #[must_use]
    pub fn replaced(&self, check: &CheckId) -> &[String] {
        let earlier = || self.outcomes.get(check)?.reuse.as_ref().map(|reuse| reuse.replaced.as_slice());
        earlier().or_else(|| Some(self.taken.get(check)?.replaced.as_slice())).unwrap_or_default()
    }

    /// What a machine's check saw of others.
    #[must_use]
    pub fn seen(&self, check: &CheckId) -> &[Seen] {
        self.taken.get(check).map_or(&[], |taken| &taken.seen)
    }

    /// The files that a check left behind in this run.
    #[must_use]
    pub fn artifacts(&self, check: &CheckId) -> &[Artifact] {
        self.taken.get(check).map_or(&[], |taken| &taken.artifacts)
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
            What::Measured { check, measurements } => {
                self.taken.entry(check.clone()).or_default().measurements.extend_from_slice(measurements);
            }
            What::Replaced { check, replaced } => {
                self.taken.entry(check.clone()).or_default().replaced.extend_from_slice(replaced);
            }
            What::Sighted { check, seen } => {
                self.taken.entry(check.clone()).or_default().seen.extend_from_slice(seen);
            }
            What::Kept { check, artifact } => {
                self.taken.entry(check.clone()).or_default().artifacts.push(artifact.clone());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{digest::Digest, measurement::Unit};

    fn seconds(value: u32) -> Measurement {
        let metric = "boot/time".try_into().unwrap();
        Measurement { metric, of: None, value: value.into(), unit: Unit::Seconds }
    }

    fn of(whats: impl IntoIterator<Item = What>) -> Record {
        let at = Timestamp::UNIX_EPOCH;
        Record::of(&whats.into_iter().map(|what| Event { at, what }).collect::<Vec<_>>())
    }

    fn check() -> CheckId {
        CheckId("boot::comes-up::amber".to_owned())
    }

    #[test]
    fn what_was_measured_and_kept_is_known_before_there_is_an_answer() {
        let artifact = Artifact {
            name: "console".to_owned(),
            path: "console/amber.log".to_owned(),
            digest: Digest::of(""),
            bytes: 0,
        };
        let record = of([
            What::CheckStarted { check: check() },
            What::Measured { check: check(), measurements: vec![seconds(1)] },
            What::Kept { check: check(), artifact: artifact.clone() },
            What::Measured { check: check(), measurements: vec![seconds(2), seconds(3)] },
            What::Replaced { check: check(), replaced: vec!["the disks".to_owned()] },
        ]);
        assert_eq!(record.replaced(&check()), ["the disks"]);
        assert_eq!(record.measurements(&check()), [seconds(1), seconds(2), seconds(3)]);
        assert_eq!(record.artifacts(&check()), [artifact]);
        assert_eq!(record.artifacts(&CheckId("other".to_owned())), []);
    }

    #[test]
    fn an_answer_that_is_reused_brings_its_numbers_along() {
        let (run, at) = (RunId("run".to_owned()), Timestamp::UNIX_EPOCH);
        let reuse = Reuse { run, at, measurements: vec![seconds(4)], replaced: vec!["the disks".to_owned()] };
        let reused = What::CheckReused { check: check(), reuse };
        assert_eq!(of([reused.clone()]).measurements(&check()), [seconds(4)]);
        assert_eq!(of([reused.clone()]).replaced(&check()), ["the disks"]);
        let measured = What::Measured { check: check(), measurements: vec![seconds(5)] };
        assert_eq!(of([reused, measured]).measurements(&check()), [seconds(5)], "the newer ones");
    }
}
