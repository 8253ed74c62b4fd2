//! Whether WireGuard on a machine is as it should be: set up, with a way to everybody, and in touch with its peers.
//!
//! Whose a peer is its key tells, where that machine was asked as well: allowed IPs may hold the addresses of many.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use super::Told;
use crate::{
    machine::MachineName,
    overlay::OverlayKind,
    sighting::wireguard::{Peer, Wireguard},
};

/// Those who are to be met, with their addresses.
type Others<'a> = BTreeMap<&'a MachineName, &'a BTreeSet<IpAddr>>;

impl Told<'_> {
    pub(super) fn wireguard(&mut self, said: &Wireguard) {
        let (name, expected) = (self.name, self.expected);
        let members = expected.overlays.get(&OverlayKind::Wireguard).into_iter().flatten();
        let others: Others<'_> = members.filter(|(owner, _)| *owner != name).collect();
        if said.interfaces.is_empty() && said.peers.is_empty() && !others.is_empty() {
            return self.find("mesh/wireguard", format!("no interface of WireGuard is up on `{name}`"), None);
        }
        for peer in &said.peers {
            self.handshake(said, peer, &others);
        }
        for (owner, address) in each(&others).filter(|(_, address)| said.leads(*address).is_none()) {
            let told = format!("on `{name}` no allowed IPs hold {address} of `{owner}`");
            self.find("mesh/allowed-ips", told, None);
        }
    }

    fn handshake(&mut self, said: &Wireguard, peer: &Peer, others: &Others<'_>) {
        let (name, limit) = (self.name, self.limits.handshake);
        let what = match peer.handshake {
            Some(age) if age <= limit => return,
            Some(age) => format!("the last handshake is {} old", spoken(age)),
            None => "there never was a handshake".to_owned(),
        };
        let led = || each(others).filter(|(_, address)| said.leads(*address) == Some(peer));
        let with = match self.expected.keys.get(&peer.key) {
            Some(owner) if others.contains_key(owner) => format!("`{owner}`"),
            // Of one who is not to be met now nothing is expected.
            Some(_) => return,
            None => {
                let behind: BTreeSet<&MachineName> = led().map(|(owner, _)| owner).collect();
                let named: Vec<String> = behind.iter().map(|owner| format!("`{owner}`")).collect();
                match &named[..] {
                    // One who leads to nobody that is to be met may be away.
                    [] => return,
                    [owner] => owner.clone(),
                    several => format!("the peer that leads to {}", several.join(", ")),
                }
            }
        };
        self.find("mesh/handshake", format!("between `{name}` and {with} {what}"), None);
    }
}

fn each<'a>(others: &Others<'a>) -> impl Iterator<Item = (&'a MachineName, IpAddr)> {
    let others: Vec<_> = others.iter().map(|(owner, addresses)| (*owner, *addresses)).collect();
    others.into_iter().flat_map(|(owner, addresses)| addresses.iter().map(move |address| (owner, *address)))
}

/// `2 h 5 min`, or less.
fn spoken(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{} s", age.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
