//! Promotions that could never come to their end: waves that wait for themselves, machines that no wave takes along, names that
//! are nobody's.
//!
//! Flows in: a resolved fleet. Flows out: an error for each thing because of which a wave can never start, and a warning where
//! evidence is too old by then. Must not: look at what is proven, or at what day it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{
    facts::pointer,
    machine::MachineName,
    place::Place,
    promotion::{Approvals, Promotion, Signer, Wave},
    resolved::ResolvedFleet,
    suite::Suite,
};

use super::promotion_names::{Names, named};
use crate::{
    course::{all_before, members},
    diagnostic::{Diagnostic, Diagnostics},
    spans,
};

/// All that is wrong. Where no machine is known, nothing is said about machines. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn stuck(fleet: &ResolvedFleet, text: Option<&str>) -> Vec<Diagnostic> {
    let Some(policy) = &fleet.fleet.promotion else { return Vec::new() };
    let mut lint = Lint { fleet, policy, problems: Diagnostics::default() };
    lint.order();
    lint.people();
    lint.hours();
    lint.age();
    if !fleet.machines.is_empty() {
        let names = Names::of(fleet).unknown(policy);
        names.into_iter().for_each(|(at, code, message, help)| {
            let at: Vec<&str> = at.iter().map(String::as_str).collect();
            lint.error(&at, code, message, help);
        });
        lint.machines();
        lint.ways();
        lint.roles();
        lint.primary();
    }
    let mut problems = lint.problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

/// Gates that are asked for and never open, since no suite has a check of their stage.
#[must_use]
pub fn unasked(fleet: &ResolvedFleet, suites: &[Suite], text: Option<&str>) -> Vec<Diagnostic> {
    let Some(policy) = &fleet.fleet.promotion else { return Vec::new() };
    let mut lint = Lint { fleet, policy, problems: Diagnostics::default() };
    for stage in &policy.gates {
        if !suites.iter().any(|suite| suite.stage == *stage && !suite.checks.is_empty()) {
            let message = format!("no suite has a check of the stage `{stage}`: its gate never opens");
            let help = Some("take it out of `gates`, or write a suite in seaworthy/suites".to_owned());
            lint.error(&["gates"], "gate-never-open", message, help);
        }
    }
    let mut problems = lint.problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

struct Lint<'f> {
    fleet: &'f ResolvedFleet,
    policy: &'f Promotion,
    problems: Diagnostics,
}

impl Lint<'_> {
    fn order(&mut self) {
        let policy = self.policy;
        let mut first = BTreeSet::new();
        for (index, wave) in policy.waves.iter().enumerate() {
            let index = index.to_string();
            if !first.insert(&wave.name) {
                let message = format!("two waves are called `{}`", wave.name);
                self.error(&["waves", &index, "name"], "duplicate-wave", message, None);
            }
            for (number, after) in wave.after.iter().flatten().enumerate() {
                if !policy.waves.iter().any(|wave| wave.name == *after) {
                    let known = policy.waves.iter().map(|wave| wave.name.as_str());
                    let help = Some(format!("the waves are {}", named(known)));
                    let at = ["waves", &index, "after", &number.to_string()];
                    self.error(&at, "unknown-wave", format!("no wave is called `{after}`"), help);
                }
            }
        }
        for (index, before) in
            all_before(policy).iter().enumerate().filter(|(index, before)| before.contains(index))
        {
            let others =
                before.iter().filter(|other| **other != index).filter_map(|other| policy.waves.get(*other));
            let others = named(others.map(|wave| wave.name.as_str()));
            let help = (!others.is_empty()).then(|| format!("it waits for {others}"));
            let message = "this wave waits for itself, and never starts".to_owned();
            let index = index.to_string();
            let said = if policy.waves.iter().any(|wave| wave.after.is_some()) { "after" } else { "name" };
            self.error(&["waves", &index, said], "wave-cycle", message, help);
        }
    }

    fn people(&mut self) {
        let known = users(self.fleet);
        let policy = self.policy;
        let of_waves = policy.waves.iter().enumerate();
        let of_waves =
            of_waves.map(|(index, wave)| (vec!["waves".to_owned(), index.to_string()], &wave.approvals));
        for (at, approvals) in [(Vec::new(), &policy.approvals)].into_iter().chain(of_waves) {
            if let Some(approvals) = approvals {
                self.approvers(&at, approvals, &known);
            }
        }
        self.keys();
    }

    /// Each key is one person's, so that nobody agrees twice.
    fn keys(&mut self) {
        let mut of = BTreeMap::new();
        for (index, Signer { key, name }) in self.policy.approvers.iter().enumerate() {
            if let Some(other) = of.insert(key, name).filter(|other| *other != name) {
                let message =
                    format!("{other} and {name} have the same key, and one of them agrees for both");
                self.error(&["approvers", &index.to_string()], "key-of-two", message, None);
            }
        }
    }

    fn approvers(&mut self, at: &[String], Approvals { by, count }: &Approvals, known: &BTreeSet<&str>) {
        let at: Vec<&str> = at.iter().map(String::as_str).chain(["approvals"]).collect();
        if by.len() < *count {
            let message = format!("{count} have to agree, and only {} may: the wave never starts", by.len());
            self.error(&at, "too-few-approvers", message, None);
        }
        let keys = &self.policy.approvers;
        for user in by.iter().filter(|user| !keys.is_empty() && keys.iter().all(|key| key.name != **user)) {
            let message =
                format!("`{user}` has no key in `approvers`, and what is not signed does not count");
            let help = Some("add the line of their key's .pub file, with that name behind it".to_owned());
            self.error(&[at.as_slice(), &["by"]].concat(), "approver-without-key", message, help);
        }
        if keys.is_empty() && *count > 1 {
            let message = format!("{count} have to agree, and nobody signs: one person can say it for all");
            let help = Some("name their keys in `approvers`".to_owned());
            let place = self.place(&at);
            self.problems.push(Diagnostic::warning("unsigned-approvals", message, place).with_help(help));
        }
        // A key says who somebody is. And who has no account here may be called so on the computer that promotes.
        let strangers = by.iter().filter(|user| !known.is_empty() && !known.contains(user.as_str()));
        for user in strangers.filter(|_| keys.is_empty()) {
            let help = Some(format!("the fleet's users are {}", named(known.iter().copied())));
            let message = format!("no user of the fleet is called `{user}`");
            let place = self.place(&[at.as_slice(), &["by"]].concat());
            self.problems.push(Diagnostic::warning("unknown-user", message, place).with_help(help));
        }
    }

    fn hours(&mut self) {
        if self.policy.hours.as_ref().is_some_and(Vec::is_empty) {
            let help = Some("take it out to allow every hour".to_owned());
            self.error(
                &["hours"],
                "empty-hours",
                "with no maintenance hours, no wave ever starts".to_owned(),
                help,
            );
        }
    }

    /// Evidence is gathered before the first wave; if nobody gathers it anew, it is too old for later ones.
    fn age(&mut self) {
        let Some(fresh) = self.policy.fresh else { return };
        for (index, before) in
            all_before(self.policy).iter().enumerate().filter(|(index, before)| !before.contains(index))
        {
            let soaks = before.iter().filter_map(|wave| self.policy.waves.get(*wave)).map(|wave| wave.soak);
            if soaks.sum::<Duration>().max(self.together(index)) > fresh {
                let message = "the waves before this one soak for longer than evidence counts".to_owned();
                let help = Some("raise `fresh`, or verify again with `--fresh` before this wave".to_owned());
                let place = self.place(&["waves", &index.to_string(), "name"]);
                self.problems.push(Diagnostic::warning("stale-by-then", message, place).with_help(help));
            }
        }
    }

    /// How long a wave's primary machines have all before them soak together; nothing, where it has none.
    fn together(&self, wave: usize) -> Duration {
        let of = |machines, tags| members(self.fleet, machines, tags);
        let wave = self.policy.waves.get(wave).map(|wave| of(&wave.machines, &wave.tags)).unwrap_or_default();
        let primary = self.policy.primary.iter();
        let waits = primary.filter(|primary| !of(&primary.machines, &primary.tags).is_disjoint(&wave));
        waits.map(|primary| primary.soak).sum()
    }

    fn machines(&mut self) {
        let mut first: BTreeMap<MachineName, &Wave> = BTreeMap::new();
        for (index, wave) in self.policy.waves.iter().enumerate() {
            let index = index.to_string();
            let members = members(self.fleet, &wave.machines, &wave.tags);
            if members.is_empty() {
                let message = format!("no machine goes with wave `{}`", wave.name);
                self.error(&["waves", &index], "wave-of-nobody", message, None);
            }
            for machine in members {
                if let Some(other) = first.get(&machine) {
                    let message = format!("`{machine}` goes with wave `{}` already", other.name);
                    self.error(&["waves", &index], "machine-in-two-waves", message, None);
                }
                first.entry(machine).or_insert(wave);
            }
        }
        for machine in self.fleet.machines.keys().filter(|machine| !first.contains_key(*machine)) {
            let place = self.fleet.fleet.places.find(&pointer(["inventory", "machines", machine.as_str()]));
            let place = place.cloned().unwrap_or_else(|| self.place(&["waves"]));
            let message = format!("no wave of the promotion takes `{machine}` along");
            self.problems.push(Diagnostic::error("machine-in-no-wave", message, place));
        }
    }

    /// Who is nowhere is left out, and a whole wave that is nowhere holds all that wait for it.
    fn ways(&mut self) {
        let inventory = &self.fleet.fleet.inventory.machines;
        let is_somewhere = |name: &MachineName| {
            inventory.get(name).is_some_and(|machine| machine.deploy.target_host.is_some())
        };
        let before = all_before(self.policy);
        for (index, wave) in self.policy.waves.iter().enumerate() {
            let members = members(self.fleet, &wave.machines, &wave.tags);
            let nowhere: Vec<&MachineName> = members.iter().filter(|name| !is_somewhere(name)).collect();
            let is_waited_for = before.iter().any(|before| before.contains(&index));
            if is_waited_for && !members.is_empty() && nowhere.len() == members.len() {
                let message = format!(
                    "no machine of wave `{}` has a `deploy.targetHost`, so that none that waits for it starts",
                    wave.name
                );
                self.error(&["waves", &index.to_string(), "name"], "wave-nowhere", message, None);
                continue;
            }
            for machine in nowhere {
                let place = self.place(&["waves", &index.to_string(), "name"]);
                let message = format!(
                    "`{machine}` has no `deploy.targetHost`, and is left out of wave `{}`",
                    wave.name
                );
                self.problems.push(Diagnostic::warning("machine-nowhere", message, place));
            }
        }
    }

    fn roles(&mut self) {
        for (index, role) in self.policy.roles.iter().enumerate() {
            let members = self.fleet.roles.get(&role.instance).and_then(|roles| roles.get(&role.role));
            let (code, message) = match members {
                None => ("unknown-role", format!("no instance has the role `{role}`")),
                Some(members) if members.len() < 2 => {
                    ("role-of-one", format!("`{role}` has {} member, which could never go", members.len()))
                }
                Some(_) => continue,
            };
            self.error(&["roles", &index.to_string()], code, message, None);
        }
    }

    fn primary(&mut self) {
        let Some(primary) = &self.policy.primary else { return };
        let primary = members(self.fleet, &primary.machines, &primary.tags);
        if primary.is_empty() {
            self.error(&["primary"], "primary-of-nobody", "no machine is primary".to_owned(), None);
        }
        for (wave, before) in self.policy.waves.iter().zip(all_before(self.policy)) {
            let members = members(self.fleet, &wave.machines, &wave.tags);
            if let Some(machine) = members.intersection(&primary).next().filter(|_| before.is_empty()) {
                let message =
                    format!("`{machine}` is primary and goes with the first wave: nothing soaks before it");
                self.error(&["primary"], "primary-first", message, None);
            }
        }
    }

    fn error(&mut self, at: &[&str], code: &str, message: String, help: Option<String>) {
        let place = self.place(at);
        self.problems.push(Diagnostic::error(code, message, place).with_help(help));
    }

    fn place(&self, at: &[&str]) -> Place {
        let place = self.fleet.fleet.places.find(&pointer(["promotion"].iter().chain(at).copied()));
        place.cloned().unwrap_or_else(|| Place::file("fleet.toml"))
    }
}

/// Those whom the inventory's instances of `users` set up; empty where there are none, so that nobody can be called unknown.
fn users(fleet: &ResolvedFleet) -> BTreeSet<&str> {
    let instances = &fleet.fleet.inventory.instances;
    let of_users = |instance: &String| {
        let module = instances.get(instance).and_then(|instance| instance.module.name.as_deref());
        module.unwrap_or(instance) == "users"
    };
    let roles = fleet.machines.values().flat_map(|machine| &machine.roles);
    let settings = roles.filter(|(instance, _)| of_users(instance)).flat_map(|(_, roles)| roles.values());
    settings.filter_map(|settings| settings.get("user")?.as_str()).collect()
}
