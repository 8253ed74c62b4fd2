//! The switch over real sockets, with cards in this process for guests.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

mod faults;
mod laws;
mod ports;

use std::{collections::BTreeMap, time::Duration};

use tempfile::TempDir;
use vms::switch::{
    Switch,
    frame::Frame,
    handle::Handle,
    mac::Mac,
    nic::Nic,
    topology::{Network, Topology},
};

/// How long anything may take on a loaded computer.
const LIMIT: Duration = Duration::from_secs(30);

/// A network of these guests; the address of each ends with its place among them.
fn network(guests: &[&str]) -> Network {
    let members = guests.iter().zip(0..).map(|(guest, number)| ((*guest).to_owned(), mac(number)));
    Network { members: members.collect(), links: Vec::new() }
}

fn mac(number: u8) -> Mac {
    Mac([0x52, 0x54, 0, 0x12, 1, number])
}

/// A frame of at least 18 bytes that carries a number.
fn frame(to: Mac, of: Mac, number: u32, length: usize) -> Frame {
    let mut bytes = [&to.0[..], &of.0, &[8, 0], &number.to_be_bytes()].concat();
    bytes.resize(bytes.len().max(length), 0);
    Frame::new(&bytes).unwrap()
}

fn number(frame: &Frame) -> u32 {
    u32::from_be_bytes(frame.bytes()[14..18].try_into().unwrap())
}

/// A switch with one network, and a card for each guest.
struct Lan {
    handle: Handle,
    nics: BTreeMap<String, Nic>,
    switch: Switch,
    _folder: TempDir,
}

impl Lan {
    async fn of(network: Network) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let guests: Vec<String> = network.members.keys().cloned().collect();
        let topology = Topology { seed: 1, networks: [("lan".to_owned(), network)].into() };
        let switch = Switch::open(folder.path(), &topology).unwrap();
        let handle = switch.network("lan").unwrap();
        let mut lan = Self { handle, nics: BTreeMap::new(), switch, _folder: folder };
        for guest in guests {
            lan.come(&guest).await;
        }
        lan
    }

    /// A guest comes, or comes again.
    async fn come(&mut self, guest: &str) {
        let nic = Nic::connect(&self.handle.link(guest).unwrap().socket).await.unwrap();
        self.nics.insert(guest.to_owned(), nic);
        self.handle.attached(guest, LIMIT).await.unwrap();
    }

    fn mac(&self, guest: &str) -> Mac {
        self.handle.link(guest).unwrap().mac.parse().unwrap()
    }

    fn nic(&mut self, guest: &str) -> &mut Nic {
        self.nics.get_mut(guest).unwrap()
    }

    /// A guest says a number to everybody.
    async fn say(&mut self, guest: &str, number: u32) {
        let frame = frame(Mac::BROADCAST, self.mac(guest), number, 60);
        self.nic(guest).sending.send(&[frame]).await.unwrap();
    }

    /// A guest says a number to everybody, and the switch has heard it when this returns.
    async fn say_and_wait(&mut self, guest: &str, number: u32) {
        let heard = |lan: &Self| lan.handle.statistics().guests[guest].frames;
        let before = heard(self);
        self.say(guest, number).await;
        let wait = async {
            while heard(self) == before {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, wait).await.unwrap();
    }

    /// The number that a guest hears next.
    async fn hear(&mut self, guest: &str) -> u32 {
        let heard = tokio::time::timeout(LIMIT, self.nic(guest).receiving.receive()).await;
        number(&heard.unwrap_or_else(|_| panic!("{guest} hears nothing")).unwrap().unwrap())
    }
}
