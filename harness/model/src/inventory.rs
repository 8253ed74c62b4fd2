//! clan's inventory, field names verbatim, as it is written: nothing resolved yet.
//!
//! Source: clan-core `modules/inventoryClass/{inventory,role,meta}.nix`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine::{Machine, MachineName};

/// The whole of `inventory`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Name and domain of the fleet.
    pub meta: Meta,
    /// By name.
    pub machines: BTreeMap<MachineName, Machine>,
    /// By name.
    pub instances: BTreeMap<String, Instance>,
    /// `tags.<tag>` lists machines that carry the tag beside those that name it themselves.
    pub tags: BTreeMap<String, BTreeSet<MachineName>>,
}

/// `inventory.meta`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The fleet's name.
    pub name: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A path to a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The search domain of the machines' names; clan's default is `clan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Deprecated by clan in favour of `domain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tld: Option<String>,
}

/// `inventory.instances.<name>`: one use of a service's module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// The module that defines the roles.
    pub module: Module,
    /// By role name.
    pub roles: BTreeMap<String, Role>,
    /// The weakest level of settings. clan itself has none at this level.
    #[serde(skip_serializing_if = "is_empty")]
    pub settings: Value,
}

/// `inventory.instances.<name>.module`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    /// The instance's own name where it is not said.
    pub name: Option<String>,
    /// clan-core where it is not said; `self` is the fleet's own flake.
    pub input: Option<String>,
}

/// `inventory.instances.<name>.roles.<role>`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// Machines that are named.
    pub machines: BTreeMap<MachineName, Member>,
    /// Tags whose machines are members.
    pub tags: BTreeMap<String, Member>,
    /// For all members.
    #[serde(skip_serializing_if = "is_empty")]
    pub settings: Value,
}

/// A machine or a tag of a role, with what it sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// A JSON object, or null for none.
    #[serde(skip_serializing_if = "is_empty")]
    pub settings: Value,
}

fn is_empty(settings: &Value) -> bool {
    settings.is_null() || settings.as_object().is_some_and(serde_json::Map::is_empty)
}
