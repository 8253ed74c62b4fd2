//! A clock that goes only when it is told to.
//!
//! Flows in: how far it goes. Flows out: moments. Must not: read the host's clocks.

use std::time::Duration;

use jiff::Timestamp;
use run::{Clock, Moment};
use tokio::time::Instant;

/// 2026-11-20 11:08:12 UTC, when every test's clock starts.
pub const START: i64 = 1_795_172_892;

/// The moment so long after the start.
#[must_use]
pub fn moment(elapsed: Duration) -> Moment {
    let start = Timestamp::from_second(START).unwrap_or(Timestamp::UNIX_EPOCH);
    Moment { wall: start.checked_add(elapsed).unwrap_or(Timestamp::MAX), elapsed }
}

/// Follows tokio's time, so that with `#[tokio::test(start_paused = true)]` it jumps from one deadline to the next.
#[derive(Debug, Clone, Copy)]
pub struct FakeClock {
    start: Instant,
}

impl FakeClock {
    /// A clock that stands at [`START`].
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Moment {
        moment(self.start.elapsed())
    }
}
