//! A fleet whose tags, roles and settings are resolved. Later phases take this type, so none can see an unresolved one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Serialize;
use serde_json::Value;

use crate::{
    fleet::Fleet,
    machine::{MachineClass, MachineName},
    promotion::Signer,
};

/// The fleet and, by machine, what its inventory comes to. Made by `load::resolve` alone.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedFleet {
    /// As it was defined.
    pub fleet: Fleet,
    /// Each machine of the inventory.
    pub machines: BTreeMap<MachineName, ResolvedMachine>,
    /// Each instance, each of its roles, and the role's members: machines that exist, and phantoms too.
    pub roles: BTreeMap<String, BTreeMap<String, BTreeSet<MachineName>>>,
    /// Settings of equal priority that differ.
    pub conflicts: Vec<Conflict>,
}

impl ResolvedFleet {
    /// Whose signatures agree to waves; nobody's, where words need not be signed.
    #[must_use]
    pub fn approvers(&self) -> &[Signer] {
        self.fleet.promotion.as_ref().map(|policy| policy.approvers.as_slice()).unwrap_or_default()
    }
}

/// What the inventory comes to for one machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResolvedMachine {
    /// Its module system.
    pub class: MachineClass,
    /// Its own tags, those of `inventory.tags`, and the computed ones (`all`, its class).
    pub tags: BTreeSet<String>,
    /// By instance, then role: the merged settings, a JSON object. Machines with the same settings share them.
    pub roles: BTreeMap<String, BTreeMap<String, Arc<Value>>>,
}

/// Two definitions of equal priority that give one option different values: clan's modules refuse this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Whose settings conflict.
    pub machine: MachineName,
    /// The instance.
    pub instance: String,
    /// The role.
    pub role: String,
    /// The option's path within the settings.
    pub option: Vec<String>,
    /// Pointers into the facts document of the definitions, in the order in which they merge.
    pub definitions: Vec<String>,
}
