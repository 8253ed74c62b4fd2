//! A relay in the hub that holds packets back: the kernels of many computers have no `netem`.
//!
//! Flows in: packets that the hub leads to the relay's device, and how long each line takes. Flows out: the same packets,
//! later, in the order in which they came. Must not: hold what no line says, or more than a line would.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_tun::Tun;

use crate::{addresses::RELAY, socket::Network};

/// The largest packet, in bytes.
const LARGEST: usize = 1 << 16;

/// Packets that are held at most: what comes then is lost, as in any queue.
const HELD: usize = 1 << 14;

/// How long it takes from one address to another.
pub(crate) type Lines = BTreeMap<(IpAddr, IpAddr), Duration>;

/// A relay that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Relay {
    lines: watch::Sender<Lines>,
    _carrying: JoinSet<()>,
}

impl Relay {
    /// Makes the device, up, and no way to it.
    pub(crate) fn start(hub: &Network) -> io::Result<Self> {
        let device = hub.tun(RELAY)?;
        let (lines, told) = watch::channel(Lines::new());
        let mut carrying = JoinSet::new();
        carrying.spawn(carry(device, told));
        Ok(Self { lines, _carrying: carrying })
    }

    /// What holds from now on. What is held already leaves when it was to leave.
    pub(crate) fn set(&self, lines: Lines) {
        self.lines.send_replace(lines);
    }
}

async fn carry(device: Tun, lines: watch::Receiver<Lines>) {
    // By when they leave; of several at the same moment the first that came leaves first.
    let mut held: BTreeMap<(Instant, u64), Vec<u8>> = BTreeMap::new();
    let mut buffer = vec![0; LARGEST];
    for number in 0.. {
        let due = held.first_key_value().map(|((due, _), _)| *due);
        tokio::select! {
            read = device.recv(&mut buffer) => {
                // Without its device there is nothing to carry any more.
                let Some(packet) = read.ok().and_then(|length| buffer.get(..length)) else { return };
                let takes = ends(packet).and_then(|ends| lines.borrow().get(&ends).copied());
                if held.len() < HELD {
                    held.insert((Instant::now() + takes.unwrap_or_default(), number), packet.to_vec());
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                let now = Instant::now();
                while let Some(first) = held.first_entry().filter(|first| first.key().0 <= now) {
                    // What the hub does not take is lost, as on a line.
                    let _lost = device.send(&first.remove()).await;
                }
            }
        }
    }
}

/// From where to where a packet goes: the fields of RFC 791 and RFC 8200.
fn ends(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    let v4 = |at| Some(IpAddr::from(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?)));
    let v6 = |at| Some(IpAddr::from(Ipv6Addr::from(*packet.get(at..)?.first_chunk::<16>()?)));
    match packet.first()? >> 4 {
        4 => Some((v4(12)?, v4(16)?)),
        6 => Some((v6(8)?, v6(24)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn a_packet_tells_its_ends() {
        let mut four = [0; 20];
        four[0] = 0x45;
        four[12..].copy_from_slice(&[198, 18, 0, 2, 198, 18, 0, 3]);
        let told = ends(&four).unwrap();
        assert_eq!((told.0.to_string(), told.1.to_string()), ("198.18.0.2".into(), "198.18.0.3".into()));
        let mut six = [0; 40];
        (six[0], six[23], six[39]) = (0x60, 2, 3);
        let told = ends(&six).unwrap();
        assert_eq!((told.0.to_string(), told.1.to_string()), ("::2".into(), "::3".into()));
        for odd in [&[][..], &four[..19], &six[..39], &[0; 40]] {
            assert_eq!(ends(odd), None);
        }
    }
}
