//! ZeroTier: a controller on one of the hosts, which is the root of a planet of its own as well, so that nobody else is asked.
//!
//! Flows in: the public identities that `zerotier-one` made, seats. Flows out: addresses, the planet, and what nodes read. Must
//! not: start anything.
//!
//! Formats are those of ZeroTierOne 1.14.1: `node/World.hpp`, `node/Identity.hpp`, `node/InetAddress.cpp`.

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, Ipv6Addr},
};

use data_encoding::HEXLOWER_PERMISSIVE;

use super::{Identity, Peer};

const PORT: u16 = 9993;

/// What a node may do by itself: nothing that leads out.
pub(crate) const LOCAL: &str = "{\"settings\":{\"portMappingEnabled\":false,\"allowTcpFallbackRelay\":false,\
    \"allowSecondaryPort\":false,\"softwareUpdate\":\"disable\"}}\n";

/// The public half of an identity: `address:0:key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    address: [u8; 5],
    key: [u8; 64],
}

impl Node {
    /// Reads what `zerotier-one -i` wrote.
    pub(crate) fn read(text: &str) -> io::Result<Self> {
        let parts: Vec<_> = text.trim().split(':').collect();
        let bytes = |text: &str| HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let node = match parts[..] {
            [address, "0", key] => bytes(address).zip(bytes(key)),
            _ => None,
        };
        let node = node.and_then(|(address, key)| {
            Some(Self { address: address.try_into().ok()?, key: key.try_into().ok()? })
        });
        node.ok_or_else(|| io::Error::other("ZeroTier made an identity of a form that is not known here"))
    }

    /// Ten digits.
    pub(crate) fn address(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.address)
    }

    /// The network that it controls.
    pub(crate) fn network(&self) -> String {
        self.address() + "000001"
    }

    /// Who it is on the network of a controller: by RFC 4193, as the controller assigns it.
    pub(crate) fn on(&self, controller: &Self) -> Identity {
        let mut octets = [0; 16];
        octets[0] = 0xfd;
        octets[1..6].copy_from_slice(&controller.address);
        octets[8..11].copy_from_slice(&[1, 0x99, 0x93]);
        octets[11..].copy_from_slice(&self.address);
        // Its secret stays in the file in which ZeroTier wrote it.
        Identity { address: Ipv6Addr::from(octets), public: self.address(), secret: String::new() }
    }

    /// A planet with this one root. Nobody signed it: the first planet that a node finds at home is not asked for that, and is
    /// kept, because no other has its number.
    pub(crate) fn planet(&self, at: Ipv4Addr) -> Vec<u8> {
        let mut planet = vec![1];
        planet.extend(0x0073_6561_776f_7274_u64.to_be_bytes());
        planet.extend(1_u64.to_be_bytes());
        // Who may sign the next, and who signed this: nobody.
        planet.extend([0; 64 + 96]);
        planet.push(1);
        planet.extend(self.address);
        planet.push(0);
        planet.extend(self.key);
        // No secret follows; then one place, of IPv4.
        planet.extend([0, 1, 4]);
        planet.extend(at.octets());
        planet.extend(PORT.to_be_bytes());
        planet
    }
}

/// Whom the controller admits: itself and its peers, a node a line.
pub(super) fn configuration(me: &Identity, peers: &[Peer<'_>]) -> String {
    let mut text = format!("{}\n", me.public);
    for peer in peers {
        let _infallible = writeln!(text, "{}", peer.identity.public);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Node;

    /// A throwaway node of a recorded run, on the network of another: with the address that the controller gave it.
    #[test]
    fn an_address_follows_from_the_network_and_the_node() {
        let node = |address: &str| Node::read(&format!("{address}:0:{}\n", "ab".repeat(64))).unwrap();
        let (controller, member) = (node("ab1705e7d3"), node("e8fb435881"));
        assert_eq!(controller.network(), "ab1705e7d3000001");
        let identity = member.on(&controller);
        assert_eq!(identity.address.to_string(), "fdab:1705:e7d3:0:199:93e8:fb43:5881");
        assert_eq!(identity.public, "e8fb435881");
        let planet = controller.planet([198, 18, 0, 2].into());
        assert_eq!((planet.len(), planet[0], planet[177]), (1 + 8 + 8 + 64 + 96 + 1 + 71 + 1 + 7, 1, 1));
        assert_eq!(planet[250..], [4, 198, 18, 0, 2, 0x27, 0x09]);
    }

    #[test]
    fn another_form_is_told() {
        for odd in ["", "ab1705e7d3", "ab1705e7d3:1:00", "ab1705e7d3:0:abab", "ab:0:ab"] {
            assert!(Node::read(odd).is_err(), "{odd}");
        }
    }
}
