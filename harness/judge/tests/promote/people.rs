//! What people do, and what time does: they agree, stop everything and allow it again, and promote again, with machines that answer
//! at last.
//!
//! Flows in: a world, the fleet. Flows out: the worlds that may follow.
//! Must not: take a step with a machine.

use std::collections::BTreeSet;

use model::{machine::MachineName, rollout::Happened};

use crate::world::{Fleet, Habit, World};

impl World {
    /// What may be said, and that time goes by.
    pub(crate) fn people_and_time(&self, fleet: &Fleet, next: &mut Vec<(String, Self)>) {
        if self.left.hours > 0 {
            let mut after = self.clone();
            (after.hour, after.left.hours) = (self.hour + 1, self.left.hours - 1);
            next.push(("an hour goes by".to_owned(), after));
        }
        for leg in fleet.law.waves.iter().filter(|leg| leg.approvals.is_some() && self.alive) {
            let there = |name: &&MachineName| self.state.machines().contains_key(*name);
            let of: BTreeSet<_> = leg.machines.iter().filter(there).cloned().collect();
            if self.agreed.get(&leg.name) != Some(&of) {
                let mut after = self.clone();
                after.note(Happened::Approved {
                    by: "ann".to_owned(),
                    wave: leg.name.clone(),
                    signed: None,
                    held: None,
                });
                after.agreed.insert(leg.name.clone(), of);
                next.push((format!("ann agrees to wave {}", leg.name), after));
            }
        }
        if self.frozen {
            next.push(("bob allows it again".to_owned(), self.stopped(fleet, false)));
        } else if self.left.freezes > 0 {
            next.push(("bob stops everything".to_owned(), self.stopped(fleet, true)));
        }
    }

    fn stopped(&self, fleet: &Fleet, frozen: bool) -> Self {
        let mut after = self.clone();
        after.frozen = frozen;
        after.left.freezes -= u8::from(frozen);
        let by = "bob".to_owned();
        if !frozen {
            after.note(Happened::Thawed { by });
        } else if fleet.habit != Habit::Deaf {
            after.note(Happened::Frozen { by, reason: "an outage".to_owned() });
        }
        after
    }

    /// Another process takes over. Those that answer by now join what is there.
    pub(crate) fn resumes(&self, fleet: &Fleet, next: &mut Vec<(String, Self)>) {
        let mut after = self.clone();
        after.alive = true;
        after.note(Happened::Resumed);
        next.push(("another process resumes".to_owned(), after));
        for name in fleet.late.iter().filter(|name| !self.state.machines().contains_key(*name)) {
            let mut after = self.clone();
            after.alive = true;
            after.note(match fleet.habit {
                Habit::BeginsAnew => Happened::Started { changes: fleet.changes(|_| true), back: false },
                _ => Happened::Joined { changes: fleet.changes(|one| one == name) },
            });
            after.note(Happened::Resumed);
            next.push((format!("another process resumes, and {name} joins"), after));
        }
    }
}
