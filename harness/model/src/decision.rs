//! What the gates say after a run.

use serde::{Deserialize, Serialize};

use crate::{check::CheckId, finding::Finding, stage::Stage, subject::Subject, waiver::Waiver};

/// All the gates of a plan, and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// One for each stage and subject of the plan, by stage.
    pub gates: Vec<Gate>,
    /// Findings that a waiver accepts, each with it.
    pub waived: Vec<(Finding, Waiver)>,
    /// Waivers that nothing needed although everything was asked.
    #[serde(default)]
    pub idle: Vec<Waiver>,
    /// Findings of checks of severity warning: told, and no gate closes.
    pub warnings: Vec<Finding>,
    /// The whole.
    pub outcome: Outcome,
}

/// All the checks of one stage for one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The rung.
    pub stage: Stage,
    /// Whose it is.
    pub subject: Subject,
    /// Open, closed, or not known.
    pub state: GateState,
    /// The checks that keep it from being open, each with why in a few words.
    pub reasons: Vec<(CheckId, String)>,
}

/// Whether a gate lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateState {
    /// Every check passed or its findings are waived.
    Open,
    /// A check was not asked or the harness could not tell.
    Undecided,
    /// A check failed.
    Closed,
}

/// What a run comes to; the process's exit code says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every gate is open, and there is at least one.
    Open,
    /// Something was not asked: nothing selected, or interrupted.
    Undecided,
    /// The harness could not tell.
    Broken,
    /// A gate is closed.
    Closed,
}
