//! Another try, where a host closed the connection before it said who it is: its sshd has too many whom it does not know yet.
//!
//! By default an sshd turns three of ten away at random once ten are about to log in (`MaxStartups 10:30:100`), and everybody
//! behind a jump host goes through its one sshd.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The longest wait before each further try, in milliseconds.
const WAITS: [u32; 3] = [500, 1500, 4000];

/// How often a host was tried, and until when it may be.
#[derive(Debug)]
pub(super) struct Tries {
    end: Instant,
    waits: std::array::IntoIter<u32, 3>,
}

impl Tries {
    pub(super) fn within(limit: Duration) -> Self {
        Self { end: Instant::now() + limit, waits: WAITS.into_iter() }
    }

    /// What is left of the limit.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Waits before another try: for a time of chance, so that those who were turned away together do not come back together.
    /// False where there is to be none.
    pub(super) async fn again(&mut self) -> bool {
        let Some(wait) = self.waits.next().and_then(by_chance) else { return false };
        if self.left() <= wait {
            return false;
        }
        sleep(wait).await;
        true
    }
}

/// Some part of so many milliseconds.
fn by_chance(most: u32) -> Option<Duration> {
    let mut bytes = [0; 2];
    rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty()).ok()?;
    let part = f64::from(u16::from_ne_bytes(bytes)) / f64::from(u16::MAX);
    Some(Duration::from_millis(most.into()).mul_f64(part))
}
