//! The rungs of the ladder.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A rung of the ladder that each machine climbs; the order of the variants is the order of the rungs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The configuration evaluates and its expression tests hold.
    Expressions,
    /// The fleet's structure holds.
    Invariants,
    /// Secrets are there, readable by those who should and by no others.
    Secrets,
    /// The closures build.
    Build,
    /// Hosts come up in a virtual machine.
    Boot,
    /// A dry run of the activation says what it would do.
    Activation,
    /// Who must reach whom does, and who must not does not.
    Mesh,
    /// Sizes and times stay within their limits.
    Budgets,
}

/// A text names no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no stage is called {0:?}")]
pub struct NoSuchStage(pub String);

impl Stage {
    /// All of them, lowest first.
    pub const ALL: [Self; 8] = [
        Self::Expressions,
        Self::Invariants,
        Self::Secrets,
        Self::Build,
        Self::Boot,
        Self::Activation,
        Self::Mesh,
        Self::Budgets,
    ];

    /// The stage's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expressions => "expressions",
            Self::Invariants => "invariants",
            Self::Secrets => "secrets",
            Self::Build => "build",
            Self::Boot => "boot",
            Self::Activation => "activation",
            Self::Mesh => "mesh",
            Self::Budgets => "budgets",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = NoSuchStage;

    fn from_str(text: &str) -> Result<Self, NoSuchStage> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text).ok_or_else(|| NoSuchStage(text.to_owned()))
    }
}
