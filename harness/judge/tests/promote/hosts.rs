//! What is really so with a machine, whatever anybody believes.

use model::rollout::{Change, Closure, End, Sight, Step};

/// A machine as it really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Truth {
    pub(crate) built: bool,
    pub(crate) copied: bool,
    pub(crate) running: Runs,
    /// Whether the new closure boots.
    pub(crate) boots_new: bool,
    pub(crate) timer: bool,
    pub(crate) tried: bool,
    pub(crate) confirmed: bool,
    /// Whether it does worse under its new closure than before.
    pub(crate) ill: bool,
    /// When it was last examined after confirming and found well, in hours.
    pub(crate) examined: Option<u8>,
    /// When it settled, in hours.
    pub(crate) settled: Option<u8>,
    /// The first step that took effect twice.
    pub(crate) twice: Option<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Runs {
    Old,
    New,
    Half,
}

impl Truth {
    pub(crate) const FIRST: Self = Self {
        built: false,
        copied: false,
        running: Runs::Old,
        boots_new: false,
        timer: false,
        tried: false,
        confirmed: false,
        ill: false,
        examined: None,
        settled: None,
        twice: None,
    };

    /// Wholly on its old or wholly on its new closure, for good.
    pub(crate) fn is_whole(&self) -> bool {
        let old = self.running == Runs::Old && !self.boots_new;
        let new = self.running == Runs::New && self.boots_new;
        (old || new) && !self.timer
    }

    /// Neither.
    pub(crate) fn is_under_way(&self) -> bool {
        !self.is_whole()
    }

    pub(crate) fn sight(&self, change: &Change) -> Sight {
        let running = match self.running {
            Runs::Old => Some(change.old.clone()),
            Runs::New => Some(change.new.clone()),
            Runs::Half => None,
        };
        let profile: &Closure = if self.boots_new { &change.new } else { &change.old };
        let Self { built, copied, timer, tried, .. } = *self;
        Sight { built, copied, running, profile: profile.clone(), timer, tried }
    }

    /// A step that works, or that fails for reasons of the machine's own.
    pub(crate) fn take(&mut self, step: Step, now: u8) -> End {
        let before = *self;
        match step {
            Step::Look => {}
            Step::Build => self.built = true,
            Step::Copy => self.copied = true,
            Step::Activate => {
                (self.running, self.timer, self.tried) = (Runs::New, true, true);
            }
            Step::Confirm if !self.timer => return failed("the timer has gone off"),
            Step::Confirm => (self.timer, self.confirmed) = (false, true),
            Step::Examine if self.running != Runs::New => return End::Unreachable,
            Step::Examine if self.ill => return failed("it is ill"),
            Step::Examine => self.examined = self.confirmed.then_some(now),
            Step::SetProfile if self.running != Runs::New => return failed("something else runs"),
            Step::SetProfile => {
                self.boots_new = true;
                self.settled.get_or_insert(now);
            }
            Step::RollBack => {
                self.boots_new = false;
                self.fire();
            }
        }
        let again = match step {
            Step::Build => before.built,
            Step::Copy => before.copied,
            Step::Activate => before.tried,
            Step::SetProfile => before.boots_new,
            _ => false,
        };
        if again {
            self.twice.get_or_insert(step);
        }
        End::Done
    }

    /// An activation that stops half-way: the timer is set before anything is changed.
    pub(crate) fn half(&mut self) {
        (self.running, self.timer, self.tried) = (Runs::Half, true, true);
    }

    /// The timer goes back by itself.
    pub(crate) fn fire(&mut self) {
        (self.running, self.timer) = (Runs::Old, false);
        (self.ill, self.examined) = (false, None);
    }

    /// What boots, runs; timers do not outlive a boot.
    pub(crate) fn reboot(&mut self) {
        if self.boots_new {
            (self.running, self.timer) = (Runs::New, false);
        } else {
            self.fire();
        }
    }
}

pub(crate) fn failed(why: &str) -> End {
    End::Failed { why: why.to_owned() }
}
