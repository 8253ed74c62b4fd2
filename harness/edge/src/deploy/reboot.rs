//! A machine that boots its new closure once.
//!
//! ```text
//! reboot.sh ──▶ nothing to boot | cannot boot once | goes down ──returned.sh, again and again──▶ came new | came old | stays
//! ```
//!
//! Flows in: one order's work. Flows out: how the reboot ended. Must not: take a machine for back that has not gone down yet, or
//! wait for one for ever.

use std::time::Duration;

use model::rollout::End;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    Work,
    answer::{self, Reboot},
    script::Part,
};

/// Between two questions whether it is back.
const PAUSE: Duration = Duration::from_millis(500);

impl Work<'_> {
    pub(super) async fn reboot(&self) -> End {
        match answer::reboot(self.ask(Part::Reboot).await) {
            Ok(Reboot::GoesDown) => self.returned().await,
            Ok(Reboot::Needless) => End::Done,
            Err(end) => end,
        }
    }

    /// Waits until it says how it came back. A connection that is cut, and a machine that is busy, say nothing yet.
    async fn returned(&self) -> End {
        let end = Instant::now() + self.deploy.limits.reboot;
        while Instant::now() < end {
            let Ok(answered) = timeout_at(end, self.ask(Part::Returned)).await else { break };
            if let Some(end) = answered.ok().and_then(|answer| answer::returned(&answer)) {
                return end;
            }
            sleep(PAUSE).await;
        }
        End::Unreachable
    }
}
