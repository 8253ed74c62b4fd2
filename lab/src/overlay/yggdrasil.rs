//! Yggdrasil: keys, the address that follows from one, and its configuration.
//!
//! Flows in: 32 bytes of chance, peers. Flows out: identities and text. Must not: ask the system.

use std::net::Ipv6Addr;

use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use serde_json::json;

use super::{Identity, Peer};

const PORT: u16 = 7743;

pub(super) fn identity(chance: [u8; 32]) -> Identity {
    let pair = SigningKey::from_bytes(&chance);
    let public = pair.verifying_key().to_bytes();
    Identity {
        address: address(public),
        public: HEXLOWER.encode(&public),
        secret: HEXLOWER.encode(&pair.to_keypair_bytes()),
    }
}

/// `02`, the count of leading ones of the inverted key, then what follows the first zero.
fn address(public: [u8; 32]) -> Ipv6Addr {
    let inverted = public.map(|byte| !byte);
    let bit = |at: usize| inverted.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    let ones = (0..u8::MAX).find(|at| bit(usize::from(*at)) == 0).unwrap_or(u8::MAX);
    let mut octets = [0; 16];
    (octets[0], octets[1]) = (2, ones);
    for (number, octet) in octets.iter_mut().skip(2).enumerate() {
        let first = usize::from(ones) + 1 + number * 8;
        *octet = (first..first + 8).fold(0, |octet, at| (octet << 1) | bit(at));
    }
    octets.into()
}

/// `open` takes any who dials; else only the peers may. An empty list would mean everybody, so the host's own key stands
/// in it always.
///
/// Both of a pair dial. Yggdrasil 0.4 tries again after a minute only; who starts last finds the other listening.
pub(super) fn configuration(me: &Identity, peers: &[Peer<'_>], open: bool) -> String {
    let dialled: Vec<_> = peers.iter().map(|peer| format!("tls://{}:{PORT}", peer.seat.v4)).collect();
    let known = std::iter::once(&me.public).chain(peers.iter().map(|peer| &peer.identity.public));
    let allowed: Vec<_> = if open { Vec::new() } else { known.collect() };
    json!({
        "PublicKey": me.public,
        "PrivateKey": me.secret,
        "Peers": dialled,
        "Listen": [format!("tls://0.0.0.0:{PORT}")],
        "AllowedPublicKeys": allowed,
        "MulticastInterfaces": [],
        "AdminListen": "unix:///run/yggdrasil/yggdrasil.sock",
        "IfName": "overlay",
        "IfMTU": 1420,
        "NodeInfoPrivacy": true,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{address, configuration, identity};
    use crate::overlay::tests::{peer, seat};

    /// Worked by hand from the definition: the first byte inverts to `1110_0000`.
    #[test]
    fn an_address_follows_from_the_key() {
        let mut key = [0xff; 32];
        key[0] = 0b0001_1111;
        assert_eq!(address(key).to_string(), "203::");
        key[1] = 0b0101_1111;
        assert_eq!(address(key).to_string(), "203:a00::");
        assert_eq!(address([0; 32]).octets()[..3], [2, 255, 0]);
    }

    #[test]
    fn nobody_but_peers_may_dial_and_never_is_the_list_empty() {
        let seat = seat();
        let (me, other) = (identity([1; 32]), identity([2; 32]));
        let read =
            |peers: &[_], open| -> Value { serde_json::from_str(&configuration(&me, peers, open)).unwrap() };
        let alone = read(&[], false);
        assert_eq!(alone["AllowedPublicKeys"][0], me.public.as_str());
        let met = read(&[peer(&seat, &other)], false);
        assert_eq!(met["Peers"][0], "tls://198.18.0.3:7743");
        assert_eq!(met["AllowedPublicKeys"][1], other.public.as_str());
        let met = read(&[peer(&seat, &other)], true);
        assert_eq!(met["AllowedPublicKeys"], Value::Array(vec![]));
    }
}
