//! WireGuard as `wg show all dump` tells it, without the keys that are secret: the prober leaves them on the machine.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

/// All peers of all interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wireguard {
    /// The interfaces with their public keys.
    pub interfaces: Vec<(String, String)>,
    /// The peers.
    pub peers: Vec<Peer>,
}

/// A peer of an interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// The interface.
    pub interface: String,
    /// Its public key.
    pub key: String,
    /// Where it is met, as far as is known.
    pub endpoint: Option<String>,
    /// Networks whose packets are taken from it and handed to it, as `wg` writes them.
    pub allowed: BTreeSet<String>,
    /// How long ago it and we greeted each other, by the machine's own clock; `None` for never.
    pub handshake: Option<Duration>,
}

impl Wireguard {
    /// Reads `interface <name> <public> <port>`, `peer <name> <public> <endpoint> <allowed> <handshake> ..`, `now <seconds>`, and
    /// `other` for a line of neither form.
    pub(super) fn read(lines: &[&str]) -> Result<Self, String> {
        let now = lines.iter().find_map(|line| line.strip_prefix("now ")?.trim().parse().ok());
        let mut all = Self::default();
        for line in lines {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["now", _] | [] => {}
                ["other"] => return Err("`wg show all dump` prints lines of another form".to_owned()),
                ["interface", name, public, _port] => {
                    all.interfaces.push((name.to_owned(), public.to_owned()));
                }
                ["peer", interface, key, endpoint, allowed, handshake, ..] => {
                    let seconds: u64 = handshake.parse().map_err(|_| format!("no time: {handshake}"))?;
                    let age = |now: u64| Duration::from_secs(now.saturating_sub(seconds));
                    let handshake = if seconds == 0 { None } else { now.map(age) };
                    let (interface, key) = (interface.to_owned(), key.to_owned());
                    let endpoint = (endpoint != "(none)").then(|| endpoint.to_owned());
                    let allowed =
                        allowed.split(',').filter(|it| *it != "(none)").map(str::to_owned).collect();
                    all.peers.push(Peer { interface, key, endpoint, allowed, handshake });
                }
                _ => return Err(format!("not a line of `wg show all dump`: {line}")),
            }
        }
        Ok(all)
    }

    /// The peer that packets to an address are handed to: of several, the one whose allowed IPs hold it most narrowly.
    #[must_use]
    pub fn leads(&self, to: IpAddr) -> Option<&Peer> {
        let narrowest = |peer: &Peer| peer.allowed.iter().filter_map(|network| holds(network, to)).max();
        let ways = self.peers.iter().filter_map(|peer| Some((narrowest(peer)?, peer)));
        ways.max_by_key(|(length, _)| *length).map(|(_, peer)| peer)
    }
}

/// The length of a network, `fd00::/64`, that holds an address.
fn holds(network: &str, address: IpAddr) -> Option<u32> {
    let (base, length) = network.split_once('/')?;
    let (base, length) = (base.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    let common = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (u32::from(base) ^ u32::from(address)).leading_zeros(),
        (IpAddr::V6(base), IpAddr::V6(address)) => (u128::from(base) ^ u128::from(address)).leading_zeros(),
        _ => return None,
    };
    (common >= length).then_some(length)
}
