//! From the state of a promotion to what may happen next.
//!
//! In: course, proofs, state, time. Out: the board. It must not let anything be activated that one of them speaks against, or
//! keep what was activated from being confirmed or rolled back.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use model::{
    course::{Course, Leg},
    decision::GateState,
    machine::MachineName,
    rollout::Step,
};

use super::{
    host::{Host, Phase},
    permit::Permit,
    proof::{Proofs, missing},
    soak,
    state::State,
    waves::{Waves, left},
    why::Why,
};

/// What may happen now.
#[derive(Debug)]
pub struct Board<'s> {
    /// A word for each machine of the promotion.
    pub machines: BTreeMap<&'s MachineName, Word>,
    /// The steps that may be taken now, all of them at once: earlier waves first, then by name.
    pub next: Vec<Permit<'s>>,
    /// The first moment after now at which a machine that soaks is to be examined.
    pub examines: Option<Timestamp>,
}

/// How one machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its wave, by index.
    pub wave: Option<usize>,
    /// Open: it goes on, or is through. Closed: something speaks against it now. Undecided: nobody knows.
    pub state: GateState,
    /// All that speaks against it.
    pub reasons: Vec<Why>,
}

/// Decides. Linear in the machines, their roles and their gates.
#[must_use]
pub fn decide<'s>(course: &'s Course, proofs: &Proofs, state: &'s State, now: Timestamp) -> Board<'s> {
    let mut table = Table::new(course, proofs, state, now);
    let mut board = Board { machines: BTreeMap::new(), next: Vec::new(), examines: None };
    let of_waves = course.waves.iter().enumerate();
    let in_order = of_waves.flat_map(|(wave, leg)| leg.machines.iter().map(move |name| (name, wave)));
    for (name, wave) in in_order {
        if let Some((name, host)) = state.machines().get_key_value(name)
            && !board.machines.contains_key(name)
        {
            table.place(&mut board, name, host, Some(wave));
        }
    }
    for (name, host) in state.machines() {
        if !board.machines.contains_key(name) {
            table.place(&mut board, name, host, None);
        }
    }
    board
}

struct Table<'s, 'p> {
    course: &'s Course,
    proofs: &'p Proofs,
    state: &'s State,
    now: Timestamp,
    /// What speaks against every activation.
    common: Vec<Why>,
    /// What speaks against the activations of each wave.
    by_wave: Vec<Vec<Why>>,
    waves: Waves<'s>,
    under_way: usize,
    /// Of each role that is watched, those who do not serve it now.
    out: BTreeMap<&'s str, BTreeSet<&'s MachineName>>,
    roles_of: BTreeMap<&'s MachineName, Vec<&'s str>>,
}

impl<'s, 'p> Table<'s, 'p> {
    fn new(course: &'s Course, proofs: &'p Proofs, state: &'s State, now: Timestamp) -> Self {
        let waves = Waves::new(course, state, now);
        let by_wave = (0..course.waves.len()).map(|wave| waves.holds(wave)).collect();
        let mut out: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        let mut roles_of: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (role, members) in &course.roles {
            for member in members {
                roles_of.entry(member).or_default().push(role.as_str());
            }
            let gone = |name: &&MachineName| {
                let is_mute = course.absent.contains(*name) || course.silent.contains(*name);
                is_mute || state.machines().get(*name).is_some_and(is_out)
            };
            out.insert(role, members.iter().filter(gone).collect());
        }
        let under_way = state.taken_along(course).filter(|(_, host)| host.is_under_way()).count();
        let common = common(course, state, now);
        Self { course, proofs, state, now, common, by_wave, waves, under_way, out, roles_of }
    }

    fn place(&mut self, board: &mut Board<'s>, name: &'s MachineName, host: &'s Host, wave: Option<usize>) {
        let mut reasons = known(host);
        if host.is_untouched() && !host.away && !host.doubt {
            reasons.extend(self.against(name, host, wave));
        }
        let soaks = wave.and_then(|wave| self.course.waves.get(wave)).map_or(Duration::ZERO, |leg| leg.soak);
        reasons.extend(self.soaking(host, soaks));
        let step = host.next(self.course.reboots).filter(|step| reasons.is_empty() || !step.sets_out());
        let step = step.or_else(|| self.examination(host, soaks, &mut board.examines));
        if step == Some(Step::Activate) {
            reasons.extend(self.crowded(name));
        }
        if let Some(step) = step.filter(|step| *step != Step::Activate || reasons.is_empty()) {
            if step == Step::Activate {
                self.take(name);
            }
            board.next.push(Permit::new(name, &host.change, step));
        }
        let state = reasons.iter().map(Why::allows).max().unwrap_or(GateState::Open);
        board.machines.insert(name, Word { wave, state, reasons });
    }

    fn against(&self, name: &MachineName, host: &Host, wave: Option<usize>) -> Vec<Why> {
        let mut reasons = self.common.clone();
        if self.course.only.as_ref().is_some_and(|only| !only.contains(name)) {
            reasons.push(Why::NotAsked);
        }
        match wave {
            None => reasons.push(Why::NoWave),
            Some(wave) => {
                reasons.extend(self.by_wave.get(wave).into_iter().flatten().cloned());
                let leg = self.course.waves.get(wave);
                reasons.extend(leg.and_then(|leg| unapproved(leg, self.state, name)));
                if self.course.primary.contains(name) {
                    reasons.extend(self.waves.together(wave));
                }
            }
        }
        reasons.extend(missing(self.course, self.proofs.get(name), &host.change.new, self.now));
        reasons
    }

    /// Why a machine that has its new closure is not through.
    fn soaking(&self, host: &Host, soak: Duration) -> Option<Why> {
        let Phase::Settled { since } = host.phase else { return None };
        if host.failed.is_some() || soak::is_through(host, soak) {
            return None;
        }
        let left = left(since, soak, self.now);
        Some(if left > Duration::ZERO { Why::Soaking { left } } else { Why::Unexamined })
    }

    /// The examination of a machine that soaks, if it is time for one; or else when it will be.
    fn examination(&self, host: &Host, soak: Duration, later: &mut Option<Timestamp>) -> Option<Step> {
        if host.is_busy() || host.doubt || host.away || host.failed.is_some() {
            return None;
        }
        let moment = soak::next(host, soak)?;
        if moment > self.now {
            *later = Some(later.map_or(moment, |later| later.min(moment)));
        }
        (moment <= self.now).then_some(Step::Examine)
    }

    /// What speaks against one more that is under way.
    fn crowded(&self, name: &MachineName) -> Vec<Why> {
        let full = self.course.at_once.filter(|at_once| self.under_way >= *at_once);
        let last = |role: &&&str| {
            let out = self.out.get(**role);
            let members = self.course.roles.get(**role);
            members
                .into_iter()
                .flatten()
                .all(|member| member == name || out.is_some_and(|out| out.contains(member)))
        };
        let roles = self.roles_of.get(name).into_iter().flatten();
        let last = roles.filter(last).map(|role| Why::LastOfRole { role: (*role).to_owned() });
        full.map(|at_once| Why::Full { at_once }).into_iter().chain(last).collect()
    }

    fn take(&mut self, name: &'s MachineName) {
        self.under_way += 1;
        for role in self.roles_of.get(name).into_iter().flatten() {
            self.out.entry(role).or_default().insert(name);
        }
    }
}

/// Whether a machine does not surely serve its roles.
fn is_out(host: &Host) -> bool {
    host.is_under_way() || host.away || host.doubt
}

/// What is known to be wrong with a machine itself.
fn known(host: &Host) -> Vec<Why> {
    let failed = host.failed.clone().map(|why| Why::Failed { why });
    let doubt = host.doubt.then_some(Why::Doubt);
    let by = host.held.clone();
    let away = host.away.then(|| by.map_or(Why::Away, |by| Why::Held { by }));
    let strayed = (host.phase == Phase::Strayed).then_some(Why::Strayed);
    failed.into_iter().chain(doubt).chain(away).chain(strayed).collect()
}

/// What speaks against every activation.
fn common(course: &Course, state: &State, now: Timestamp) -> Vec<Why> {
    let failed = state.machines().iter().find(|(_, host)| host.failed.is_some());
    let halted = failed.map(|(name, _)| Why::Halted { by: name.clone() });
    let frozen = state.frozen().filter(|_| !course.back);
    let frozen = frozen.map(|(by, reason)| Why::Frozen { by: by.to_owned(), reason: reason.to_owned() });
    let freeze = course.freezes.iter().find(|freeze| freeze.contains(now));
    let freeze = freeze.map(|freeze| Why::Freeze { reason: freeze.reason.clone() });
    let out_of = |hours: &Vec<model::promotion::Hours>| !hours.iter().any(|hours| hours.contains(now));
    let hours = course.hours.as_ref().is_some_and(out_of).then_some(Why::OutOfHours);
    halted.into_iter().chain(frozen).chain(freeze).chain(hours).collect()
}

fn unapproved(leg: &Leg, state: &State, name: &MachineName) -> Option<Why> {
    let asked = leg.approvals.as_ref()?;
    let word = |who: &String| state.approved(&leg.name, who, name);
    let have = asked.by.iter().filter(|who| word(who) == Some(true)).count();
    if have >= asked.count {
        return None;
    }
    let wave = leg.name.clone();
    let early = asked.by.iter().filter(|who| word(who) == Some(false));
    let early = early.map(|who| format!("{who} agreed before {name} was a part of it"));
    let refused = state.refused(&wave).map(|(who, why)| format!("{who}'s word does not count: {why}"));
    let refused = early.chain(refused).collect();
    Some(Why::Unapproved { wave, have, need: asked.count, refused })
}
