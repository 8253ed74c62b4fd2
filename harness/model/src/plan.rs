//! A plan: a pinned list of checks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    check::Check, digest::Digest, fleet::FleetSource, machine::MachineName, round::Round, stage::Stage,
    suite::Policy, waiver::Waiver,
};

/// What will be asked, in order: by stage, then suite, then subject. Made by `plan::Draft::lint` alone, so a plan that
/// was not linted does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What the plan is about.
    pub header: Header,
    /// Sorted by stage.
    pub checks: Vec<Check>,
    /// The policies that the checks name, by package: each once, however many machines it is asked of.
    pub policies: BTreeMap<String, Policy>,
    /// Who is asked about whom, where the network is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// The waivers that counted on the day the plan was made: whom they cover climbs on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<Waiver>,
    /// What is worth saying about the plan: stages without a check, suites that select nothing...
    pub notes: Vec<Note>,
}

/// What a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The fleet's name.
    pub fleet: String,
    /// How the fleet was read.
    pub source: FleetSource,
    /// `seaworthy`'s version.
    pub tool: String,
    /// What the machine that runs the plan can do, as part of the evidence: `nix 2.34.8`, `x86_64-linux`...
    pub capabilities: Vec<String>,
    /// Over the source tree.
    pub tree: Digest,
    /// The machines that were selected.
    pub machines: BTreeSet<MachineName>,
    /// The stages that were selected.
    pub stages: BTreeSet<Stage>,
    /// Whether a selection was made at all: then an open gate is open as far as was selected.
    #[serde(default)]
    pub partial: bool,
}

/// Something worth saying about a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// No check stands on this stage: nothing is proven there.
    EmptyStage {
        /// The stage.
        stage: Stage,
    },
    /// There are checks of this stage, and the selection leaves them out.
    Unselected {
        /// The stage.
        stage: Stage,
    },
    /// A suite is there but none of its checks is in the plan.
    EmptySuite {
        /// The suite.
        suite: String,
        /// Why.
        reason: String,
    },
    /// An overlay network of the fleet is not up where machines are looked at.
    OverlayNotUp {
        /// Its instance.
        overlay: String,
        /// Why.
        reason: String,
    },
    /// The flake has no tree of expression tests.
    NoTests,
    /// The fleet has no machine and no test: whatever passes, nothing is proven.
    NothingToProve,
    /// The flake has an output that nothing reads, and none of a name like it that would be read.
    OutputNotRead {
        /// The output.
        output: String,
        /// The one that may be meant.
        meant: String,
    },
}
