//! A promotion policy resolved: the machines of each wave, and every wave that it waits for.
//!
//! Flows in: a resolved fleet. Flows out: a [`Course`], if the fleet has a policy.
//! Must not: find fault. Of a policy that makes no sense the course makes none either; [`crate::lint::promotion`] tells.

use std::collections::BTreeSet;

use model::{
    course::{Course, Leg},
    machine::MachineName,
    promotion::{Promotion, Wave},
    resolved::ResolvedFleet,
};

/// The course of a fleet. A machine that two waves name goes with the first.
#[must_use]
pub fn course(fleet: &ResolvedFleet) -> Option<Course> {
    let policy = fleet.fleet.promotion.as_ref()?;
    let before = all_before(policy);
    let mut placed = BTreeSet::new();
    let mut leg = |(wave, before): (&Wave, BTreeSet<usize>)| {
        let mut machines = members(fleet, &wave.machines, &wave.tags);
        machines.retain(|name| placed.insert(name.clone()));
        let approvals = wave.approvals.clone().or_else(|| policy.approvals.clone());
        Leg { name: wave.name.clone(), machines, before, soak: wave.soak, approvals }
    };
    let waves = policy.waves.iter().zip(before).map(&mut leg).collect();
    let of_role = |role: &model::promotion::RoleName| {
        let members = fleet.roles.get(&role.instance).and_then(|roles| roles.get(&role.role));
        (role.to_string(), members.cloned().unwrap_or_default())
    };
    let primary = policy.primary.clone().unwrap_or_default();
    Some(Course {
        waves,
        gates: policy.gates.clone(),
        fresh: policy.fresh,
        hours: policy.hours.clone(),
        freezes: policy.freezes.clone(),
        at_once: policy.at_once,
        reboots: policy.reboots,
        roles: policy.roles.iter().map(of_role).collect(),
        primary: members(fleet, &primary.machines, &primary.tags),
        primary_soak: primary.soak,
        absent: BTreeSet::new(),
        silent: BTreeSet::new(),
        only: None,
        back: false,
    })
}

/// The machines that are named, and those that carry one of the tags; of those that exist.
pub(crate) fn members(
    fleet: &ResolvedFleet,
    names: &[MachineName],
    tags: &[String],
) -> BTreeSet<MachineName> {
    let named: BTreeSet<&MachineName> = names.iter().collect();
    let of = fleet
        .machines
        .iter()
        .filter(|(name, machine)| named.contains(name) || tags.iter().any(|tag| machine.tags.contains(tag)));
    of.map(|(name, _)| name.clone()).collect()
}

/// For each wave those that it waits for, near and far. One that waits for itself is in a circle.
pub(crate) fn all_before(policy: &Promotion) -> Vec<BTreeSet<usize>> {
    let index = |name: &String| policy.waves.iter().position(|wave| wave.name == *name);
    let near = |(at, wave): (usize, &Wave)| match &wave.after {
        Some(after) => after.iter().filter_map(index).collect::<BTreeSet<_>>(),
        None => at.checked_sub(1).into_iter().collect(),
    };
    let near: Vec<_> = policy.waves.iter().enumerate().map(near).collect();
    let all = |first: &BTreeSet<usize>| {
        let (mut all, mut open) = (BTreeSet::new(), first.iter().copied().collect::<Vec<_>>());
        while let Some(wave) = open.pop() {
            if all.insert(wave) {
                open.extend(near.get(wave).into_iter().flatten());
            }
        }
        all
    };
    near.iter().map(all).collect()
}
