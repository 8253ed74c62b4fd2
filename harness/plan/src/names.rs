//! The names that a selection may use: those of the fleet and of the suites.
//!
//! In: the fleet, what evaluation told, the suites. Out: the machines with what is known of them, and every name by
//! kind. It must not decide what is selected.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    machine::{MachineClass, MachineName},
    resolved::ResolvedFleet,
    suite::Suite,
    survey::Survey,
};

/// Every name that a selection may use.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    machines: BTreeMap<&'a MachineName, Traits<'a>>,
    tags: BTreeSet<&'a str>,
    suites: BTreeSet<&'a str>,
    rules: BTreeSet<String>,
}

/// What selections can ask about a machine.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'a> {
    /// Its module system.
    pub class: MachineClass,
    /// Its resolved tags; `None` for a machine that only evaluation knows.
    resolved: Option<&'a BTreeSet<String>>,
}

impl<'a> Traits<'a> {
    /// Its tags. A machine that only evaluation knows has those that clan computes: `all` and its class.
    pub fn tags(self) -> impl Iterator<Item = &'a str> {
        let computed = if self.resolved.is_none() { Some(["all", self.class.as_str()]) } else { None };
        let resolved = self.resolved.into_iter().flatten().map(String::as_str);
        resolved.chain(computed.into_iter().flatten())
    }
}

impl<'a> Names<'a> {
    /// The names of a fleet, of the outputs of its flake, and of the suites.
    #[must_use]
    pub fn of(fleet: &'a ResolvedFleet, survey: &'a Survey, suites: &'a [Suite]) -> Self {
        let machines = machines(fleet, survey);
        let defined = fleet.fleet.inventory.tags.keys().map(String::as_str);
        let tags = machines.values().flat_map(|traits| traits.tags()).chain(defined).collect();
        let rules =
            suites.iter().flat_map(|suite| suite.checks.iter().flat_map(|check| check.rules(&suite.name)));
        Self {
            machines,
            tags,
            suites: suites.iter().map(|suite| suite.name.as_str()).collect(),
            rules: rules.collect(),
        }
    }

    /// The machines of the inventory and of the flake's outputs, by name.
    #[must_use]
    pub fn machines(&self) -> &BTreeMap<&'a MachineName, Traits<'a>> {
        &self.machines
    }

    /// Every tag that a machine carries or the inventory defines.
    #[must_use]
    pub fn tags(&self) -> &BTreeSet<&'a str> {
        &self.tags
    }

    /// The suites' names.
    #[must_use]
    pub fn suites(&self) -> &BTreeSet<&'a str> {
        &self.suites
    }

    /// Every `<suite>/<check>`.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(String::as_str)
    }
}

/// The inventory's word on a machine goes before the output that it stands in.
fn machines<'a>(fleet: &'a ResolvedFleet, survey: &'a Survey) -> BTreeMap<&'a MachineName, Traits<'a>> {
    let surveyed =
        survey.machines.iter().map(|(name, told)| (name, Traits { class: told.class, resolved: None }));
    let resolved = fleet
        .machines
        .iter()
        .map(|(name, machine)| (name, Traits { class: machine.class, resolved: Some(&machine.tags) }));
    surveyed.chain(resolved).collect()
}

/// What findings and waivers call a check.
pub(crate) fn rule(suite: &str, check: &str) -> String {
    format!("{suite}/{check}")
}
