//! What one machine sees of the network: who answers it, how fast, and what its own overlay daemons say.
//!
//! Flows in: the lines of a prober ([`lines`]). Flows out: a [`Sighting`], and verdicts about it ([`pair`], [`host`]).
//! Must not: ask anybody. Whatever a machine sends is read without a panic, and what cannot be read is told.

pub mod daemon;
pub mod echoes;
pub mod host;
pub mod judge;
pub mod lines;
pub mod measure;
pub mod outlook;
pub mod pair;
pub mod presence;
pub mod questions;
pub mod rules;
pub mod seen;
pub mod wireguard;
pub mod yggdrasil;
pub mod zerotier;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use daemon::Daemon;
use echoes::Echoes;
use wireguard::Wireguard;
use yggdrasil::Yggdrasil;
use zerotier::Zerotier;

/// What was seen from one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// The program that asked: `perl`, or `shell` with the system's own tools.
    pub prober: String,
    /// How echoes were sent, for IPv4.
    pub icmp4: Icmp,
    /// The same for IPv6.
    pub icmp6: Icmp,
    /// The machine's own addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// Those whose echo requests came in while it looked.
    pub heard: BTreeSet<IpAddr>,
    /// By the address that was asked.
    pub echoes: BTreeMap<IpAddr, Echoes>,
    /// By the address and port that a connection was opened to.
    pub knocks: BTreeMap<SocketAddr, Knock>,
    /// The largest packet, in bytes with its headers, that came back whole.
    pub mtus: BTreeMap<IpAddr, PathMtu>,
    /// By name.
    pub names: BTreeMap<String, Resolved>,
    /// What WireGuard says.
    pub wireguard: Daemon<Wireguard>,
    /// What Yggdrasil says.
    pub yggdrasil: Daemon<Yggdrasil>,
    /// What ZeroTier says.
    pub zerotier: Daemon<Zerotier>,
}

impl Sighting {
    /// Where anything came back from.
    pub(crate) fn answered(&self) -> impl Iterator<Item = IpAddr> {
        let echoes = self.echoes.iter().filter(|(_, echoes)| echoes.answered()).map(|(address, _)| *address);
        let answers = |knock: &Knock| matches!(knock, Knock::Open(_) | Knock::Refused);
        let knocks = self.knocks.iter().filter(move |(_, knock)| answers(knock)).map(|(place, _)| place.ip());
        echoes.chain(knocks)
    }
}

/// By what means echoes are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Icmp {
    /// There is none: the machine has no such protocol, or may not use it.
    #[default]
    None,
    /// Sockets that also hear the requests of others.
    Raw,
    /// Sockets that hear their own answers alone.
    Datagram,
    /// The system's `ping`.
    Program,
}

impl Icmp {
    /// Whether whoever is not in [`Sighting::heard`] was not heard.
    #[must_use]
    pub fn hears(self) -> bool {
        self == Self::Raw
    }
}

/// What became of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knock {
    /// It was opened, after this time.
    Open(Option<Duration>),
    /// It was refused, by the machine or by what stands before it.
    Refused,
    /// Nothing came back in time.
    Silent,
    /// There is no way there.
    Unreachable,
    /// The prober has no means to open one.
    NoMeans,
    /// The system said something else.
    Other(String),
}

/// How large a packet may be on the way to an address and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathMtu {
    /// The largest that came back, in bytes with headers; `None` when none of those that were tried did.
    pub passed: Option<u32>,
    /// What the machine's own interface takes.
    pub interface: u32,
}

/// What became of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// It leads to these, one or more.
    To(BTreeSet<IpAddr>),
    /// It leads nowhere.
    Nowhere,
    /// No answer came in time.
    Late,
}

impl Sighting {
    /// How echoes to this address were sent.
    #[must_use]
    pub fn icmp(&self, address: IpAddr) -> Icmp {
        if address.is_ipv4() { self.icmp4 } else { self.icmp6 }
    }
}
