//! The members of a role, and what each one's settings come to.
//!
//! Flows in: a role as it is written, and who carries which tag. Flows out: its members with their settings.
//! Must not: ask whether a machine that the role names is defined: clan keeps it as a peer, and so does this.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    facts::pointer,
    inventory::{Member, Role},
    machine::MachineName,
};
use serde_json::Value;

use super::{
    clash::Clash,
    definition::{Definition, Trail},
    merge::{merge, over},
    tags::Tags,
};

/// What the settings of a member come to. Members whose definitions are the same share one.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) settings: Arc<Value>,
    pub(super) clashes: Vec<Clash>,
}

/// A member of a role.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'f> {
    /// A machine of the inventory, by its index in the order of the names.
    Machine(usize),
    /// A machine that the role names and nobody defines. It carries no tag.
    Phantom(&'f MachineName),
}

/// The members of a role: those that it names, and those that carry one of its tags.
pub(super) fn members<'f>(
    (instance, name): (&str, &str),
    role: &'f Role,
    weakest: &Value,
    tags: &Tags<'f>,
) -> Vec<(Who<'f>, Arc<Outcome>)> {
    let role_pointer = pointer(["inventory", "instances", instance, "roles", name]);
    let own = |(name, member): Named<'f>| Written::of(member, &role_pointer, ["machines", name.as_str()]);
    let mut settings = Settings::of(role, &role_pointer, weakest);
    let (machines, phantoms) = named(role, tags);
    let reached = reached(role, tags, &machines);
    let mut machines = machines.into_iter().peekable();
    let mut members = Vec::with_capacity(reached.len() + phantoms.len());
    for (machine, through) in by_machine(&reached) {
        let own = machines.next_if(|(index, _)| *index == machine).and_then(|(_, named)| own(named));
        members.push((Who::Machine(machine), settings.outcome(&through, own.as_ref())));
    }
    let phantom = |named: Named<'f>| (Who::Phantom(named.0), settings.outcome(&[], own(named).as_ref()));
    members.extend(phantoms.into_iter().map(phantom));
    members
}

type Named<'f> = (&'f MachineName, &'f Member);

/// The machines that a role names, by index, and those of them that nobody defines.
fn named<'f>(role: &'f Role, tags: &Tags<'f>) -> (Vec<(usize, Named<'f>)>, Vec<Named<'f>>) {
    let (mut machines, mut phantoms) = (Vec::new(), Vec::new());
    for named in &role.machines {
        match tags.index(named.0) {
            Some(index) => machines.push((index, named)),
            None => phantoms.push(named),
        }
    }
    (machines, phantoms)
}

/// Each machine that is a member, once for itself and once for each tag through which settings reach it. Tags count from
/// the last, as in [`Settings::of_tags`].
fn reached(role: &Role, tags: &Tags<'_>, named: &[(usize, Named<'_>)]) -> Vec<(usize, Option<usize>)> {
    let mut reached: Vec<_> = named.iter().map(|(machine, _)| (*machine, None)).collect();
    for (index, (tag, member)) in role.tags.iter().rev().enumerate() {
        let through = sets_something(&member.settings).then_some(index);
        reached.extend(tags.machines(tag).iter().map(|machine| (*machine, through)));
    }
    reached.sort_unstable();
    reached
}

fn by_machine(reached: &[(usize, Option<usize>)]) -> impl Iterator<Item = (usize, Vec<usize>)> {
    reached.chunk_by(|(a, _), (b, _)| a == b).filter_map(|of_machine| {
        let through = of_machine.iter().filter_map(|(_, tag)| *tag).collect();
        of_machine.first().map(|(machine, _)| (*machine, through))
    })
}

/// Settings that are written, with the pointer to them.
struct Written<'f> {
    settings: &'f Value,
    pointer: String,
}

impl<'f> Written<'f> {
    fn of<const N: usize>(member: &'f Member, role: &str, keys: [&str; N]) -> Option<Self> {
        let pointer = || format!("{role}{}{}", pointer(keys), "/settings");
        sets_something(&member.settings).then(|| Self { settings: &member.settings, pointer: pointer() })
    }
}

fn sets_something(settings: &Value) -> bool {
    settings.as_object().is_some_and(|settings| !settings.is_empty())
}

/// The settings of one role, in the order in which Nix's module system merges them: tags by reverse name, the machine,
/// the role. Then, weakest, what the instance sets for all of its roles.
struct Settings<'f, 'w> {
    of_tags: Vec<Option<Written<'f>>>,
    of_role: Option<Written<'f>>,
    weakest: &'w Value,
    shared: BTreeMap<Vec<usize>, Arc<Outcome>>,
}

impl<'f, 'w> Settings<'f, 'w> {
    fn of(role: &'f Role, role_pointer: &str, weakest: &'w Value) -> Self {
        let of_tag = |(tag, member): (&'f String, &'f Member)| {
            Written::of(member, role_pointer, ["tags", tag.as_str()])
        };
        let written = || Written { settings: &role.settings, pointer: format!("{role_pointer}/settings") };
        Self {
            of_tags: role.tags.iter().rev().map(of_tag).collect(),
            of_role: sets_something(&role.settings).then(written),
            weakest,
            shared: BTreeMap::new(),
        }
    }

    /// Merges what reaches a member. Members without settings of their own share what comes out for their tags.
    fn outcome(&mut self, carried: &[usize], own: Option<&Written<'f>>) -> Arc<Outcome> {
        if own.is_some() {
            return Arc::new(self.merged(carried, own));
        }
        if let Some(known) = self.shared.get(carried) {
            return Arc::clone(known);
        }
        let outcome = Arc::new(self.merged(carried, None));
        self.shared.insert(carried.to_vec(), Arc::clone(&outcome));
        outcome
    }

    fn merged(&self, carried: &[usize], own: Option<&Written<'f>>) -> Outcome {
        let of_tags = carried.iter().filter_map(|index| self.of_tags.get(*index)?.as_ref());
        let definitions = of_tags.chain(own).chain(&self.of_role);
        let definitions: Vec<_> = definitions
            .map(|written| Definition { value: written.settings, trail: Trail::Root(&written.pointer) })
            .collect();
        let (settings, clashes) = merge(&definitions);
        Outcome { settings: Arc::new(over(settings, self.weakest)), clashes }
    }
}
