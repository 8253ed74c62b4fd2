//! The port to the host's clocks.
//!
//! Flows in: nothing. Flows out: a [`Moment`], wall time for events and elapsed time for limits.
//! Must not: be read by anything but the executor; everything else takes the moment as an input.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Moment;
}

/// A moment, on both of the host's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock says; it may be set back and forth.
    pub wall: Timestamp,
    /// Since the command began that the run is part of; never goes back.
    pub elapsed: Duration,
}

/// The host's own clocks.
#[derive(Debug, Clone, Copy)]
pub struct HostClock {
    start: Instant,
}

impl HostClock {
    /// A clock whose elapsed time counts from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for HostClock {
    fn now(&self) -> Moment {
        Moment { wall: Timestamp::now(), elapsed: self.start.elapsed() }
    }
}
