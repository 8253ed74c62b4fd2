//! The answer to a check.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// The answer to a check. Only [`Verdict::Pass`] opens a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Pass,
    /// No, and why; never empty.
    Fail {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The harness could not tell. Never the subject's fault.
    Broken {
        /// What broke.
        fault: Fault,
    },
    /// No answer within the limit.
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// It was not asked.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// Whether it opens a gate.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self, Self::Pass)
    }

    /// The findings of a failure; none for any other verdict.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Fail { findings } => findings,
            _ => &[],
        }
    }
}

/// Something of the harness that broke, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What broke, in a sentence without a full stop.
    pub what: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The tool's own last words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}
