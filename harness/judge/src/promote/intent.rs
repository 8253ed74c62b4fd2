//! What somebody who says "promote" means: that the promotion that is there goes on, or that another begins.
//!
//! In: the last promotion, what is wanted, what is there. Out: an intent. It must not begin another while a machine of the last
//! one is neither old nor new: that one is ended first.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{
    course::Course,
    machine::MachineName,
    rollout::{Change, Closure, Standing, Step},
};

use super::{
    host::{Host, Phase},
    soak,
    state::State,
};

/// What has to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// The last promotion is to the wanted closures, and goes on, with those that it does not have and that are known now.
    GoOn(Changes),
    /// The last promotion is to other closures, and something that it began has to be ended.
    End,
    /// Another promotion.
    Start(Changes),
    /// Every machine that is known runs and boots what is wanted.
    Nothing(Changes),
}

impl Intent {
    /// Those that no promotion has, and why.
    #[must_use]
    pub fn left_out(&self) -> &BTreeMap<MachineName, LeftOut> {
        match self {
            Self::GoOn(changes) | Self::Start(changes) | Self::Nothing(changes) => &changes.left_out,
            Self::End => const { &BTreeMap::new() },
        }
    }

    /// Those of them that never answered, for [`model::course::Course::absent`].
    #[must_use]
    pub fn never_seen(&self) -> BTreeSet<MachineName> {
        let never = self.left_out().iter().filter(|(_, why)| **why == LeftOut::NeverSeen);
        never.map(|(name, _)| name.clone()).collect()
    }
}

/// What another promotion would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// From what to what.
    pub changes: BTreeMap<MachineName, Change>,
    /// Those of whom nobody knows what they would go back to.
    pub left_out: BTreeMap<MachineName, LeftOut>,
}

/// Why a machine cannot be promoted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// Nobody ever saw what runs there.
    NeverSeen,
    /// What runs is not what boots, so that there is no one closure to go back to.
    Split(Standing),
}

impl Changes {
    /// Without what a promotion has already.
    fn beside(mut self, last: &State) -> Self {
        self.changes.retain(|name, _| !last.machines().contains_key(name));
        self.left_out.retain(|name, _| !last.machines().contains_key(name));
        self
    }
}

/// Finds out. `wanted` holds the machines that waves take along.
#[must_use]
pub fn intend(
    last: Option<&State>,
    course: &Course,
    wanted: &BTreeMap<MachineName, Closure>,
    standing: &BTreeMap<MachineName, Standing>,
) -> Intent {
    let changes = changes(last, wanted, standing);
    if let Some(last) = last {
        let covers = wanted.iter().all(|(name, closure)| match last.machines().get(name) {
            Some(host) => host.change.new == *closure,
            None => true,
        });
        let ends = last.ends();
        let more = changes.clone().beside(last);
        let grows = more.changes.values().any(|change| change.old != change.new);
        match (covers, ends) {
            (true, false) => return Intent::GoOn(more),
            // One that failed is over when all that it began is ended: whoever promotes again begins again.
            (true, true) if (!last.is_through(course) || grows) && !last.failed() => {
                return Intent::GoOn(more);
            }
            (false, false) => return Intent::End,
            _ => {}
        }
    }
    if changes.changes.values().all(|change| change.old == change.new) {
        return Intent::Nothing(changes);
    }
    Intent::Start(changes)
}

impl State {
    /// Whether nothing more comes of a promotion: whoever promotes begins another, which hears no word that was said in this one.
    #[must_use]
    pub fn is_over(&self, course: &Course) -> bool {
        self.ends() && (self.failed() || self.is_through(course))
    }

    /// Whether nothing that was begun has to be ended before another promotion begins.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.machines().values().all(is_at_rest)
    }

    fn failed(&self) -> bool {
        self.machines().values().any(|host| host.failed.is_some())
    }

    fn is_through(&self, course: &Course) -> bool {
        self.machines().iter().all(|(name, host)| soak::is_through(host, soak_of(course, name)))
    }
}

fn soak_of(course: &Course, name: &MachineName) -> Duration {
    let leg = course.waves.iter().find(|leg| leg.machines.contains(name));
    leg.map_or(Duration::ZERO, |leg| leg.soak)
}

/// Whether nothing that was begun has to be ended. What strayed is left to a person either way.
fn is_at_rest(host: &Host) -> bool {
    let changes_nothing = |step| step == Step::Examine;
    host.begun.is_none_or(changes_nothing)
        && !host.doubt
        && !matches!(host.phase, Phase::Trying | Phase::Confirmed)
}

fn changes(
    last: Option<&State>,
    wanted: &BTreeMap<MachineName, Closure>,
    standing: &BTreeMap<MachineName, Standing>,
) -> Changes {
    let mut found = Changes::default();
    for (name, new) in wanted {
        let known = last.and_then(|last| last.machines().get(name)).and_then(Host::expected);
        let old = match standing.get(name) {
            Some(there) if there.running == there.profile => there.running.clone(),
            Some(there) => {
                found.left_out.insert(name.clone(), LeftOut::Split(there.clone()));
                continue;
            }
            // It is offline: what it was left with is still there, or a look will say otherwise.
            None => match known {
                Some(known) => known.clone(),
                None => {
                    found.left_out.insert(name.clone(), LeftOut::NeverSeen);
                    continue;
                }
            },
        };
        found.changes.insert(name.clone(), Change { old, new: new.clone() });
    }
    found
}
