//! What became of the frames, counted.
//!
//! Flows in: each frame's fate. Flows out: sums, as data. Must not: forget a frame.

use std::collections::BTreeMap;

use serde::Serialize;

/// What became of the frames of one network since it began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// What each guest has sent.
    pub guests: BTreeMap<String, Sent>,
    /// From each guest to each other. A frame to everybody counts once for each.
    pub pairs: BTreeMap<String, BTreeMap<String, Traffic>>,
}

/// Frames that came from one guest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// All of them.
    pub frames: u64,
    /// Their bytes, without the lengths.
    pub bytes: u64,
    /// Those among them with fewer than 14 bytes, which have no addresses and go nowhere.
    pub runts: u64,
}

/// Frames on the way from one guest to another: `sent` is what was delivered, dropped, or waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Frames that were for the other guest.
    pub sent: u64,
    /// Frames that were written to its socket.
    pub delivered: u64,
    /// Their bytes, without the lengths.
    pub bytes: u64,
    /// Frames that are on their way, or wait until it reads.
    pub waiting: u64,
    /// Frames that it will not get.
    pub dropped: Dropped,
}

/// Frames that were dropped, by the first reason that there was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// One of the ports was down.
    pub down: u64,
    /// The guests were on two sides of a partition.
    pub partition: u64,
    /// The line was cut.
    pub cut: u64,
    /// The line lost it.
    pub loss: u64,
    /// No guest was there to get it.
    pub absent: u64,
    /// The guest did not read as fast as others wrote, or there was more on its way than a line holds.
    pub full: u64,
}

/// Why a frame is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Down,
    Partition,
    Cut,
    Loss,
    Absent,
    Full,
}

impl Dropped {
    /// For whatever reason.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.down + self.partition + self.cut + self.loss + self.absent + self.full
    }

    pub(super) fn count(&mut self, why: Why) {
        let count = match why {
            Why::Down => &mut self.down,
            Why::Partition => &mut self.partition,
            Why::Cut => &mut self.cut,
            Why::Loss => &mut self.loss,
            Why::Absent => &mut self.absent,
            Why::Full => &mut self.full,
        };
        *count += 1;
    }
}

impl Traffic {
    /// A frame that waited will not be delivered.
    pub(super) fn give_up(&mut self, why: Why) {
        self.waiting -= 1;
        self.dropped.count(why);
    }

    /// A frame that waited was written.
    pub(super) fn deliver(&mut self, bytes: usize) {
        self.waiting -= 1;
        self.delivered += 1;
        self.bytes += bytes as u64;
    }
}
