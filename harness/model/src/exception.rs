//! What a fleet's owner states about who reaches whom, in the place of what follows from the configurations.

use std::fmt;

use crate::{machine::MachineName, resolved::ResolvedMachine};

/// One `[[mesh.exceptions]]` entry of `fleet.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Who reaches.
    pub from: Party,
    /// Who is reached.
    pub to: Party,
    /// The overlay; `None` means every one.
    pub overlay: Option<String>,
    /// Whether they must reach, or must not.
    pub reach: bool,
    /// Why; never empty.
    pub reason: String,
}

/// One machine, or those that carry a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// This machine.
    Machine(MachineName),
    /// Every machine with this tag.
    Tag(String),
}

impl Party {
    /// Whether a machine belongs to it.
    #[must_use]
    pub fn holds(&self, name: &MachineName, machine: &ResolvedMachine) -> bool {
        match self {
            Self::Machine(own) => own == name,
            Self::Tag(tag) => machine.tags.contains(tag),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine(name) => write!(f, "`{name}`"),
            Self::Tag(tag) => write!(f, "tag `{tag}`"),
        }
    }
}
