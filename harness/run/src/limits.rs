//! How much at a time, and how long: the numbers that the dispatcher works by.
//!
//! Flows in: how many cores there are. Flows out: numbers. Must not: look at the machine itself.

use std::{num::NonZeroUsize, time::Duration};

/// The dispatcher's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many jobs run at a time.
    pub slots: NonZeroUsize,
    /// How much memory the guests that run at a time may be given together, in MiB.
    pub memory: u32,
    /// After the first interrupt, how long running jobs may go on.
    pub grace: Duration,
    /// How long a worker has to end once it was told to stop, or once it has answered everything; then it is dropped.
    pub tidy: Duration,
    /// What a job gets on top of its checks' own limits before the backstop stops it.
    pub backstop: Duration,
    /// How long checks that became ready wait for others of their batch while no job ends.
    pub gather: Duration,
    /// A job takes at least this many checks of a batch, if that many are ready: starting a worker has its price.
    pub chunk: usize,
}

impl Limits {
    /// The usual numbers for so many jobs at a time.
    #[must_use]
    pub fn of_slots(slots: NonZeroUsize) -> Self {
        Self {
            slots,
            memory: u32::MAX,
            grace: Duration::from_secs(3),
            tidy: Duration::from_secs(5),
            backstop: Duration::from_secs(10),
            gather: Duration::from_millis(20),
            chunk: 4,
        }
    }
}
