//! A machine's part in a WireGuard network, and the ways through its tunnels.
//!
//! Flows in: public keys, and the facts `wireguard` and `forwarding`. Flows out: [`Seat`]s and [`Tunnels`].
//! Must not: take a way that the kernel would not: the peer whose allowed IPs hold an address most narrowly gets its
//! packets, and is the only one from which that address is taken.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
    sync::Arc,
};

use model::{
    nearest::nearest,
    reach::{Expectation, Probe, Reach},
    reason::{Reason, Who},
};
use serde_json::Value;

use super::{
    Name, firewall,
    known::{Known, Told, address, texts},
    network::{masked, network},
    seat::{Seat, Standing, Why, needed},
};

/// More machines than this are on no way: packets have gone in a circle.
const LONGEST: usize = 16;

pub(super) fn seat(known: &Known<'_>, instance: &str, index: usize, member: bool) -> Seat {
    let fact = known.fact(index, "wireguard");
    if !member {
        return Seat::beside(matches!(fact, Told::Is(all) if all.get(instance).is_some()));
    }
    let addresses = |interface: &Value| texts(interface.get("ips")).filter_map(address).collect();
    let (standing, addresses) = match needed(fact) {
        Err(why) => (Standing::Unclear(why), Vec::new()),
        Ok(all) => match all.get(instance) {
            None => (Standing::Unclear(Reason::NotTold), Vec::new()),
            Some(interface) if key(known, instance, index).is_none() => {
                (Standing::Unclear(Reason::NoKey), addresses(interface))
            }
            Some(interface) => (Standing::Ready, addresses(interface)),
        },
    };
    Seat::of(known, index, standing, addresses, instance)
}

/// The var is that of clan-core's `clanServices/wireguard`.
fn key<'f>(known: &Known<'f>, instance: &str, index: usize) -> Option<&'f str> {
    known.var(known.name(index), &format!("wireguard-keys-{instance}"), "publickey")
}

/// What is set up at each machine, so that ways through it can be followed.
pub(super) struct Tunnels<'f> {
    names: &'f [Name],
    /// Of a machine whose end is not known, why.
    ends: Vec<Result<End, Why>>,
}

/// One machine's end of its tunnels.
#[derive(Default)]
struct End {
    /// By length of the network, then by network: the peer whose it is.
    routes: BTreeMap<u8, HashMap<IpAddr, Peer>>,
    /// Peers of which it knows where they are, so that it can call them.
    calls: HashSet<usize>,
    /// Whether its firewall keeps out those who call it.
    shut: bool,
    /// Over IPv4 and over IPv6; `None` where its configuration does not tell.
    forwards: [Option<bool>; 2],
}

/// A machine by its key; `None` is one that is not of this fleet.
type Peer = Option<usize>;

impl<'f> Tunnels<'f> {
    pub(super) fn of(known: &'f Known<'_>, instance: &str, seats: &[Seat]) -> Self {
        let keys = (0..seats.len()).filter_map(|index| Some((key(known, instance, index)?, index)));
        let keys: HashMap<&str, usize> = keys.collect();
        let end = |(index, seat): (usize, &Seat)| match needed(known.fact(index, "wireguard")) {
            Ok(all) => match all.get(instance).filter(|_| seat.member) {
                Some(interface) => Ok(End::of(known, (index, instance), interface, &keys)),
                None => Err(Reason::NotTold as Why),
            },
            Err(why) => Err(why),
        };
        Self { names: &known.machines, ends: seats.iter().enumerate().map(end).collect() }
    }

    /// Of a machine that has several addresses, those that are reached count; it is not reached if none is.
    pub(super) fn expectation(
        &self,
        (from, source): (usize, &Seat),
        (to, target): (usize, &Seat),
    ) -> Expectation {
        let ways: Vec<_> =
            target.addresses.iter().map(|address| (address, self.both(from, source, to, *address))).collect();
        let leads = |way: &Result<Option<Name>, Reason>| way.is_ok();
        let reached: Vec<&IpAddr> =
            ways.iter().filter(|(_, way)| leads(way)).map(|(address, _)| *address).collect();
        let asked = |probe: &Arc<Probe>| match reached.len() == ways.len() {
            true => Arc::clone(probe),
            false => Arc::new(only(probe, &reached)),
        };
        if !reached.is_empty() {
            let hop = ways.iter().find_map(|(_, way)| way.as_ref().ok());
            let reason = hop.cloned().flatten().map_or(Reason::Members, Reason::Through);
            return Expectation { reason, probe: target.open.as_ref().map(asked) };
        }
        let failed = || ways.iter().filter_map(|(_, way)| way.as_ref().err());
        let unclear = failed().find(|reason| reason.reach() == Reach::Unknown);
        let reason = unclear.or_else(|| failed().next()).cloned().unwrap_or(Reason::NoAddress(Who::To));
        Expectation { reason, probe: target.everything.clone() }
    }

    /// The way there and back; the first machine that forwards on it, if one does.
    fn both(&self, from: usize, source: &Seat, to: usize, address: IpAddr) -> Result<Option<Name>, Reason> {
        let own = nearest(&source.addresses, address).ok_or(Reason::NoAddress(Who::From))?;
        let hop = self.way((from, own), (to, address))?;
        self.way((to, address), (from, own)).map_err(|why| Reason::NoWayBack(Arc::new(why)))?;
        Ok(hop.and_then(|hop| self.names.get(hop)).cloned())
    }

    /// Follows a packet from one machine's address to another's.
    fn way(
        &self,
        (from, source): (usize, IpAddr),
        (to, target): (usize, IpAddr),
    ) -> Result<Option<usize>, Reason> {
        let who = |index: usize| match index {
            index if index == from => Who::From,
            index if index == to => Who::To,
            index => self.names.get(index).map_or(Who::To, |name| Who::Hop(Name::clone(name))),
        };
        let (mut here, mut first) = (from, None);
        for _ in 0..LONGEST {
            let end = self.end(here, who(here))?;
            let next = end.route(target).ok_or_else(|| Reason::NoRoute(who(here)))?;
            let next = next.ok_or_else(|| Reason::StrangeKey(who(here)))?;
            let there = self.end(next, who(next))?;
            match (end.calls.contains(&next), there.calls.contains(&here)) {
                (false, false) => return Err(Reason::NoEndpoint(who(next))),
                (true, false) if there.shut => return Err(Reason::Unheard(who(next))),
                (false, true) if end.shut => return Err(Reason::Unheard(who(here))),
                // Where both call, each has asked for what comes in.
                _ => {}
            }
            if there.route(source) != Some(Some(here)) {
                return Err(Reason::Refused(who(next)));
            }
            if next == to {
                return Ok(first);
            }
            match there.forwards[usize::from(target.is_ipv6())] {
                Some(true) => {}
                Some(false) => return Err(Reason::NotForwarding(who(next))),
                None => return Err(Reason::ForwardingNotTold(who(next))),
            }
            first = first.or(Some(next));
            here = next;
        }
        Err(Reason::Circle)
    }

    fn end(&self, index: usize, who: Who) -> Result<&End, Reason> {
        match self.ends.get(index) {
            Some(Ok(end)) => Ok(end),
            Some(Err(why)) => Err(why(who)),
            None => Err(Reason::NotTold(who)),
        }
    }
}

impl End {
    fn of(
        known: &Known<'_>,
        (index, instance): (usize, &str),
        interface: &Value,
        keys: &HashMap<&str, usize>,
    ) -> Self {
        let mut end = Self::default();
        let peers = interface.get("peers").and_then(Value::as_array);
        for peer in peers.into_iter().flatten() {
            // As a file is read in Nix, its last line break is in the text.
            let name = peer["publicKey"].as_str().and_then(|key| keys.get(key.trim()).copied());
            for network in texts(peer.get("allowedIPs")).filter_map(network) {
                // As in the kernel, a network that two peers are given is the later one's.
                end.routes.entry(network.1).or_default().insert(network.0, name);
            }
            end.calls.extend(name.filter(|_| peer["endpoint"].is_string()));
        }
        let forwarding = known.fact(index, "forwarding");
        let forwards = |family: &str| match forwarding {
            Told::Is(told) => told[family].as_bool(),
            _ => None,
        };
        // On which interface others call is not known: one that is opened anywhere is taken for open.
        let port = interface["listenPort"].as_u64();
        let shut = port.is_some_and(|port| !firewall::hears(known.fact(index, "firewall"), port, instance));
        Self { forwards: [forwards("ipv4"), forwards("ipv6")], shut, ..end }
    }

    /// The peer that an address belongs to; nobody's if there is none.
    fn route(&self, address: IpAddr) -> Option<Peer> {
        let narrowest = self.routes.iter().rev();
        narrowest.filter_map(|(length, networks)| networks.get(&masked(address, *length)?)).next().copied()
    }
}

/// The part of what is asked that is about some addresses.
fn only(probe: &Probe, addresses: &[&IpAddr]) -> Probe {
    let ping = probe.ping.iter().filter(|address| addresses.contains(address));
    let tcp = probe.tcp.iter().filter(|at| addresses.contains(&&at.ip()));
    Probe { ping: ping.copied().collect(), tcp: tcp.copied().collect() }
}
