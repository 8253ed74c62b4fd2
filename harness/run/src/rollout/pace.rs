//! How often something is tried again with a machine where it does not work.
//!
//! Flows in: how steps came out. Flows out: the moment before which nothing is tried. Must not: know what a step does.

use std::{collections::HashMap, time::Duration};

use model::{
    machine::MachineName,
    rollout::{End, Happened},
};

/// After so many in a row that did not work, nobody waits for the machine any more.
const ENOUGH: u32 = 6;

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(600);

/// The pauses between what does not work: none, then one second, and always twice the one before.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<MachineName, Misses>);

#[derive(Debug, Default)]
struct Misses {
    count: u32,
    /// By the elapsed time.
    not_before: Duration,
}

impl Pace {
    /// A step ended. A look that saw something proves that the machine can be reached, not that what failed works now.
    pub(super) fn heard(&mut self, what: &Happened, elapsed: Duration) {
        let Happened::Ended { machine, end, .. } = what else { return };
        if matches!(end, End::Done | End::Skipped { .. }) {
            self.0.remove(machine);
            return;
        }
        let misses = self.0.entry(machine.clone()).or_default();
        let pause = misses.count.checked_sub(1).map_or(0, |doublings| 1_u64 << doublings.min(30));
        misses.count += 1;
        misses.not_before = elapsed + Duration::from_secs(pause).min(LONGEST);
    }

    /// When something may be tried with a machine; `None`: at once.
    pub(super) fn not_before(&self, machine: &MachineName, elapsed: Duration) -> Option<Duration> {
        self.0.get(machine).map(|misses| misses.not_before).filter(|moment| *moment > elapsed)
    }

    /// Whether it has been tried often enough.
    pub(super) fn has_enough(&self, machine: &MachineName) -> bool {
        self.0.get(machine).is_some_and(|misses| misses.count >= ENOUGH)
    }
}
