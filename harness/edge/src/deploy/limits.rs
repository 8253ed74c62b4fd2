//! How long steps may take.
//!
//! Flows in: what the fleet's policy states. Flows out: the deadlines that follow. Must not: read a clock.

use std::time::Duration;

/// Times for one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a build.
    pub build: Duration,
    /// For a copy.
    pub copy: Duration,
    /// For an activation, to the new closure or back to the old one; longer ones are stopped on the machine.
    pub activate: Duration,
    /// From the latest end of an activation until the machine goes back by itself.
    pub confirm: Duration,
    /// For what is worse than before to get well, and for units to start, in an examination.
    pub settle: Duration,
    /// For one of the machine's own health checks.
    pub check: Duration,
    /// For a machine to come back that reboots.
    pub reboot: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            build: minutes(240),
            copy: minutes(120),
            activate: minutes(10),
            confirm: minutes(2),
            // Longer than systemd waits for a unit to start, unless it is told otherwise.
            settle: minutes(2),
            check: Duration::from_secs(10),
            reboot: minutes(10),
        }
    }
}

/// To connect, to be let in, and for all that a script does beside waiting.
const BESIDE: Duration = Duration::from_secs(60);

impl Limits {
    /// From before the activation until the timer on the machine goes off. It counts from before anything is changed, so that
    /// an activation that hangs is covered too.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.activate + self.confirm
    }

    /// How long a look waits for what others left at work: an activation, and one back.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.activate * 2 + Duration::from_secs(10)
    }

    /// For a whole session.
    #[must_use]
    pub fn session(&self) -> Duration {
        self.patience() + self.activate * 2 + BESIDE
    }
}
