//! What an inventory comes to: each machine's tags, the members of each role, and the settings of each member.
//!
//! Flows in: a [`Fleet`] as it is written. Flows out: a [`ResolvedFleet`], in time linear in machines times their roles.
//! Must not: look at a file, or refuse anything: what is wrong is in the outcome, for rules to find.
//!
//! The semantics are clan's: clan-core `modules/inventoryClass/inventory.nix`, `modules/clan/computed-tags.nix`,
//! `modules/clan/distributed-services.nix` and `lib/inventory/default.nix`. What differs, and why, is told in
//! `harness/DESIGN/resolution.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    fleet::Fleet,
    inventory::{Instance, Inventory},
    machine::MachineName,
    resolved::{Conflict, ResolvedFleet, ResolvedMachine},
};

use self::{
    clash::Clash,
    role::{Outcome, Who, members},
    tags::Tags,
};

mod clash;
mod definition;
mod merge;
mod role;
mod tags;

pub(crate) use self::merge::RESERVED;

/// Resolves all tags, roles and settings of a fleet.
#[must_use]
pub fn resolve(fleet: Fleet) -> ResolvedFleet {
    let Resolution { machines, roles, conflicts, .. } = Resolution::of(&fleet.inventory);
    let machines = fleet.inventory.machines.keys().cloned().zip(machines).collect();
    ResolvedFleet { fleet, machines, roles, conflicts }
}

struct Resolution<'f> {
    names: Vec<&'f MachineName>,
    /// In the order of the names.
    machines: Vec<ResolvedMachine>,
    roles: BTreeMap<String, BTreeMap<String, BTreeSet<MachineName>>>,
    conflicts: Vec<Conflict>,
}

impl<'f> Resolution<'f> {
    fn of(inventory: &'f Inventory) -> Self {
        let tags = Tags::of(inventory);
        let names = inventory.machines.keys().collect();
        let machines =
            inventory.machines.values().zip(tags.of_machines()).map(|(machine, tags)| ResolvedMachine {
                class: machine.machine_class,
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                roles: BTreeMap::new(),
            });
        let machines = machines.collect();
        let mut resolution = Self { names, machines, roles: BTreeMap::new(), conflicts: Vec::new() };
        for (name, instance) in &inventory.instances {
            resolution.take_instance(name, instance, &tags);
        }
        resolution
    }

    fn take_instance(&mut self, instance_name: &str, instance: &'f Instance, tags: &Tags<'f>) {
        let weakest = merge::alone(&instance.settings);
        let mut roles = BTreeMap::new();
        for (role_name, role) in &instance.roles {
            let members = members((instance_name, role_name), role, &weakest, tags);
            roles.insert(
                role_name.clone(),
                members.iter().filter_map(|(who, _)| self.name(*who)).cloned().collect(),
            );
            for (who, outcome) in members {
                self.take_member(who, instance_name, role_name, &outcome);
            }
        }
        self.roles.insert(instance_name.to_owned(), roles);
    }

    /// A member that is no machine of the inventory stays in `roles` and can have conflicts, but has no entry of its own.
    fn take_member(&mut self, who: Who<'f>, instance: &str, role: &str, outcome: &Outcome) {
        let machine = self.name(who);
        let conflicts = machine
            .into_iter()
            .flat_map(|machine| outcome.clashes.iter().map(|clash| conflict(machine, instance, role, clash)));
        self.conflicts.extend(conflicts);
        if let Who::Machine(index) = who
            && let Some(resolved) = self.machines.get_mut(index)
        {
            let settings = Arc::clone(&outcome.settings);
            resolved.roles.entry(instance.to_owned()).or_default().insert(role.to_owned(), settings);
        }
    }

    fn name(&self, who: Who<'f>) -> Option<&'f MachineName> {
        match who {
            Who::Machine(index) => self.names.get(index).copied(),
            Who::Phantom(name) => Some(name),
        }
    }
}

fn conflict(machine: &MachineName, instance: &str, role: &str, clash: &Clash) -> Conflict {
    Conflict {
        machine: machine.clone(),
        instance: instance.to_owned(),
        role: role.to_owned(),
        option: clash.option.clone(),
        definitions: clash.definitions.clone(),
    }
}
