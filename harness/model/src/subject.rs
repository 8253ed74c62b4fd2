//! Whom a check is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::MachineName;

/// The subject of a check or a finding. Written as the machine's name, or `fleet`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The fleet as a whole.
    Fleet,
    /// One machine.
    Machine(MachineName),
}

impl Subject {
    /// The machine, if it is about one.
    #[must_use]
    pub fn machine(&self) -> Option<&MachineName> {
        match self {
            Self::Machine(name) => Some(name),
            Self::Fleet => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.pad("fleet"),
            Self::Machine(name) => f.pad(name.as_str()),
        }
    }
}
