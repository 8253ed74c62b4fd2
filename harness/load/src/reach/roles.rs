//! Which roles of an instance each machine is in, and what puts it there.
//!
//! Flows in: the resolved fleet. Flows out: roles by machine. Must not: know what a role does.

use std::collections::BTreeMap;

use model::{machine::MachineName, overlay::Given, resolved::ResolvedFleet};

/// The roles of a machine; none if it is no member.
pub(super) fn of(fleet: &ResolvedFleet, instance: &str, machine: &MachineName) -> BTreeMap<String, Given> {
    let members = fleet.roles.get(instance).into_iter().flatten();
    let own = members.filter(|(_, members)| members.contains(machine));
    own.map(|(role, _)| (role.clone(), given(fleet, instance, role, machine))).collect()
}

fn given(fleet: &ResolvedFleet, instance: &str, role: &str, machine: &MachineName) -> Given {
    let written = fleet.fleet.inventory.instances.get(instance).and_then(|instance| instance.roles.get(role));
    let carried = fleet.machines.get(machine).map(|machine| &machine.tags);
    let asked = written.into_iter().flat_map(|role| role.tags.keys());
    Given {
        named: written.is_some_and(|role| role.machines.contains_key(machine)),
        tags: asked.filter(|tag| carried.is_some_and(|carried| carried.contains(*tag))).cloned().collect(),
    }
}
