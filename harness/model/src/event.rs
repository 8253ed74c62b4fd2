//! What happened in a run, in order. Events are a run's only output; every report is made from them.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    artifact::Artifact,
    check::CheckId,
    digest::Digest,
    evidence::{Reuse, RunId},
    measurement::Measurement,
    sighting::seen::Seen,
    verdict::Verdict,
};

/// An event and when it happened, by the host's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The run began. Always the first event, and there is one.
    RunStarted {
        /// The run.
        run: RunId,
        /// Over the plan, which stands beside the journal in `plan.json`.
        plan: Digest,
        /// How many checks the plan has.
        checks: usize,
    },
    /// An earlier pass stands for this check.
    CheckReused {
        /// The check.
        check: CheckId,
        /// What it relies on.
        reuse: Reuse,
    },
    /// A worker was told to answer this check.
    CheckStarted {
        /// The check.
        check: CheckId,
    },
    /// A check learnt numbers of its subject. Any number of times, but only after it was started and before it is finished.
    Measured {
        /// The check.
        check: CheckId,
        /// Never empty.
        measurements: Vec<Measurement>,
    },
    /// A check was not asked of its subject as it is: parts of it were not there, or others stood for them. Only after it was
    /// started and before it is finished.
    Replaced {
        /// The check.
        check: CheckId,
        /// What, in words. Never empty.
        replaced: Vec<String>,
    },
    /// A machine's check learnt what it saw of others. Only after it was started and before it is finished.
    Sighted {
        /// The check.
        check: CheckId,
        /// Never empty.
        seen: Vec<Seen>,
    },
    /// A check left a file behind, which is whole now. Only after it was started and before it is finished.
    Kept {
        /// The check.
        check: CheckId,
        /// The file.
        artifact: Artifact,
    },
    /// The check has its verdict. Each check of the plan ends so or is reused, exactly once.
    CheckFinished {
        /// The check.
        check: CheckId,
        /// The answer.
        #[serde(flatten)]
        verdict: Verdict,
        /// How long it took.
        took: Duration,
        /// What evidence for it is filed under; only with a pass.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Digest>,
    },
    /// The user asked to stop.
    Interrupted,
    /// The run ended in order. Always the last event; a journal without it was cut off.
    RunEnded {
        /// From the start of the command to the end of the run.
        took: Duration,
    },
}
