//! A fleet as it is defined, before anything is resolved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    ask::Ask, check::GuestSize, facts::Places, inventory::Inventory, promotion::Promotion, waiver::Waiver,
};

/// Everything that is defined about a fleet, with where each part is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// How it was read.
    pub source: FleetSource,
    /// clan's inventory.
    pub inventory: Inventory,
    /// The nix-unit trees that `fleet.toml` names; `None` means: look in the flake's usual outputs.
    pub trees: Option<Vec<TreeRef>>,
    /// How its machines are booted as guests.
    pub boot: BootTerms,
    /// What is asked of them then.
    pub asks: Vec<Ask>,
    /// How a configuration may reach the machines; `None`: nothing is said.
    pub promotion: Option<Promotion>,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
    /// Pointers into the facts document (`/inventory/machines/cinnabar`) and where they are written.
    pub places: Places,
}

/// How the machines of a fleet are booted as guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootTerms {
    /// How long one may take from the start of its virtual machine until it is up.
    pub limit: Duration,
    /// What each is given.
    pub size: GuestSize,
}

impl Default for BootTerms {
    /// As much as nixpkgs' own tests give their guests, and ten times as long as hardware would take: emulation does.
    fn default() -> Self {
        Self { limit: Duration::from_secs(300), size: GuestSize { memory: 1024, processors: 1 } }
    }
}

/// How a fleet was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FleetSource {
    /// `fleet.toml`
    FleetToml,
    /// clan's inventory, by evaluating the flake.
    Clan,
    /// The names and classes of the flake's configurations.
    Flake,
}

/// Where a tree of expression tests is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TreeRef {
    /// An attribute of the flake, evaluated pure: `.#tests` is `["tests"]`.
    Flake {
        /// From the flake's outputs inwards.
        attribute: Vec<String>,
    },
    /// A Nix file, evaluated as nix-unit's file mode does; a function is called with `{}`. Impure, so never reused.
    File {
        /// Relative to the project's folder.
        path: String,
    },
}

impl std::fmt::Display for TreeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flake { attribute } => write!(f, ".#{}", attribute.join(".")),
            Self::File { path } => f.write_str(path),
        }
    }
}
