//! Which machine carries which tag.
//!
//! Flows in: an inventory. Flows out: the tags of each machine and the machines of each tag.
//! Must not: tell of tags that nobody carries, or of machines that nobody defines.

use std::collections::{BTreeSet, HashMap};

use model::{
    inventory::Inventory,
    machine::{Machine, MachineName},
};

/// A machine's tags are its own, those of `inventory.tags` that list it, `all`, and its class. The last two are only
/// defaults of `inventory.tags.all` and so on: a list that is written there replaces them.
///
/// Machines are told by their index in the order of their names.
pub(super) struct Tags<'f> {
    indices: HashMap<&'f str, usize>,
    of_machines: Vec<BTreeSet<&'f str>>,
    machines: HashMap<&'f str, Vec<usize>>,
}

impl<'f> Tags<'f> {
    pub(super) fn of(inventory: &'f Inventory) -> Self {
        let indices: HashMap<_, _> = inventory.machines.keys().map(MachineName::as_str).zip(0..).collect();
        let mut of_machines: Vec<_> =
            inventory.machines.values().map(|machine| carried_alone(inventory, machine)).collect();
        for (tag, members) in &inventory.tags {
            for member in members.iter().filter_map(|member| indices.get(member.as_str())) {
                of_machines.get_mut(*member).map(|tags| tags.insert(tag));
            }
        }
        Self { machines: inverse(&of_machines), indices, of_machines }
    }

    /// The index of a machine, if it is defined.
    pub(super) fn index(&self, machine: &MachineName) -> Option<usize> {
        self.indices.get(machine.as_str()).copied()
    }

    /// The tags of each machine.
    pub(super) fn of_machines(&self) -> &[BTreeSet<&'f str>] {
        &self.of_machines
    }

    /// The machines that carry a tag, sorted.
    pub(super) fn machines(&self, tag: &str) -> &[usize] {
        self.machines.get(tag).map_or(&[], Vec::as_slice)
    }
}

fn carried_alone<'f>(inventory: &'f Inventory, machine: &'f Machine) -> BTreeSet<&'f str> {
    let computed = ["all", machine.machine_class.as_str()];
    let own = machine.tags.iter().map(String::as_str);
    own.chain(computed.into_iter().filter(|tag| !inventory.tags.contains_key(*tag))).collect()
}

fn inverse<'f>(of_machines: &[BTreeSet<&'f str>]) -> HashMap<&'f str, Vec<usize>> {
    let mut machines: HashMap<_, Vec<_>> = HashMap::new();
    for (index, tags) in of_machines.iter().enumerate() {
        for tag in tags {
            machines.entry(*tag).or_default().push(index);
        }
    }
    machines
}
