//! The frames that one port has yet to get: those that are due wait in a queue, the others are on their way.
//!
//! Flows in: frames, each with the time at which it is due. Flows out: the same frames, in the order in which they are
//! due. Must not: look at a clock; hold more that is due than there is room for.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::frame::Frame;

/// Bytes that may wait at a port, and as many may be on their way on each line. A second's worth of 8 Mbit/s.
pub(super) const ROOM: usize = 1024 * 1024;

/// A frame, and the port that it came from.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) from: usize,
    pub(super) frame: Frame,
}

impl Parcel {
    /// What it takes of the room: its bytes, and about as many as keeping it takes.
    pub(super) fn cost(&self) -> usize {
        const KEEPING: usize = 64;
        self.frame.bytes().len() + KEEPING
    }
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Parcel>,
    /// What the queue takes.
    taken: usize,
    /// By the time at which they are due, and the order in which they came.
    flights: BTreeMap<(Duration, u64), Parcel>,
    flown: u64,
}

impl Outbox {
    /// Appends one that is due, if there is room for it.
    pub(super) fn push(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        if self.taken + parcel.cost() > ROOM {
            return Err(parcel);
        }
        self.taken += parcel.cost();
        self.queue.push_back(parcel);
        Ok(())
    }

    /// The next of those that are due.
    pub(super) fn pop(&mut self) -> Option<Parcel> {
        let parcel = self.queue.pop_front()?;
        self.taken -= parcel.cost();
        Some(parcel)
    }

    /// Sends one on its way.
    pub(super) fn send(&mut self, due: Duration, parcel: Parcel) {
        self.flown += 1;
        self.flights.insert((due, self.flown), parcel);
    }

    /// One that has arrived.
    pub(super) fn land(&mut self, now: Duration) -> Option<Parcel> {
        let first = self.flights.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next one arrives.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.flights.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes those out of the queue that are not to stay.
    pub(super) fn retain_queue(&mut self, mut stays: impl FnMut(&Parcel) -> bool) {
        let taken = &mut self.taken;
        self.queue.retain(|parcel| {
            let stays = stays(parcel);
            *taken -= if stays { 0 } else { parcel.cost() };
            stays
        });
    }

    /// Asks of each that is on its way when it is due now; those that are not to arrive are taken out.
    pub(super) fn reschedule(&mut self, mut due: impl FnMut(Duration, &Parcel) -> Option<Duration>) {
        for ((was_due, number), parcel) in std::mem::take(&mut self.flights) {
            if let Some(due) = due(was_due, &parcel) {
                self.flights.insert((due, number), parcel);
            }
        }
    }
}
