//! How far each wave is, and who of it may start.
//!
//! In: the course, the state, the time. Out: for a wave, what it waits for. It must not look at gates.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use model::{
    course::{Course, Leg},
    machine::MachineName,
};

use super::{
    host::{Host, Phase},
    soak,
    state::State,
    why::Why,
};

/// One wave.
struct Progress<'s> {
    leg: &'s Leg,
    /// The first of its machines that is not through; an offline one that nobody activated is waited for by nobody, unless all are.
    behind: Option<&'s MachineName>,
    /// When the first and the last of its machines got their new closure.
    settled: Option<(Timestamp, Timestamp)>,
    /// When the first did that had another one before.
    changed: Option<Timestamp>,
    /// The first of those that was not examined since the end of its soak.
    unexamined: Option<&'s MachineName>,
}

/// All waves.
pub(super) struct Waves<'s> {
    course: &'s Course,
    progress: Vec<Progress<'s>>,
    now: Timestamp,
}

impl<'s> Waves<'s> {
    pub(super) fn new(course: &'s Course, state: &'s State, now: Timestamp) -> Self {
        let progress = course.waves.iter().map(|leg| progress(leg, &course.absent, state)).collect();
        Self { course, progress, now }
    }

    /// All that a wave waits for; the same for all its machines.
    pub(super) fn holds(&self, wave: usize) -> Vec<Why> {
        let Some(leg) = self.course.waves.get(wave) else { return vec![Why::NoWave] };
        leg.before
            .iter()
            .filter_map(|before| self.progress.get(*before))
            .filter_map(|it| self.hold(it))
            .collect()
    }

    /// What a primary machine of a wave waits for beside that.
    pub(super) fn together(&self, wave: usize) -> Option<Why> {
        let leg = self.course.waves.get(wave)?;
        let before = || leg.before.iter().filter_map(|before| self.progress.get(*before));
        let sum = before().map(|it| it.leg.soak).sum::<Duration>().max(self.course.primary_soak);
        // Where nothing is new, it counts from the beginning.
        let changed = before().filter_map(|it| it.changed).min();
        let first = changed.or_else(|| before().filter_map(|it| it.settled).map(|(first, _)| first).min());
        let left = first.map_or(sum, |first| left(first, sum, self.now));
        (left > Duration::ZERO).then_some(Why::SoaksTogether { left })
    }

    fn hold(&self, before: &Progress<'_>) -> Option<Why> {
        let wave = before.leg.name.clone();
        match (before.behind, before.settled) {
            (Some(machine), _) => Some(Why::Behind { wave, machine: machine.clone() }),
            (None, Some((_, last))) => {
                let left = left(last, before.leg.soak, self.now);
                let unexamined = || before.unexamined.cloned();
                match left {
                    Duration::ZERO => unexamined().map(|machine| Why::Behind { wave, machine }),
                    left => Some(Why::Soaks { wave, left }),
                }
            }
            (None, None) => None,
        }
    }
}

fn progress<'s>(leg: &'s Leg, absent: &BTreeSet<MachineName>, state: &'s State) -> Progress<'s> {
    let (mut behind, mut offline, mut settled, mut changed, mut unexamined) = (None, None, None, None, None);
    for name in &leg.machines {
        match state.machines().get(name) {
            Some(host @ Host { phase: Phase::Settled { since }, failed: None, change, .. }) => {
                if change.old != change.new {
                    changed = Some(changed.map_or(*since, |first: Timestamp| first.min(*since)));
                }
                if !soak::is_through(host, leg.soak) {
                    unexamined = unexamined.or(Some(name));
                }
                let (first, last) = settled.unwrap_or((*since, *since));
                settled = Some((first.min(*since), last.max(*since)));
            }
            Some(host) if host.away && host.is_untouched() => offline = offline.or(Some(name)),
            None if absent.contains(name) => offline = offline.or(Some(name)),
            _ => behind = behind.or(Some(name)),
        }
    }
    let nobody = settled.is_none().then_some(offline).flatten();
    Progress { leg, behind: behind.or(nobody), settled, changed, unexamined }
}

/// What is left of a time that began at a moment. A clock that went back leaves more, never less.
pub(super) fn left(since: Timestamp, time: Duration, now: Timestamp) -> Duration {
    let gone = now.duration_since(since);
    let left = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX).saturating_sub(gone);
    left.unsigned_abs() * u32::from(left.is_positive())
}
