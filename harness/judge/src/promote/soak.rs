//! When a machine that soaks is examined, and when it is through.
//!
//! In: how far it is, and how long its wave soaks. Out: the moment at which it is to be examined next. It must not count an
//! examination that began before the end of the soak for one at its end.

use std::time::Duration;

use jiff::Timestamp;

use super::host::{Host, Phase};

/// No two examinations follow each other sooner, nor later.
const PACE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Examinations of one soak, as far as the pace allows.
const TIMES: u32 = 100;

/// Whether it has its new closure, and did no worse with it when its soak was over. Where nothing was activated, or nothing is to
/// soak, there is no more to examine.
pub(super) fn is_through(host: &Host, soak: Duration) -> bool {
    let Phase::Settled { since } = host.phase else { return false };
    let examined = host.examined.is_some_and(|at| soak.is_zero() || at >= end(since, soak));
    host.failed.is_none() && (examined || host.change.old == host.change.new)
}

/// The moment at which it is to be examined next; none if it does not soak, or has soaked.
pub(super) fn next(host: &Host, soak: Duration) -> Option<Timestamp> {
    let Phase::Settled { since } = host.phase else { return None };
    if is_through(host, soak) {
        return None;
    }
    // One that was never examined did not get its closure from us.
    let pace = (soak / TIMES).clamp(PACE.0, PACE.1);
    Some(host.examined.map_or(since, |last| end(last, pace).min(end(since, soak))))
}

fn end(since: Timestamp, time: Duration) -> Timestamp {
    since.checked_add(time).unwrap_or(Timestamp::MAX)
}
