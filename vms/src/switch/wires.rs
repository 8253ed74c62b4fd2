//! One network as its ports and its handles share it: the fabric, and ways to wait for what changes in it.
//!
//! Flows in: calls from tasks of ports, and from handles. Flows out: news for those who wait. Must not: hold its lock
//! while anybody waits.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    fabric::Fabric,
    frame::{Decoder, Malformed},
    port::{Attachment, Gone},
    topology::Network,
};

#[derive(Debug)]
pub(super) struct Wires {
    fabric: Mutex<Fabric>,
    ends: Vec<End>,
    began: Instant,
}

/// What those at one port wait for.
#[derive(Debug)]
struct End {
    news: Notify,
    attachment: watch::Sender<Attachment>,
}

impl Wires {
    /// Those of a network that was checked. Its ports are its members, in the order of their names.
    pub(super) fn new(seed: u64, name: &str, network: &Network) -> Self {
        let guests: Vec<&str> = network.members.keys().map(String::as_str).collect();
        let mut fabric = Fabric::new(seed, name, &guests);
        for link in &network.links {
            let ports = link.between.each_ref().map(|guest| guests.binary_search(&guest.as_str()));
            if let [Ok(a), Ok(b)] = ports {
                fabric.begin_with(a, b, link.line);
                fabric.begin_with(b, a, link.line);
            }
        }
        let end = |_| End { news: Notify::new(), attachment: watch::Sender::new(Attachment::Awaited) };
        Self { fabric: Mutex::new(fabric), ends: guests.iter().map(end).collect(), began: Instant::now() }
    }

    pub(super) fn attach(&self, port: usize) {
        self.fabric().attach(port);
        self.ends[port].attachment.send_replace(Attachment::There);
    }

    pub(super) fn detach(&self, port: usize, gone: Gone) {
        self.fabric().detach(self.began.elapsed(), port);
        self.ends[port].attachment.send_replace(Attachment::Gone(gone));
    }

    pub(super) fn attachment(&self, port: usize) -> watch::Receiver<Attachment> {
        self.ends[port].attachment.subscribe()
    }

    /// Takes what a guest has written.
    pub(super) fn receive(&self, port: usize, decoder: &mut Decoder, piece: &[u8]) -> Result<(), Malformed> {
        let (now, mut fabric) = (self.began.elapsed(), self.fabric());
        let wake = |to: usize| self.ends[to].news.notify_one();
        decoder.read(piece, |frame| fabric.receive(now, port, frame, wake))
    }

    /// What is due at a port. Where nothing is, tells when something will be, as far as that is known now.
    pub(super) fn take(&self, port: usize, batch: &mut Vec<u8>) -> Option<Instant> {
        let due = self.fabric().take(self.began.elapsed(), port, batch);
        due.map(|due| self.began + due)
    }

    /// Waits until there may be something else to take than there was.
    pub(super) async fn news(&self, port: usize) {
        self.ends[port].news.notified().await;
    }

    /// Changes what befalls frames; it is so when this returns.
    pub(super) fn change(&self, change: impl FnOnce(&mut Fabric, std::time::Duration)) {
        change(&mut self.fabric(), self.began.elapsed());
        self.ends.iter().for_each(|end| end.news.notify_one());
    }

    pub(super) fn fabric(&self) -> MutexGuard<'_, Fabric> {
        self.fabric.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
