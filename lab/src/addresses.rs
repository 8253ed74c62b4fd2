//! Who has which address, computed from the order of names alone.
//!
//! Flows in: the names of hosts. Flows out: the [`Seat`] of each in the plain network. Must not: ask the system.
//!
//! The plain network is `198.18.0.0/15`, which is for measurements (RFC 2544), and `2001:db8::/32`, which is for
//! documents (RFC 3849): neither is anybody's, should a packet ever get out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::topology::{OPERATOR, Topology};

/// The hub, as each host sees it.
pub const HUB: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);

/// The device of the relay, in the hub.
pub(crate) const RELAY: &str = "delay";

/// A host's place in the plain network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The host.
    pub name: String,
    /// The hub's end of its cable, in the hub.
    pub link: String,
    /// Its address, alone in its network (`/32`).
    pub v4: Ipv4Addr,
    /// The same (`/128`).
    pub v6: Ipv6Addr,
    /// What it would have in an overlay whose addresses are given and not computed from keys.
    pub given: Ipv6Addr,
}

/// The operator's seat, then those of all hosts by name.
#[must_use]
pub fn seats(topology: &Topology) -> Vec<Seat> {
    let names = std::iter::once(OPERATOR).chain(topology.hosts.keys().map(String::as_str));
    (1..).zip(names).map(|(number, name)| seat(number, name)).collect()
}

fn seat(number: u16, name: &str) -> Seat {
    let [high, low] = number.to_be_bytes();
    Seat {
        name: name.to_owned(),
        link: format!("h{number}"),
        v4: Ipv4Addr::new(198, 18, high, low),
        v6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, number),
        given: Ipv6Addr::new(0xfd5e, 0xa000, 0, 0, 0, 0, 0, number),
    }
}

impl Seat {
    /// Both addresses of the plain network.
    #[must_use]
    pub fn plain(&self) -> [IpAddr; 2] {
        [self.v4.into(), self.v6.into()]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::seats;
    use crate::topology::{HOSTS, Topology};

    #[test]
    fn no_two_have_the_same_and_the_operator_is_first() {
        let seats = seats(&Topology::of((0..HOSTS).map(|number| format!("h{number:03}"))));
        assert_eq!((seats[0].name.as_str(), seats[0].v4.to_string().as_str()), ("operator", "198.18.0.1"));
        assert_eq!((seats[2].name.as_str(), seats[2].v6.to_string().as_str()), ("h001", "2001:db8::3"));
        let all: BTreeSet<_> =
            seats.iter().flat_map(|seat| [seat.v4.to_string(), seat.v6.to_string()]).collect();
        assert_eq!(all.len(), 2 * (HOSTS + 1));
    }
}
