//! Tags that every fleet has without writing them: `all`, and one a class. clan's serialised inventory lists them with
//! the machines that they came to; written into a file, such a list would leave out each machine that is added later.
//!
//! Flows in: an inventory. Flows out: the same without what is computed anyway. Must not: change which tags a machine
//! carries in the end.

use std::collections::BTreeSet;

use model::{
    inventory::Inventory,
    machine::{MachineClass, MachineName},
};

/// The inventory without the tags that are computed, and without a machine's tags that it is given elsewhere as well.
#[must_use]
pub fn without_computed(mut inventory: Inventory) -> Inventory {
    let computed = [None, Some(MachineClass::Nixos), Some(MachineClass::Darwin)];
    for class in computed {
        let tag = class.map_or("all", MachineClass::as_str);
        if inventory.tags.get(tag) == Some(&members(&inventory, class)) {
            inventory.tags.remove(tag);
        }
    }
    for (name, machine) in &mut inventory.machines {
        let class = machine.machine_class.as_str();
        let tags = &inventory.tags;
        machine.tags.retain(|tag| match tags.get(tag) {
            Some(members) => !members.contains(name),
            None => tag != "all" && tag != class,
        });
    }
    inventory
}

/// The machines of a class, or all.
fn members(inventory: &Inventory, class: Option<MachineClass>) -> BTreeSet<MachineName> {
    let machines = inventory.machines.iter();
    let machines = machines.filter(|(_, machine)| class.is_none_or(|class| machine.machine_class == class));
    machines.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use model::machine::Machine;

    use super::*;

    fn inventory(machines: &[(&str, MachineClass, &[&str])], tags: &[(&str, &[&str])]) -> Inventory {
        let machine = |(name, machine_class, tags): &(&str, MachineClass, &[&str])| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            (MachineName::from(*name), Machine { machine_class: *machine_class, tags, ..Machine::default() })
        };
        let tag = |(tag, members): &(&str, &[&str])| {
            ((*tag).to_owned(), members.iter().map(|name| MachineName::from(*name)).collect())
        };
        Inventory {
            machines: machines.iter().map(machine).collect(),
            tags: tags.iter().map(tag).collect(),
            ..Inventory::default()
        }
    }

    use MachineClass::{Darwin, Nixos};

    #[test]
    fn what_clan_computed_is_not_written() {
        let serialised = inventory(
            &[("mac", Darwin, &["all", "darwin", "desk"]), ("web", Nixos, &["all", "nixos", "vps"])],
            &[("all", &["mac", "web"]), ("darwin", &["mac"]), ("nixos", &["web"]), ("vps", &["web"])],
        );
        let written = inventory(&[("mac", Darwin, &["desk"]), ("web", Nixos, &[])], &[("vps", &["web"])]);
        assert_eq!(without_computed(serialised), written);
    }

    #[test]
    fn what_the_user_made_of_such_a_tag_stays() {
        let own = inventory(
            &[("mac", Darwin, &["nixos", "all"]), ("web", Nixos, &[])],
            &[("all", &["web"]), ("darwin", &[])],
        );
        assert_eq!(without_computed(own.clone()), own);
    }
}
