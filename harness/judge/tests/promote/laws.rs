//! What must hold in every state, told from what is really so rather than from what is believed.

use std::time::Duration;

use judge::promote::{Phase, decide};
use model::{
    course::Leg,
    machine::MachineName,
    promotion::Hours,
    rollout::{Entry, Happened, Step},
};

use crate::{
    hosts::Runs,
    world::{Fleet, World, at},
};

impl Fleet {
    /// Why this machine must not be activated now.
    pub(crate) fn unlawful(&self, world: &World, index: usize) -> Option<String> {
        let name = &self.names[index];
        let Some(proven) = world.proven[index] else {
            return Some(format!("{name} is activated with no evidence for its closure"));
        };
        let fresh = self.law.fresh.expect("a limit").as_secs() / 3600;
        if u64::from(world.hour - proven) > fresh {
            return Some(format!("{name} is activated with stale evidence"));
        }
        let wave = self.law.waves.iter().find(|leg| leg.machines.contains(name)).expect("a wave");
        let is_agreed = world.agreed.get(&wave.name).is_some_and(|of| of.contains(name));
        if wave.approvals.is_some() && !is_agreed {
            return Some(format!("{name} is activated although nobody agreed"));
        }
        let soaked = |before: &usize| {
            let leg = &self.law.waves[*before];
            let of: Vec<_> = leg.machines.iter().map(|machine| &world.truth[self.index(machine)]).collect();
            let soak = leg.soak.as_secs() / 3600;
            let ready = |settled: u8| u64::from(world.hour - settled) >= soak;
            // One that nobody reached is caught up later; one that ran the new closure has to have kept it.
            of.iter().all(|truth| !truth.tried || (truth.settled.is_some_and(ready) && truth.is_whole()))
                && of.iter().any(|truth| truth.settled.is_some())
        };
        if !wave.before.iter().all(soaked) {
            return Some(format!("{name} is activated before its wave is free"));
        }
        if self.law.primary.contains(name) && !self.have_soaked_together(world, wave) {
            return Some(format!("{name} is activated before all others have soaked together"));
        }
        let mut before = wave.before.iter().map(|before| &self.law.waves[*before]);
        before
            .find_map(|leg| self.unexamined(world, leg))
            .map(|other| format!("{name} is activated before {other} was examined at the end of its soak"))
    }

    /// Why this machine must not set out now, whatever is proven of it.
    pub(crate) fn untimely(&self, world: &World, index: usize) -> Option<String> {
        let (name, minute) = (&self.names[index], u16::from(world.hour) * 60);
        if world.frozen {
            return Some(format!("{name} sets out while everything is stopped"));
        }
        let open = |hours: &Vec<Hours>| hours.iter().any(|hours| (hours.from..hours.until).contains(&minute));
        let closed = self.law.hours.as_ref().is_some_and(|hours| !open(hours));
        closed.then(|| format!("{name} sets out out of hours"))
    }

    /// Whether the waves before one have run for the sum of their soaks, or for what a primary machine needs if that is more, since
    /// the first machine of them got its new closure.
    fn have_soaked_together(&self, world: &World, wave: &Leg) -> bool {
        let before = || wave.before.iter().map(|before| &self.law.waves[*before]);
        let sum = before().map(|leg| leg.soak).sum::<Duration>().max(self.law.primary_soak);
        let of = before().flat_map(|leg| &leg.machines).map(|machine| &world.truth[self.index(machine)]);
        let first = of.filter_map(|truth| truth.settled).min();
        first.is_some_and(|first| u64::from(world.hour - first) >= sum.as_secs() / 3600)
    }

    /// One of a wave that has its new closure, and was not found well since its soak was over.
    fn unexamined<'a>(&self, world: &World, leg: &'a Leg) -> Option<&'a MachineName> {
        let soak = leg.soak.as_secs() / 3600;
        leg.machines.iter().find(|name| {
            let truth = &world.truth[self.index(name)];
            let end = truth.settled.map(|settled| u64::from(settled) + soak);
            end.is_some_and(|end| truth.examined.is_none_or(|at| u64::from(at) < end))
        })
    }

    /// All that must hold.
    pub(crate) fn law_is_kept(&self, world: &World, end: bool) -> Result<(), String> {
        world.broken.clone().map_or(Ok(()), Err)?;
        self.limits(world, |name| world.truth[self.index(name)].is_under_way())?;
        if world.alive {
            self.limits_of_a_decision(world)?;
        }
        for (name, truth) in self.names.iter().zip(&world.truth) {
            if let Some(step) = truth.twice {
                return Err(format!("{step} was done twice with {name}"));
            }
            if truth.boots_new && truth.examined.is_none() {
                return Err(format!("{name} boots what nobody examined after confirming it"));
            }
            if truth.boots_new && self.law.reboots && !(truth.booted || truth.spared) {
                return Err(format!("{name} boots by default what it never booted once"));
            }
            if truth.running != Runs::Old && !truth.boots_new && !truth.confirmed && !truth.timer {
                return Err(format!("{name} runs what nobody confirmed, and no timer would go back"));
            }
            if end && !truth.is_whole() {
                return Err(format!("the run ends with {name} on neither its old nor its new closure"));
            }
            let failed = world.state.machines().get(name).is_some_and(|host| host.failed.is_some());
            if end && failed && truth.running != Runs::Old {
                return Err(format!("the run ends with {name} on a closure that failed there"));
            }
        }
        if world.alive { self.way_back(world) } else { Ok(()) }
    }

    /// All that a decision permits may be begun at once.
    fn limits_of_a_decision(&self, world: &World) -> Result<(), String> {
        let course = self.course(world);
        let board = decide(&course, &self.proofs(world), &world.state, at(world.hour));
        let permitted = board.next.iter().filter(|permit| permit.step() == Step::Activate);
        let permitted: Vec<_> = permitted.map(|permit| permit.machine()).collect();
        if permitted.is_empty() {
            return Ok(());
        }
        self.limits(world, |name| {
            let index = self.index(name);
            let is_on_its_way = matches!(world.flight[index], Some((Step::Activate, None)));
            world.truth[index].is_under_way() || is_on_its_way || permitted.contains(&name)
        })
    }

    fn limits(&self, world: &World, is_under_way: impl Fn(&MachineName) -> bool) -> Result<(), String> {
        let under_way = self.names.iter().filter(|name| is_under_way(name)).count();
        if self.law.at_once.is_some_and(|at_once| under_way > at_once) {
            return Err(format!("{under_way} machines are under way at once"));
        }
        for (role, members) in &self.law.roles {
            // Of one that never answered nobody knows whether it is there.
            let serves = |name: &MachineName| {
                let is_absent = self.late.contains(name) && !world.state.machines().contains_key(name);
                !is_under_way(name) && !is_absent
            };
            if members.iter().any(&is_under_way) && !members.iter().any(serves) {
                return Err(format!("all of {role} are under way at once"));
            }
        }
        Ok(())
    }

    /// Whatever is activated can be rolled back, in its soak too, whatever the policy and the hour say: as soon as it is known to
    /// ail, that or a look is the next step.
    fn way_back(&self, world: &World) -> Result<(), String> {
        for (name, host) in world.state.machines() {
            let active = matches!(host.phase, Phase::Trying | Phase::Confirmed | Phase::Settled { .. });
            if host.is_busy() || !active {
                continue;
            }
            let mut state = world.state.clone();
            let ailing = Happened::Ailing { machine: name.clone(), why: "it ails".to_owned() };
            let frozen = Happened::Frozen { by: "ann".to_owned(), reason: "it ails".to_owned() };
            [ailing, frozen].into_iter().for_each(|what| state.apply(&Entry { at: at(world.hour), what }));
            let board = decide(&self.course, &Default::default(), &state, at(world.hour));
            let next = board.next.iter().find(|permit| permit.machine() == name).map(|permit| permit.step());
            if !matches!(next, Some(Step::RollBack | Step::Look)) {
                return Err(format!("{name} ails and cannot go back"));
            }
        }
        Ok(())
    }
}
