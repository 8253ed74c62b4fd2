//! A check: one question with a yes or no about one subject, with everything that answering it takes.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    evidence::Reuse,
    fleet::{BootSource, TreeRef},
    machine::MachineName,
    round::Way,
    sighting::{pair::Limits, rules},
    stage::Stage,
    subject::Subject,
    suite::Severity,
};

/// The name of a check, unique in its plan: `<suite>::<check>::<subject or test>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckId(pub String);

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One question of a plan. A worker is told all of this and chooses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub id: CheckId,
    /// The suite that it belongs to.
    pub suite: String,
    /// `<suite>/<check>`: what findings and waivers name.
    pub rule: String,
    /// The rung that it stands on.
    pub stage: Stage,
    /// Whom it is about.
    pub subject: Subject,
    /// Whether its failure closes a gate.
    pub severity: Severity,
    /// Wall time after which it counts as timed out.
    pub limit: Duration,
    /// What is asked.
    pub question: Question,
    /// What evidence for the answer is filed under; `None` where an answer may not be reused.
    pub key: Option<Digest>,
    /// An earlier answer that stands, so that it is not asked again.
    pub reuse: Option<Reuse>,
    /// Why it will not be asked although it was selected.
    pub skip: Option<String>,
    /// Why a pass would prove nothing: the fleet has what it is about, and nobody knows what that is like. Then neither a
    /// pass nor a skip opens its gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<String>,
}

impl Check {
    /// The name of the expression test that it asks, with its tree (`.#tests::a.b`): what a person, a report and a waiver
    /// call it. None for a check of another kind.
    #[must_use]
    pub fn test(&self) -> Option<&str> {
        let Question::Expression { .. } = self.question else { return None };
        let test = self.id.0.strip_prefix(&self.suite).and_then(|rest| rest.strip_prefix("::"));
        Some(test.unwrap_or(&self.id.0))
    }

    /// Whether a finding of this rule may be one of its own: a look at the network finds under rules of its own.
    #[must_use]
    pub fn finds(&self, rule: &str) -> bool {
        match self.question {
            Question::Probe { .. } => rules::is_one(rule),
            _ => self.rule == rule,
        }
    }
}

/// What is asked, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Question {
    /// One test of a nix-unit tree. An empty path asks whether the tree could be walked and has a test at all.
    Expression {
        /// The tree.
        tree: TreeRef,
        /// The test's path in it.
        path: Vec<String>,
    },
    /// One Rego policy over the facts of the run.
    Policy {
        /// Its package, by which [`crate::plan::Plan::policies`] holds it.
        package: String,
    },
    /// One Rego policy over what a machine tells after it was booted as a guest.
    Guest {
        /// The machine.
        machine: MachineName,
        /// The policy's package.
        package: String,
        /// What the guest is given.
        size: GuestSize,
        /// How long it may take to come up.
        limit: Duration,
        /// What is booted.
        #[serde(default, skip_serializing_if = "BootSource::is_configuration")]
        source: BootSource,
    },
    /// Whether a machine reaches whom it must over the overlays and nobody else, and its overlays' daemons are well. Whom it
    /// is asked about stands in [`crate::plan::Plan::round`].
    Probe {
        /// The machine.
        machine: MachineName,
        /// How it is asked; none, where there is no way to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<Way>,
        /// What is good enough.
        limits: Limits,
    },
}

/// What a guest is given of the computer that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestSize {
    /// Memory in MiB.
    pub memory: u32,
    /// Processors.
    pub processors: u16,
}

impl Question {
    /// What answering takes of the computer.
    #[must_use]
    pub fn size(&self) -> GuestSize {
        match self {
            Self::Guest { size, .. } => *size,
            Self::Probe { way: Some(Way::Guest { together }), .. } => *together,
            _ => GuestSize { memory: 0, processors: 1 },
        }
    }

    /// Checks with the same batch key may be answered together by one worker.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        match self {
            Self::Expression { tree, .. } => Batch::Tree(tree),
            Self::Policy { package } => Batch::Policy(package),
            Self::Guest { machine, .. } => Batch::Guest(machine),
            Self::Probe { .. } => Batch::Mesh,
        }
    }
}

/// What checks have in common that one worker can answer together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Batch<'a> {
    /// Tests of one tree; worth sharing in small chunks.
    Tree(&'a TreeRef),
    /// One policy, by its package, for all of its subjects at once.
    Policy(&'a str),
    /// Everything that is asked of one guest, so that it is booted once.
    Guest(&'a MachineName),
    /// Everything that is asked of the network, so that all machines look at the same time.
    Mesh,
}

impl Batch<'_> {
    /// How many checks one worker takes at a time.
    #[must_use]
    pub fn limit(self) -> usize {
        match self {
            Self::Tree(_) => 32,
            Self::Policy(..) | Self::Guest(..) | Self::Mesh => usize::MAX,
        }
    }

    /// Whether its checks are asked together or not at all: none before the last of them may be.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self == Self::Mesh
    }
}
