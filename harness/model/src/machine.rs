//! A machine of the inventory, with clan's field names.
//!
//! Source: clan-core `modules/inventoryClass/interface.nix`.

use std::{borrow::Borrow, collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// The name of a machine. Any text: whether it is a good name is a rule's question, not the type's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineName(pub String);

impl MachineName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for MachineName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl Borrow<str> for MachineName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The module system that a machine is built by, and so the flake output that it stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MachineClass {
    /// `nixosConfigurations`
    #[default]
    Nixos,
    /// `darwinConfigurations`
    Darwin,
    /// `homeConfigurations`; only read from a flake, never in an inventory.
    Home,
}

impl MachineClass {
    /// The class in the words of the inventory.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nixos => "nixos",
            Self::Darwin => "darwin",
            Self::Home => "home",
        }
    }

    /// The flake output that machines of this class stand in.
    #[must_use]
    pub fn flake_output(self) -> &'static str {
        match self {
            Self::Nixos => "nixosConfigurations",
            Self::Darwin => "darwinConfigurations",
            Self::Home => "homeConfigurations",
        }
    }
}

impl fmt::Display for MachineClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `inventory.machines.<name>`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Machine {
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A path to a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// `nixos` where it is not said.
    pub machine_class: MachineClass,
    /// Unix seconds of the installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<i64>,
    /// The machine's own tags, without those that `inventory.tags` and the class add.
    pub tags: BTreeSet<String>,
    /// How it is reached for a deploy.
    pub deploy: Deploy,
}

/// `inventory.machines.<name>.deploy`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deploy {
    /// `user@host:port?SSHOPT=V&...`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_host: Option<String>,
    /// Where it is built, if not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_host: Option<String>,
    /// Whether the operator's SSH agent is forwarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_agent: Option<bool>,
}
