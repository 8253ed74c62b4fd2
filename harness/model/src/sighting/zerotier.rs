//! ZeroTier as `zerotier-cli -j` tells it: the node, its networks, whom it talks to, and whom it admits where it is a controller.
//!
//! A member that is no longer admitted says `OK` of its network for as long as its old word holds: only the controller knows.

pub mod identity;

use std::net::{IpAddr, Ipv6Addr};

use serde::{Deserialize, de::DeserializeOwned};

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zerotier {
    /// The node itself.
    pub node: Node,
    /// The networks that it joined.
    pub networks: Vec<Network>,
    /// Other nodes.
    pub peers: Vec<Peer>,
    /// Those who asked to be admitted to networks that it controls.
    pub members: Vec<Member>,
}

/// `info`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Ten hexadecimal digits.
    pub address: String,
    /// `address:0:public key`, of which the address is a digest.
    pub public_identity: String,
    /// Whether it reaches anybody.
    pub online: bool,
    /// Of the program.
    pub version: String,
}

/// One of `listnetworks`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Sixteen hexadecimal digits.
    pub id: String,
    /// `OK`, `ACCESS_DENIED`, `NOT_FOUND`, `REQUESTING_CONFIGURATION`..
    pub status: String,
    /// With the lengths of their prefixes.
    #[serde(default)]
    pub assigned_addresses: Vec<String>,
}

/// One of `listpeers`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Peer {
    /// Ten hexadecimal digits.
    pub address: String,
    /// `LEAF`, `MOON` or `PLANET`.
    pub role: String,
    /// Whether it is met by TCP, through somebody else.
    #[serde(default)]
    pub tunneled: bool,
    /// Ways to it.
    #[serde(default)]
    pub paths: Vec<Way>,
}

/// A way to a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Way {
    /// Whether it is in use.
    pub active: bool,
    /// Whether it was.
    #[serde(default)]
    pub expired: bool,
}

impl Peer {
    /// Whether it is met without others in between.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        !self.tunneled && self.paths.iter().any(|way| way.active && !way.expired)
    }
}

/// One who asked a controller, of `/unstable/controller/network/<id>/member`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// The node, ten hexadecimal digits.
    pub address: String,
    /// The network, sixteen of them.
    pub nwid: String,
    /// Whether it is admitted.
    pub authorized: bool,
}

/// All of one network.
#[derive(Deserialize)]
struct Members {
    data: Vec<Member>,
}

impl Network {
    /// The node that has an address on it, where the address is one that follows from the network and the node: by RFC 4193, or
    /// "6plane".
    #[must_use]
    pub fn node_of(&self, address: IpAddr) -> Option<String> {
        let IpAddr::V6(address) = address else { return None };
        let id = u64::from_str_radix(&self.id, 16).ok()?;
        let [high, low] = [id >> 32, id & 0xffff_ffff];
        let node = |first: usize| address.octets().get(first..first + 5)?.try_into().ok().map(number);
        let [by_rfc, by_plane] = [node(11)?, node(5)?];
        let rfc = (0xfd_u128 << 120) | (u128::from(id) << 56) | (0x9993 << 40) | u128::from(by_rfc);
        let plane = (0xfc_u128 << 120) | (u128::from(high ^ low) << 88) | (u128::from(by_plane) << 48) | 1;
        let is = |form: u128| Ipv6Addr::from(form) == address;
        let node = if is(rfc) { by_rfc } else { is(plane).then_some(by_plane)? };
        Some(format!("{node:010x}"))
    }

    /// Whether an address is on it: one that follows from it, or that was given out there.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let given = self.assigned_addresses.iter().filter_map(|given| given.split('/').next()?.parse().ok());
        self.node_of(address).is_some() || given.into_iter().any(|given: IpAddr| given == address)
    }

    /// The node that admits others to it.
    #[must_use]
    pub fn controller(&self) -> &str {
        self.id.get(..10).unwrap_or_default()
    }
}

fn number(bytes: [u8; 5]) -> u64 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

impl Zerotier {
    /// `members` are documents one after another, one a network, or nothing.
    pub(super) fn read(info: &str, networks: &str, peers: &str, members: &str) -> Result<Self, String> {
        let each = serde_json::Deserializer::from_str(members).into_iter::<Members>();
        let admitted = each.collect::<Result<Vec<_>, _>>();
        let admitted = admitted.map_err(|error| format!("members of another form: {error}"))?;
        Ok(Self {
            node: json("info", info)?,
            networks: json("listnetworks", networks)?,
            peers: json("listpeers", peers)?,
            members: admitted.into_iter().flat_map(|one| one.data).collect(),
        })
    }
}

fn json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{what} of another form: {error}"))
}

#[cfg(test)]
#[path = "zerotier_tests.rs"]
mod tests;
