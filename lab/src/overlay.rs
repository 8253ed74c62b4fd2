//! Overlay networks: who a host is in one, and what its daemon is told.
//!
//! Flows in: seats, and whom a host accepts. Flows out: identities, configurations, and the script that starts and stops a
//! daemon. Must not: start anything.

mod wireguard;
mod yggdrasil;
pub(crate) mod zerotier;

use std::{io, net::Ipv6Addr};

use crate::{addresses::Seat, topology::Overlay};

/// Who a host is in the overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) address: Ipv6Addr,
    pub(crate) public: String,
    pub(crate) secret: String,
}

/// A peer as a host sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) seat: &'a Seat,
    pub(crate) identity: &'a Identity,
}

/// A new identity, with keys from the system's own chance; none without an overlay, or with one that makes its own.
pub(crate) fn identity(overlay: Overlay, seat: &Seat) -> io::Result<Option<Identity>> {
    let chance = chance()?;
    Ok(match overlay {
        Overlay::None | Overlay::Zerotier => None,
        Overlay::Wireguard => Some(wireguard::identity(chance, seat)),
        Overlay::Yggdrasil => Some(yggdrasil::identity(chance)),
    })
}

/// What a host's daemon reads. Who is `open` takes anybody.
pub(crate) fn configuration(overlay: Overlay, me: &Identity, peers: &[Peer<'_>], open: bool) -> String {
    match overlay {
        Overlay::None => String::new(),
        Overlay::Wireguard => wireguard::configuration(me, peers),
        Overlay::Yggdrasil => yggdrasil::configuration(me, peers, open),
        Overlay::Zerotier => zerotier::configuration(me, peers),
    }
}

/// The script for a host: `start`, `stop`, `change`.
pub(crate) fn script(overlay: Overlay) -> &'static str {
    match overlay {
        Overlay::None => "",
        Overlay::Wireguard => include_str!("overlay/wireguard.sh"),
        Overlay::Yggdrasil => include_str!("overlay/yggdrasil.sh"),
        Overlay::Zerotier => include_str!("overlay/zerotier.sh"),
    }
}

fn chance() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let filled = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty())?;
    if filled == bytes.len() { Ok(bytes) } else { Err(io::Error::other("the system gave too little chance")) }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::{Identity, Peer};
    use crate::addresses::Seat;

    /// A seat for the tests of overlays.
    pub(super) fn seat() -> Seat {
        Seat {
            name: "b".into(),
            link: "h3".into(),
            v4: Ipv4Addr::new(198, 18, 0, 3),
            v6: Ipv6Addr::LOCALHOST,
            given: Ipv6Addr::new(0xfd5e, 0xa000, 0, 0, 0, 0, 0, 3),
        }
    }

    pub(super) fn peer<'a>(seat: &'a Seat, identity: &'a Identity) -> Peer<'a> {
        Peer { seat, identity }
    }
}
