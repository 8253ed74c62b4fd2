//! A machine's part in a WireGuard network, and the ways through its tunnels.
//!
//! Flows in: public keys, and the facts `wireguard` and `forwarding`. Flows out: [`Seat`]s and [`Tunnels`].
//! Must not: take a way that the kernel would not: the peer whose allowed IPs hold an address most narrowly gets its
//! packets, and is the only one from which that address is taken.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
};

use model::reach::{Ask, Expectation, Reach, Reason, Who};
use serde_json::Value;

use super::{
    Name,
    known::{Known, Told, address, texts},
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
    /// Peers of which it knows where they are.
    endpoints: Vec<Peer>,
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
                Some(interface) => Ok(End::of(interface, known.fact(index, "forwarding"), &keys)),
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
        let asked = |ask: &Arc<Ask>| match reached.len() == ways.len() {
            true => Arc::clone(ask),
            false => Arc::new(only(ask, &reached)),
        };
        if !reached.is_empty() {
            let hop = ways.iter().find_map(|(_, way)| way.as_ref().ok());
            let reason = hop.cloned().flatten().map_or(Reason::Members, Reason::Through);
            return Expectation { reason, ask: target.open.as_ref().map(asked) };
        }
        let failed = || ways.iter().filter_map(|(_, way)| way.as_ref().err());
        let unclear = failed().find(|reason| reason.reach() == Reach::Unknown);
        let reason = unclear.or_else(|| failed().next()).cloned().unwrap_or(Reason::NoAddress(Who::To));
        Expectation { reason, ask: target.everything.clone() }
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
            if !end.endpoints.contains(&Some(next)) && !there.endpoints.contains(&Some(here)) {
                return Err(Reason::NoEndpoint(who(next)));
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
    fn of(interface: &Value, forwarding: Told<'_>, keys: &HashMap<&str, usize>) -> Self {
        let mut end = Self::default();
        let peers = interface.get("peers").and_then(Value::as_array);
        for peer in peers.into_iter().flatten() {
            let name = peer["publicKey"].as_str().and_then(|key| keys.get(key).copied());
            for network in texts(peer.get("allowedIPs")).filter_map(network) {
                // As in the kernel, a network that two peers are given is the later one's.
                end.routes.entry(network.1).or_default().insert(network.0, name);
            }
            end.endpoints.extend(peer["endpoint"].is_string().then_some(name));
        }
        let forwards = |family: &str| match forwarding {
            Told::Is(told) => told[family].as_bool(),
            _ => None,
        };
        Self { forwards: [forwards("ipv4"), forwards("ipv6")], ..end }
    }

    /// The peer that an address belongs to; nobody's if there is none.
    fn route(&self, address: IpAddr) -> Option<Peer> {
        let narrowest = self.routes.iter().rev();
        narrowest.filter_map(|(length, networks)| networks.get(&masked(address, *length)?)).next().copied()
    }
}

/// The part of what is asked that is about some addresses.
fn only(ask: &Ask, addresses: &[&IpAddr]) -> Ask {
    let ping = ask.ping.iter().filter(|address| addresses.contains(address));
    let tcp = ask.tcp.iter().filter(|at| addresses.contains(&&at.ip()));
    Ask { ping: ping.copied().collect(), tcp: tcp.copied().collect() }
}

/// The address from which the kernel speaks to another: the one with which it has the longest beginning in common.
fn nearest(own: &[IpAddr], to: IpAddr) -> Option<IpAddr> {
    let common = |address: &IpAddr| match (address, to) {
        (IpAddr::V4(own), IpAddr::V4(to)) => Some((own.to_bits() ^ to.to_bits()).leading_zeros()),
        (IpAddr::V6(own), IpAddr::V6(to)) => Some((own.to_bits() ^ to.to_bits()).leading_zeros()),
        _ => None,
    };
    let same_family = own.iter().filter_map(|address| Some((common(address)?, *address)));
    same_family.max_by_key(|(bits, _)| *bits).map(|(_, address)| address)
}

/// A network and its length; an address alone is a network of its own.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let address = address(text)?;
    let whole = if address.is_ipv6() { 128 } else { 32 };
    let length = text.split_once('/').map_or(Some(whole), |(_, length)| length.trim().parse().ok())?;
    Some((masked(address, length)?, length))
}

/// An address with all bits behind a length at zero; nothing if it has not so many.
fn masked(address: IpAddr, length: u8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => {
            let behind = 32_u32.checked_sub(length.into())?;
            IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            let behind = 128_u32.checked_sub(length.into())?;
            IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_with_their_length() {
        let read = |text: &str| network(text).map(|(address, length)| format!("{address}/{length}"));
        assert_eq!(read("fd51:19c1:3b:f700:8750::1/56").as_deref(), Some("fd51:19c1:3b:f700::/56"));
        assert_eq!(read("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
        assert_eq!(read("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(read("10.0.0.0/33"), None);
    }
}
