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
    /// Whether the new closure was ever booted, be it once.
    pub(crate) booted: bool,
    /// Whether it cannot boot anything only once.
    pub(crate) spared: bool,
    /// Whether the next boot is of the new closure, and only that one.
    pub(crate) once: bool,
    /// Whether what the profile names does not boot by default.
    pub(crate) split: bool,
    /// Whether it went down, and nobody has started it again.
    pub(crate) down: bool,
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
        booted: false,
        spared: false,
        once: false,
        split: false,
        down: false,
        twice: None,
    };

    /// Wholly on its old or wholly on its new closure, for good.
    pub(crate) fn is_whole(&self) -> bool {
        let old = self.running == Runs::Old && !self.boots_new;
        let new = self.running == Runs::New && self.boots_new;
        (old || new) && !self.timer && !self.once && !self.split && !self.down
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
            Step::Reboot if self.running != Runs::New => return failed("something else runs"),
            Step::Reboot if self.booted => {}
            Step::Reboot => {
                self.set_once();
                self.reboot();
            }
            Step::SetProfile if self.running != Runs::New => return failed("something else runs"),
            Step::SetProfile => {
                (self.boots_new, self.split) = (true, false);
                self.settled.get_or_insert(now);
            }
            Step::RollBack => {
                (self.boots_new, self.split, self.once) = (false, false, false);
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

    /// The profile names the new closure, the old one boots, and the new one is booted once before.
    pub(crate) fn set_once(&mut self) {
        (self.split, self.once) = (true, true);
    }

    /// What boots, runs; timers do not outlive a boot, and what boots once does so once.
    pub(crate) fn reboot(&mut self) {
        self.down = false;
        if std::mem::take(&mut self.once) {
            (self.running, self.timer) = (Runs::New, false);
            (self.booted, self.examined) = (true, None);
        } else if self.boots_new {
            (self.running, self.timer, self.booted) = (Runs::New, false, true);
        } else {
            self.fire();
        }
    }
}

pub(crate) fn failed(why: &str) -> End {
    End::Failed { why: why.to_owned() }
}
