//! The limits that evaluators are held to.
//!
//! Flows in: the machine's memory and cores. Flows out: [`Limits`]. Must not: limit a single test; its check does.

use std::{num::NonZeroUsize, time::Duration};

/// The limits of a pool of evaluators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many evaluators run at a time.
    pub workers: NonZeroUsize,
    /// Address space of one evaluator, in bytes: a test that needs more fails.
    pub memory: Option<u64>,
    /// Resident memory, in bytes, above which an evaluator makes way for a new one after its request.
    pub resident: Option<u64>,
    /// Time for an evaluator to start: copying the sources, and evaluating the flake as far as the names of its outputs.
    pub start: Duration,
    /// Time for one question of the survey: a fact of a machine, a walk through a tree.
    pub question: Duration,
    /// Time for fetching the flake's inputs.
    pub fetch: Duration,
    /// How many failures of a run are confirmed by an evaluator of their own although nothing casts a doubt on them.
    pub confirmations: usize,
}

const GIB: u64 = 1 << 30;

impl Limits {
    /// Limits that suit this machine: a worker a core, which share four fifths of the memory, but at least 4 GiB each.
    #[must_use]
    pub fn of_machine() -> Self {
        let workers = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::for_machine(workers, memory())
    }

    fn for_machine(cores: NonZeroUsize, memory: Option<u64>) -> Self {
        // A worker on less than 1 GiB would only be replaced all the time.
        let fitting = memory.map_or(usize::MAX, |total| usize::try_from(total / GIB).unwrap_or(usize::MAX));
        let workers = NonZeroUsize::new(cores.get().min(fitting)).unwrap_or(NonZeroUsize::MIN);
        let share = memory.map(|total| total / 5 * 4 / workers.get() as u64);
        Self {
            workers,
            memory: share.map(|share| share.max(4 * GIB)),
            resident: share.map(|share| (share / 2).max(GIB / 2)),
            start: Duration::from_secs(120),
            question: Duration::from_secs(60),
            fetch: Duration::from_secs(600),
            confirmations: 64,
        }
    }
}

#[cfg(target_os = "linux")]
fn memory() -> Option<u64> {
    let info = rustix::system::sysinfo();
    let total = info.totalram;
    // A long on the machine, and not everywhere as wide.
    #[expect(clippy::useless_conversion, reason = "the field is narrower on 32-bit machines")]
    let total = u64::try_from(total).ok()?;
    total.checked_mul(u64::from(info.mem_unit.max(1)))
}

#[cfg(not(target_os = "linux"))]
fn memory() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(cores: usize, gib: Option<u64>) -> (usize, Option<u64>, Option<u64>) {
        let limits = Limits::for_machine(NonZeroUsize::new(cores).unwrap(), gib.map(|gib| gib * GIB));
        (
            limits.workers.get(),
            limits.memory.map(|bytes| bytes / GIB),
            limits.resident.map(|bytes| bytes / (GIB / 2)),
        )
    }

    #[test]
    fn workers_share_the_memory() {
        assert_eq!(limits(2, Some(20)), (2, Some(8), Some(8)));
        assert_eq!(limits(16, Some(32)), (16, Some(4), Some(1)));
        assert_eq!(limits(8, Some(2)), (2, Some(4), Some(1)));
        assert_eq!(limits(8, Some(0)), (1, Some(4), Some(1)));
        assert_eq!(limits(8, None), (8, None, None));
    }
}
