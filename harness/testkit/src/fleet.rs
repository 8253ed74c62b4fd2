//! Fleets with good defaults.
//!
//! Flows in: the one thing that matters to a test. Flows out: a [`Fleet`].
//! Must not: read files, or check that the fleet makes sense.

use model::{
    fleet::{Fleet, FleetSource},
    inventory::{Instance, Inventory, Meta, Role},
    machine::{Machine, MachineClass, MachineName},
    place::Place,
};
use serde_json::Value;

/// A fleet under construction: called `lagoon`, read from `fleet.toml`, empty.
#[derive(Debug, Clone)]
pub struct FleetBuilder(Fleet);

/// An empty fleet.
#[must_use]
pub fn fleet() -> FleetBuilder {
    let meta = Meta { name: Some("lagoon".to_owned()), ..Meta::default() };
    FleetBuilder(Fleet {
        source: FleetSource::FleetToml,
        inventory: Inventory { meta, ..Inventory::default() },
        trees: None,
        boot: Default::default(),
        asks: Vec::new(),
        exceptions: Vec::new(),
        promotion: None,
        waivers: Vec::new(),
        places: model::facts::Places::default(),
    })
}

impl FleetBuilder {
    /// With a NixOS machine that carries some tags.
    #[must_use]
    pub fn machine(self, name: &str, tags: &[&str]) -> Self {
        self.machine_of(MachineClass::Nixos, name, tags)
    }

    /// With a machine of a class that carries some tags.
    #[must_use]
    pub fn machine_of(mut self, class: MachineClass, name: &str, tags: &[&str]) -> Self {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let machine = Machine { machine_class: class, tags, ..Machine::default() };
        let line = u32::try_from(self.0.inventory.machines.len()).unwrap_or(u32::MAX - 1) + 1;
        self.0.places.set(format!("/inventory/machines/{name}"), Place::new("fleet.toml", line, 1));
        self.0.inventory.machines.insert(MachineName::from(name), machine);
        self
    }

    /// With machines in a role of an instance.
    #[must_use]
    pub fn role(mut self, instance: &str, role: &str, machines: &[&str]) -> Self {
        let role = self.role_mut(instance, role);
        role.machines.extend(machines.iter().map(|name| (MachineName::from(*name), Default::default())));
        self
    }

    /// With the machines of some tags in a role of an instance.
    #[must_use]
    pub fn role_by_tag(mut self, instance: &str, role: &str, tags: &[&str]) -> Self {
        let role = self.role_mut(instance, role);
        role.tags.extend(tags.iter().map(|tag| ((*tag).to_owned(), Default::default())));
        self
    }

    /// With settings for all members of a role.
    #[must_use]
    pub fn settings(mut self, instance: &str, role: &str, settings: Value) -> Self {
        self.role_mut(instance, role).settings = settings;
        self
    }

    /// The fleet.
    #[must_use]
    pub fn build(self) -> Fleet {
        self.0
    }

    fn role_mut(&mut self, instance: &str, role: &str) -> &mut Role {
        let instance: &mut Instance = self.0.inventory.instances.entry(instance.to_owned()).or_default();
        instance.roles.entry(role.to_owned()).or_default()
    }
}
