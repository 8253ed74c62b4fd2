//! A fleet as it is defined, before anything is resolved.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    ask::Ask, check::GuestSize, exception::Exception, facts::Places, inventory::Inventory,
    machine::MachineName, promotion::Promotion, waiver::Waiver,
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
    /// What its owner states about who reaches whom.
    pub exceptions: Vec<Exception>,
    /// How a configuration may reach the machines; `None`: nothing is said.
    pub promotion: Option<Promotion>,
    /// Accepted findings.
    pub waivers: Vec<Waiver>,
    /// Pointers into the facts document (`/inventory/machines/cinnabar`) and where they are written.
    pub places: Places,
}

/// How the machines of a fleet are booted as guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootTerms {
    /// How long one may take from the start of its virtual machine until it is up.
    pub limit: Duration,
    /// What each is given.
    pub size: GuestSize,
    /// What is booted of machines whose configuration offers nothing that boots.
    pub given: BTreeMap<MachineName, Given>,
}

/// What is booted in a machine's place: the first of these that there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootSource {
    /// Its own configuration, extended by what a guest needs.
    #[default]
    Configuration,
    /// The virtual machine that its configuration offers: `config.system.build.vm`.
    VmBuild,
    /// What `[boot.given.<machine>]` says.
    Given(Given),
}

impl BootSource {
    /// As facts and reports have it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::VmBuild => "vm-build",
            Self::Given(_) => "given",
        }
    }

    /// Whether it is the machine's own configuration.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        *self == Self::Configuration
    }
}

/// What is booted of a machine whose configuration offers nothing that boots. Each part is an output of the flake (`.#kernel`),
/// which nix builds, or a path in the fleet's folder (`boot/vmlinuz`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The kernel's image.
    pub kernel: String,
    /// The initial file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initrd: Option<String>,
    /// The image of a disk: the guest's first. What the guest writes to it is gone with the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What the kernel is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub append: String,
}

impl Default for BootTerms {
    /// As much as nixpkgs' own tests give their guests, and ten times as long as hardware would take: emulation does.
    fn default() -> Self {
        let size = GuestSize { memory: 1024, processors: 1 };
        Self { limit: Duration::from_secs(300), size, given: BTreeMap::new() }
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
