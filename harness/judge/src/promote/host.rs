//! How far one machine is.
//!
//! In: what happened with it. Out: its phase, and the step that comes next if everything allows it. It must not know of other
//! machines or of the policy.

use jiff::Timestamp;
use model::rollout::{Change, Closure, End, Sight, Step};

use super::sight;

/// One machine of a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// From what to what.
    pub change: Change,
    /// How far it is.
    pub phase: Phase,
    /// The step that was begun and has not ended.
    pub begun: Option<Step>,
    /// Whether somebody looks at it.
    pub looking: bool,
    /// Whether nobody knows how far the step came that was begun.
    pub doubt: bool,
    /// Whether it could not be reached when it was last tried.
    pub away: bool,
    /// Who else was at work with it when it was last tried.
    pub held: Option<String>,
    /// When it was last examined under its new closure and did no worse than before; by the begin of the examination.
    pub examined: Option<Timestamp>,
    /// Whether nothing of its new closure waits for a reboot that could be made.
    rebooted: bool,
    /// When the examination began that has not ended.
    examining: Option<Timestamp>,
    /// What went wrong with it, in its soak too. It goes back, and never gets a new closure in this promotion any more.
    pub failed: Option<String>,
    /// Whether somebody said so.
    ails: bool,
}

/// How far a machine is, by what is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nothing was done.
    Waiting,
    /// The new closure is built.
    Built,
    /// It is on the machine.
    Copied,
    /// It was activated, or half so; the timer on the machine would go back.
    Trying,
    /// It runs for good and does not boot yet: it is examined first.
    Confirmed,
    /// It runs and boots.
    Settled {
        /// From when its soak counts.
        since: Timestamp,
    },
    /// The old closure runs and boots, and so it stays.
    Back,
    /// Something else than the old and the new closure is there. A person has to look.
    Strayed,
}

impl Host {
    pub(super) fn new(change: Change, at: Timestamp) -> Self {
        let phase = if change.old == change.new { Phase::Settled { since: at } } else { Phase::Waiting };
        Self {
            change,
            phase,
            begun: None,
            looking: false,
            doubt: false,
            away: false,
            held: None,
            examined: None,
            rebooted: false,
            examining: None,
            failed: None,
            ails: false,
        }
    }

    /// Whether it was not activated, and still could be.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        let early = matches!(self.phase, Phase::Waiting | Phase::Built | Phase::Copied);
        early && self.failed.is_none() && !self.is_under_way()
    }

    /// Whether it may be neither wholly on its old nor wholly on its new closure.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.begun.is_some_and(Step::switches)
            || matches!(self.phase, Phase::Trying | Phase::Confirmed | Phase::Strayed)
    }

    /// Whether somebody is at work with it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.looking || (self.begun.is_some() && !self.doubt)
    }

    /// What runs and boots there, if that is one closure and it is known.
    #[must_use]
    pub fn expected(&self) -> Option<&Closure> {
        match self.phase {
            _ if self.begun.is_some_and(Step::switches) => None,
            Phase::Settled { .. } => Some(&self.change.new),
            Phase::Waiting | Phase::Built | Phase::Copied | Phase::Back => Some(&self.change.old),
            Phase::Trying | Phase::Confirmed | Phase::Strayed => None,
        }
    }

    /// The step that comes next, if everything else allows it; `reboots`: whether machines are rebooted.
    pub(super) fn next(&self, reboots: bool) -> Option<Step> {
        if self.is_busy() {
            return None;
        }
        if self.doubt || self.away {
            return Some(Step::Look);
        }
        match self.phase {
            Phase::Back | Phase::Strayed => None,
            _ if self.failed.is_some() && self.change.old != self.change.new => Some(Step::RollBack),
            Phase::Settled { .. } => None,
            Phase::Waiting => Some(Step::Build),
            Phase::Built => Some(Step::Copy),
            Phase::Copied => Some(Step::Activate),
            Phase::Trying => Some(Step::Confirm),
            Phase::Confirmed if self.examined.is_none() => Some(Step::Examine),
            Phase::Confirmed if reboots && !self.rebooted => Some(Step::Reboot),
            Phase::Confirmed => Some(Step::SetProfile),
        }
    }

    pub(super) fn begin(&mut self, step: Step, at: Timestamp) {
        if step == Step::Look {
            self.looking = true;
        } else {
            (self.begun, self.doubt) = (Some(step), false);
            self.examining = (step == Step::Examine).then_some(at);
        }
    }

    /// What was begun by a process that is gone is in doubt. So is what was strange: somebody may have put it right.
    pub(super) fn resume(&mut self) {
        self.looking = false;
        self.doubt |= self.begun.is_some() || self.phase == Phase::Strayed;
    }

    pub(super) fn end(&mut self, step: Step, end: &End, at: Timestamp) {
        self.held = if let End::Held { by } = end { Some(by.clone()) } else { None };
        if step == Step::Look {
            // What could be seen is told by a sight; a look that ends has seen nothing.
            (self.looking, self.away) = (false, true);
        } else if self.begun == Some(step) {
            let examining = self.examining.take();
            match end {
                End::Done if step == Step::Examine => (self.begun, self.examined) = (None, examining),
                End::Done => self.done(step, at),
                End::Skipped { .. } if step == Step::Reboot => self.done(step, at),
                End::Skipped { why } => self.fail(step, why),
                End::Failed { why } => self.fail(step, why),
                // These changed nothing there, so that nothing is in doubt.
                End::Unreachable if step == Step::Examine => (self.begun, self.away) = (None, true),
                End::Held { .. } => (self.begun, self.away) = (None, true),
                End::Unreachable => (self.away, self.doubt) = (true, true),
            }
        }
    }

    pub(super) fn see(&mut self, sight: &Sight, at: Timestamp) {
        sight::read(self, sight, at);
        (self.examining, self.held) = (None, None);
        (self.begun, self.doubt, self.looking, self.away) = (None, false, false, false);
    }

    pub(super) fn ail(&mut self, why: &str) {
        self.failed.get_or_insert_with(|| why.to_owned());
        self.ails = true;
        // Of what never ran the new closure there is nothing to go back from.
        if matches!(self.phase, Phase::Waiting | Phase::Built | Phase::Copied) && self.begun.is_none() {
            self.phase = Phase::Back;
        }
    }

    /// An activation was refused because somebody else had brought the new closure there: what was wanted is there, and did not fail.
    pub(super) fn forgives_refusal(&mut self) {
        if self.begun == Some(Step::Activate) && !self.ails {
            self.failed = None;
        }
    }

    fn done(&mut self, step: Step, at: Timestamp) {
        self.begun = None;
        self.phase = match step {
            Step::Look | Step::Examine => return,
            Step::Reboot => {
                // What was well before it need not be so now.
                (self.rebooted, self.examined) = (true, None);
                return;
            }
            Step::Build => Phase::Built,
            Step::Copy => Phase::Copied,
            Step::Activate => Phase::Trying,
            Step::Confirm => Phase::Confirmed,
            Step::SetProfile => Phase::Settled { since: at },
            Step::RollBack => Phase::Back,
        };
        if self.failed.is_some() && matches!(self.phase, Phase::Built | Phase::Copied) {
            self.phase = Phase::Back;
        }
    }

    fn fail(&mut self, step: Step, why: &str) {
        self.failed.get_or_insert_with(|| format!("{step}: {why}"));
        match step {
            // Nobody knows what is there now: an activation may have been refused, with nothing begun.
            Step::Activate | Step::RollBack | Step::Look => self.doubt = true,
            Step::Build | Step::Copy => (self.begun, self.phase) = (None, Phase::Back),
            Step::Confirm | Step::Examine | Step::Reboot | Step::SetProfile => self.begun = None,
        }
    }
}
