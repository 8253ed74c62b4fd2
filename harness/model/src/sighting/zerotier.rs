//! ZeroTier as `zerotier-cli -j` tells it: the node, its networks, and whom it talks to.

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
}

/// `info`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Node {
    /// Ten hexadecimal digits.
    pub address: String,
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
        self.paths.iter().any(|way| way.active && !way.expired)
    }
}

impl Zerotier {
    pub(super) fn read(info: &str, networks: &str, peers: &str) -> Result<Self, String> {
        Ok(Self {
            node: json("info", info)?,
            networks: json("listnetworks", networks)?,
            peers: json("listpeers", peers)?,
        })
    }
}

fn json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("{what} of another form: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = r#"{"address":"db4344343b","online":true,"version":"1.14.1","config":{}}"#;

    #[test]
    fn a_node_is_read_and_another_form_is_told() {
        let networks =
            r#"[{"id":"db4344343b14b903","status":"OK","assignedAddresses":["10.0.0.1/24"],"mtu":2800}]"#;
        let peers = r#"[{"address":"0123456789","role":"LEAF","latency":-1,"paths":[{"active":true,"expired":true}]}]"#;
        let read = Zerotier::read(INFO, networks, peers).unwrap();
        assert_eq!((read.node.online, read.networks[0].status.as_str()), (true, "OK"));
        assert!(!read.peers[0].is_direct());
        assert!(Zerotier::read(INFO, "{}", peers).unwrap_err().contains("listnetworks"));
        assert!(Zerotier::read(r#"{"address":1}"#, networks, peers).is_err());
    }
}
