//! Who reaches whom, told by datagrams between sockets in the hosts' namespaces: no process, and no ping, a pair.
//!
//! Flows in: hosts with an address each. Flows out: whose datagrams arrived where. Must not: take what is not there for
//! an error: an address without a way is an answer.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::UdpSocket,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::socket::Network;

/// Over which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// The plain one, with IPv4.
    Plain,
    /// The plain one, with IPv6.
    Plain6,
    /// The overlay.
    Overlay,
}

/// A host that is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) network: Network,
    pub(crate) address: IpAddr,
}

/// Who reached whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    names: Vec<String>,
    arrived: BTreeSet<(usize, usize)>,
}

impl Reach {
    /// The hosts that were asked about.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a datagram of the first arrived at the second; not, for who was not asked about.
    #[must_use]
    pub fn from_to(&self, from: &str, to: &str) -> bool {
        let at = |name: &str| self.names.iter().position(|known| known == name);
        at(from).zip(at(to)).is_some_and(|pair| self.arrived.contains(&pair))
    }

    /// The pairs, in order of direction, of which nothing arrived.
    #[must_use]
    pub fn missing(&self) -> Vec<(&str, &str)> {
        let pairs = pairs(self.names.len()).filter(|pair| !self.arrived.contains(pair));
        pairs.map(|(from, to)| (self.names[from].as_str(), self.names[to].as_str())).collect()
    }

    /// Whether everybody reaches everybody.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        pairs(self.names.len()).all(|pair| self.arrived.contains(&pair))
    }
}

fn pairs(hosts: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..hosts).flat_map(move |from| (0..hosts).filter(move |to| *to != from).map(move |to| (from, to)))
}

/// Sockets of all targets, and what arrives at them.
struct Field {
    sockets: Vec<Arc<UdpSocket>>,
    addresses: Vec<SocketAddr>,
    arrivals: mpsc::UnboundedReceiver<(usize, usize, u32)>,
    _receivers: JoinSet<()>,
}

impl Field {
    async fn open(targets: &[Target]) -> io::Result<Self> {
        let (told, arrivals) = mpsc::unbounded_channel();
        let (mut sockets, mut addresses, mut receivers) = (Vec::new(), Vec::new(), JoinSet::new());
        for (to, target) in targets.iter().enumerate() {
            let socket = Arc::new(target.network.udp()?);
            // A new socket passes for full until the runtime has heard of it.
            socket.writable().await?;
            addresses.push(SocketAddr::new(mapped(target.address), socket.local_addr()?.port()));
            sockets.push(Arc::clone(&socket));
            let told = told.clone();
            receivers.spawn(async move {
                let mut buffer = [0; 64];
                loop {
                    // An error is an earlier datagram's, sent back.
                    let Ok((12, _)) = socket.recv_from(&mut buffer).await else { continue };
                    let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| buffer[at + byte]));
                    let arrived = (number(0) as usize, number(4) as usize, number(8));
                    // What was meant for another and came here is no arrival.
                    if arrived.1 == to && told.send(arrived).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Self { sockets, addresses, arrivals, _receivers: receivers })
    }

    /// Sends one datagram. That there is no way, or no room, is told by its not arriving.
    fn send(&self, from: usize, to: usize, number: u32) {
        let mut datagram = [0; 12];
        let numbers =
            [u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(to).unwrap_or(u32::MAX), number];
        for (piece, number) in datagram.chunks_exact_mut(4).zip(numbers) {
            piece.copy_from_slice(&number.to_be_bytes());
        }
        let _not_arrived = self.sockets[from].try_send_to(&datagram, self.addresses[to]);
    }
}

/// The sockets speak IPv6 and IPv4 alike.
fn mapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(_) => address,
    }
}

/// Sends until everybody has reached everybody, or the time is up.
pub(crate) async fn reach(targets: &[Target], limit: Duration) -> io::Result<Reach> {
    let mut field = Field::open(targets).await?;
    let names = targets.iter().map(|target| target.name.clone()).collect();
    let mut reach = Reach { names, arrived: BTreeSet::new() };
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(50);
    let mut first = true;
    while !reach.is_whole() && Instant::now() < end {
        // One of each pair begins: two WireGuards that greet each other at once wait for five seconds.
        let asked = pairs(targets.len()).filter(|pair| !reach.arrived.contains(pair));
        let mut awaited: BTreeSet<_> = asked.filter(|(from, to)| !first || from < to).collect();
        first = false;
        awaited.iter().for_each(|(from, to)| field.send(*from, *to, 0));
        let next = end.min(Instant::now() + pause);
        while !awaited.is_empty() {
            let Ok(Some((from, to, _))) = timeout_at(next, field.arrivals.recv()).await else { break };
            reach.arrived.insert((from, to));
            awaited.remove(&(from, to));
        }
        // Handshakes of many take their time; asking all the time would only add to what they have to do.
        pause = (pause * 2).min(Duration::from_secs(1));
    }
    Ok(reach)
}

/// Sends so many from the first target to the second, and counts those that arrive.
pub(crate) async fn arrivals(pair: &[Target; 2], count: u32) -> io::Result<usize> {
    /// So few that a socket's buffer holds them: what is lost is lost on the way.
    const AT_ONCE: u32 = 50;
    const QUIET: Duration = Duration::from_millis(50);
    let mut field = Field::open(pair).await?;
    let mut seen = BTreeSet::new();
    for first in (0..count).step_by(AT_ONCE as usize) {
        let numbers = first..count.min(first.saturating_add(AT_ONCE));
        let mut awaited: BTreeSet<u32> = numbers.clone().collect();
        numbers.for_each(|number| field.send(0, 1, number));
        while !awaited.is_empty() {
            let next = timeout_at(Instant::now() + QUIET, field.arrivals.recv()).await;
            let Ok(Some((_, _, number))) = next else { break };
            awaited.remove(&number);
            seen.insert(number);
        }
    }
    Ok(seen.len())
}
