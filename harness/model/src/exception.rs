//! What a fleet's owner states about who reaches whom, in the place of what follows from the configurations.

use serde::{Deserialize, Serialize};

use crate::{machine::MachineName, place::Place, reach::Reach, resolved::ResolvedMachine};

/// One `[[mesh.exceptions]]` entry of `fleet.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Who reaches.
    pub from: Party,
    /// Who is reached.
    pub to: Party,
    /// The overlay; `None` means every one that both are on.
    pub overlay: Option<String>,
    /// What is expected; `Unknown` where it is not to be judged.
    pub reach: Reach,
    /// Why; never empty.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

impl Exception {
    /// Whether it is about an overlay.
    #[must_use]
    pub fn is_over(&self, overlay: &str) -> bool {
        self.overlay.as_deref().is_none_or(|own| own == overlay)
    }
}

/// Machines by name, and those that carry one of some tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// These.
    pub machines: Vec<MachineName>,
    /// Every machine with one of these.
    pub tags: Vec<String>,
}

impl Party {
    /// Whether a machine belongs to it.
    #[must_use]
    pub fn holds(&self, name: &MachineName, machine: &ResolvedMachine) -> bool {
        self.machines.contains(name) || self.tags.iter().any(|tag| machine.tags.contains(tag))
    }
}
