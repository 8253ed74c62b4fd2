//! WireGuard: keys, and the configuration that `wg setconf` reads.
//!
//! Flows in: 32 bytes of chance, seats, peers. Flows out: identities and text. Must not: ask the system.

use std::fmt::Write as _;

use curve25519_dalek::montgomery::MontgomeryPoint;
use data_encoding::BASE64;

use super::{Identity, Peer};
use crate::addresses::Seat;

const PORT: u16 = 51820;

pub(super) fn identity(chance: [u8; 32], seat: &Seat) -> Identity {
    let public = MontgomeryPoint::mul_base_clamped(chance).to_bytes();
    Identity { address: seat.given, public: BASE64.encode(&public), secret: BASE64.encode(&chance) }
}

/// Both of a pair dial, so that whoever speaks first is heard.
pub(super) fn configuration(me: &Identity, peers: &[Peer<'_>]) -> String {
    let mut text = format!("[Interface]\nPrivateKey = {}\nListenPort = {PORT}\n", me.secret);
    for peer in peers {
        let Identity { address, public, .. } = peer.identity;
        let endpoint = peer.seat.v4;
        let _infallible = write!(
            text,
            "\n[Peer]\nPublicKey = {public}\nAllowedIPs = {address}/128\nEndpoint = {endpoint}:{PORT}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};

    use super::{configuration, identity};
    use crate::overlay::tests::{peer, seat};

    /// As `wg pubkey` answers.
    #[test]
    fn a_public_key_belongs_to_its_private_key() {
        let key = |hex: &[u8]| -> [u8; 32] { HEXLOWER.decode(hex).unwrap().try_into().unwrap() };
        let private = key(b"f017ad4f8fc9ad26b23294cb7ecb8086c642fd1dc67546a4179349f03001d446");
        let public = key(b"c04169914e90b0f5d57f8e8754142cdb2c964776c7422052d3ec9e8eca804b34");
        assert_eq!(identity(private, &seat()).public, BASE64.encode(&public));
    }

    #[test]
    fn a_peer_has_its_own_address_alone() {
        let seat = seat();
        let (me, other) = (identity([1; 32], &seat), identity([2; 32], &seat));
        let text = configuration(&me, &[peer(&seat, &other)]);
        assert!(text.contains("AllowedIPs = fd5e:a000::3/128\nEndpoint = 198.18.0.3:51820\n"), "{text}");
        assert!(!text.contains(&other.secret), "{text}");
    }
}
