//! One network: what becomes of each frame, as a plain value that is told the time.
//!
//! Flows in: frames, faults, guests that come and go, and the time since the network began. Flows out: frames, for
//! whoever asks for those of a port; counts. Must not: wait, or look at a clock; let a port wait for another.
//!
//! A frame goes, in this order: the switch learns where its source is; finds who is to get it; asks of each pair whether
//! the frame passes; and sends it on its way, or into the queue of the port.

use std::time::Duration;

use super::{
    frame::{Frame, SHORTEST},
    line::{Chance, Line},
    outbox::{Outbox, Parcel, ROOM},
    statistics::{Sent, Traffic, Why},
    table::Table,
};

/// Bytes that are taken from a port's queue at once.
const BATCH: usize = 64 * 1024;

/// Ports, by number, and what is between them.
#[derive(Debug)]
pub(super) struct Fabric {
    ports: Vec<Port>,
    /// From each port to each, those from the first one first.
    pairs: Vec<Pair>,
    table: Table,
}

#[derive(Debug, Default)]
struct Port {
    attached: bool,
    down: bool,
    /// Its side of the partition.
    side: usize,
    sent: Sent,
    outbox: Outbox,
}

#[derive(Debug)]
struct Pair {
    line: Line,
    /// The line that it began with.
    first: Line,
    chance: Chance,
    /// When the last frame is due that was sent on its way: none may be due before it.
    last_due: Duration,
    /// What frames on their way take of its room.
    flying: usize,
    traffic: Traffic,
}

impl Fabric {
    /// A network of guests with these names. Chance depends on the seed and the names.
    pub(super) fn new(seed: u64, network: &str, guests: &[&str]) -> Self {
        let pair = |from: &str, to: &str| Pair {
            line: Line::default(),
            first: Line::default(),
            chance: Chance::of(seed, [network, from, to]),
            last_due: Duration::ZERO,
            flying: 0,
            traffic: Traffic::default(),
        };
        Self {
            ports: guests.iter().map(|_| Port::default()).collect(),
            pairs: guests.iter().flat_map(|from| guests.iter().map(|to| pair(from, to))).collect(),
            table: Table::new(guests.len()),
        }
    }

    /// The line that a pair begins with.
    pub(super) fn begin_with(&mut self, from: usize, to: usize, line: Line) {
        let pair = self.pair(from, to);
        (pair.line, pair.first) = (line, line);
    }

    /// A guest has come.
    pub(super) fn attach(&mut self, port: usize) {
        self.ports[port].attached = true;
    }

    /// A guest has gone. What it sent is still on its way; what was for it is dropped.
    pub(super) fn detach(&mut self, now: Duration, port: usize) {
        self.ports[port].attached = false;
        self.table.forget(port);
        self.enforce(now, port);
    }

    /// Takes a frame from a guest, and calls `wake` for each port that has something new to wait for.
    pub(super) fn receive(&mut self, now: Duration, from: usize, bytes: &[u8], mut wake: impl FnMut(usize)) {
        let port = &mut self.ports[from];
        port.sent.frames += 1;
        port.sent.bytes += bytes.len() as u64;
        port.sent.runts += u64::from(bytes.len() < SHORTEST);
        let Ok(frame) = Frame::new(bytes) else { return };
        if !port.down {
            self.table.learn(frame.source(), from);
        }
        let everybody = 0..self.ports.len();
        let ports = self.table.find(frame.destination()).map_or(everybody, |to| to..to + 1);
        for to in ports.filter(|to| *to != from) {
            if self.send(now, from, to, frame.clone()) {
                wake(to);
            }
        }
    }

    /// Fills `batch` with frames for a port, as they go over its stream. Where there are none, tells when the next one is
    /// due, if any is on its way.
    pub(super) fn take(&mut self, now: Duration, to: usize, batch: &mut Vec<u8>) -> Option<Duration> {
        self.land(now, to);
        while batch.len() < BATCH {
            let Some(parcel) = self.ports[to].outbox.pop() else { break };
            parcel.frame.encode(batch);
            self.pair(parcel.from, to).traffic.deliver(parcel.frame.bytes().len());
        }
        self.ports[to].outbox.next_due()
    }

    /// What befalls frames from one port to another from now on. Those that are on their way arrive no later than ones
    /// that are sent now.
    pub(super) fn set_line(&mut self, now: Duration, from: usize, to: usize, line: Line) {
        let pair = self.pair(from, to);
        pair.line = line;
        pair.last_due = pair.last_due.min(now + line.longest());
        self.enforce(now, to);
    }

    /// Frames pass only between ports of the same side, one number for each port.
    pub(super) fn partition(&mut self, now: Duration, sides: &[usize]) {
        self.ports.iter_mut().zip(sides).for_each(|(port, side)| port.side = *side);
        self.enforce_all(now);
    }

    /// Whether nothing comes from a port or to it.
    pub(super) fn set_down(&mut self, now: Duration, port: usize, down: bool) {
        self.ports[port].down = down;
        self.enforce_all(now);
    }

    /// Everything is as it began.
    pub(super) fn clear(&mut self, now: Duration) {
        self.ports.iter_mut().for_each(|port| (port.down, port.side) = (false, 0));
        for pair in &mut self.pairs {
            pair.line = pair.first;
            pair.last_due = pair.last_due.min(now + pair.line.longest());
        }
        self.enforce_all(now);
    }

    pub(super) fn line(&self, from: usize, to: usize) -> Line {
        self.pairs[from * self.ports.len() + to].line
    }

    pub(super) fn sent(&self, port: usize) -> Sent {
        self.ports[port].sent
    }

    pub(super) fn traffic(&self, from: usize, to: usize) -> Traffic {
        self.pairs[from * self.ports.len() + to].traffic
    }

    fn pair(&mut self, from: usize, to: usize) -> &mut Pair {
        &mut self.pairs[from * self.ports.len() + to]
    }

    /// Tells whether there is something new to wait for.
    fn send(&mut self, now: Duration, from: usize, to: usize, frame: Frame) -> bool {
        // What is due was sent before this one.
        self.land(now, to);
        let barred = self.barred(from, to);
        let attached = self.ports[to].attached;
        let pair = self.pair(from, to);
        pair.traffic.sent += 1;
        let lost = || pair.chance.loses(pair.line).then_some(Why::Loss);
        let absent = (!attached).then_some(Why::Absent);
        if let Some(why) = barred.or_else(lost).or(absent) {
            pair.traffic.dropped.count(why);
            return false;
        }
        pair.traffic.waiting += 1;
        let due = (now + pair.chance.takes(pair.line)).max(pair.last_due);
        let parcel = Parcel { from, frame };
        if due <= now {
            return self.queue(to, parcel);
        }
        if pair.flying + parcel.cost() > ROOM {
            pair.traffic.give_up(Why::Full);
            return false;
        }
        pair.flying += parcel.cost();
        pair.last_due = due;
        self.ports[to].outbox.send(due, parcel);
        true
    }

    fn queue(&mut self, to: usize, parcel: Parcel) -> bool {
        let queued = self.ports[to].outbox.push(parcel);
        if let Err(parcel) = &queued {
            self.pair(parcel.from, to).traffic.give_up(Why::Full);
        }
        queued.is_ok()
    }

    /// What has arrived is queued.
    fn land(&mut self, now: Duration, to: usize) {
        while let Some(parcel) = self.ports[to].outbox.land(now) {
            self.pair(parcel.from, to).flying -= parcel.cost();
            self.queue(to, parcel);
        }
    }

    /// Why nothing passes from one port to another.
    fn barred(&self, from: usize, to: usize) -> Option<Why> {
        let (source, target) = (&self.ports[from], &self.ports[to]);
        if source.down || target.down {
            Some(Why::Down)
        } else if source.side != target.side {
            Some(Why::Partition)
        } else {
            self.line(from, to).cut.then_some(Why::Cut)
        }
    }

    fn enforce_all(&mut self, now: Duration) {
        (0..self.ports.len()).for_each(|to| self.enforce(now, to));
    }

    /// Holds what waits for a port to what is so now: what would not pass is dropped, what is late is brought forward.
    fn enforce(&mut self, now: Duration, to: usize) {
        let count = self.ports.len();
        let absent = (!self.ports[to].attached).then_some(Why::Absent);
        let rule = |from| (self.barred(from, to).or(absent), now + self.line(from, to).longest());
        let rules: Vec<_> = (0..count).map(rule).collect();
        let Self { ports, pairs, .. } = self;
        let outbox = &mut ports[to].outbox;
        outbox.retain_queue(|parcel| {
            let (why, _) = rules[parcel.from];
            why.inspect(|why| pairs[parcel.from * count + to].traffic.give_up(*why)).is_none()
        });
        outbox.reschedule(|due, parcel| {
            let (why, latest) = rules[parcel.from];
            let Some(why) = why else { return Some(due.min(latest)) };
            let pair = &mut pairs[parcel.from * count + to];
            pair.traffic.give_up(why);
            pair.flying -= parcel.cost();
            None
        });
    }
}

#[cfg(test)]
mod tests;
