//! Yggdrasil as `yggdrasilctl -json` tells it: 0.4 and 0.5 name the same things, and 0.5 says which peers are up.

use std::net::IpAddr;

use serde::Deserialize;

use crate::peering;

/// A node and its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yggdrasil {
    /// Its public key, in hexadecimal digits.
    pub key: String,
    /// The address that follows from it.
    pub address: IpAddr,
    /// Those that it is joined to, or is to be.
    pub peers: Vec<Peer>,
}

/// Somebody it is joined to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// Its public key; empty when it was never met.
    pub key: String,
    /// Its address; empty when it was never met.
    pub address: String,
    /// Where it is met: `tls://..`.
    pub remote: String,
    /// Whether the line is up. 0.4 lists only those that are.
    pub up: Option<bool>,
    /// Why it is not.
    pub last_error: Option<String>,
}

impl Peer {
    /// Whether two lines are to the same node, by whatever is known of both.
    fn is(&self, other: &Self) -> bool {
        let same = |one: &str, other: &str| !one.is_empty() && one == other;
        let hosts = (peering::host(&self.remote), peering::host(&other.remote));
        same(&self.key, &other.key)
            || same(&self.address, &other.address)
            || matches!(hosts, (Some(one), Some(other)) if one == other)
    }
}

#[derive(Deserialize)]
struct Itself {
    key: String,
    address: IpAddr,
}

#[derive(Deserialize)]
struct Peers {
    peers: Option<Vec<Peer>>,
}

impl Yggdrasil {
    /// Those that are joined to it now.
    pub fn up(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(|peer| peer.up != Some(false))
    }

    /// Peers of which no line is up: of one that is called twice, by two ways, one may be down.
    pub fn lost(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(|peer| peer.up == Some(false) && !self.up().any(|up| up.is(peer)))
    }

    pub(super) fn read(itself: &str, peers: &str) -> Result<Self, String> {
        let odd = |what: &str, error: serde_json::Error| format!("{what} of another form: {error}");
        let Itself { key, address } = serde_json::from_str(itself).map_err(|error| odd("getSelf", error))?;
        let peers: Peers = serde_json::from_str(peers).map_err(|error| odd("getPeers", error))?;
        Ok(Self { key, address, peers: peers.peers.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELF: &str = r#"{"build_name":"yggdrasil","key":"ab","address":"200::1","subnet":"300::/64"}"#;

    #[test]
    fn both_forms_are_read() {
        let old = r#"{"peers":[{"address":"200::2","key":"cd","port":1,"remote":"tls://198.18.0.3:7743"}]}"#;
        let new = r#"{"peers":[{"remote":"tls://198.18.0.3:7743","up":false,"inbound":false,"last_error":"dial tcp"}]}"#;
        assert_eq!(Yggdrasil::read(SELF, old).unwrap().up().count(), 1);
        let new = Yggdrasil::read(SELF, new).unwrap();
        assert_eq!((new.peers.len(), new.up().count()), (1, 0));
        assert_eq!(Yggdrasil::read(SELF, r#"{"peers":null}"#).unwrap().peers, []);
    }

    #[test]
    fn another_form_is_told() {
        for odd in ["", "[]", r#"{"peers":[1]}"#, r#"{"peers":{"tls://x":{}}}"#] {
            assert!(Yggdrasil::read(SELF, odd).is_err(), "{odd}");
        }
        assert!(Yggdrasil::read("{}", r#"{"peers":[]}"#).unwrap_err().contains("getSelf"));
    }
}
