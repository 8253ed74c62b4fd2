//! Evidence: an answer that may stand for a later run with the same content, with what was measured on the way.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{check::CheckId, digest::Digest, measurement::Measurement};

/// The name of a run: its folder under `.seaworthy/runs/`. Sorts by time of start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A pass that was recorded. Nothing but a pass is evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Over subject, check definition, capabilities and tool version.
    pub key: Digest,
    /// Which check it was.
    pub check: CheckId,
    /// The run that asked.
    pub run: RunId,
    /// When it was answered, by the host's clock.
    pub at: Timestamp,
    /// What was measured then.
    pub measurements: Vec<Measurement>,
}

/// An earlier answer that a plan relies on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    /// The run that asked.
    pub run: RunId,
    /// When it was answered.
    pub at: Timestamp,
    /// What was measured then, in that run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measurements: Vec<Measurement>,
}
