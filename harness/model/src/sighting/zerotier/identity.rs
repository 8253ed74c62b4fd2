//! The address that a ZeroTier node's keys come to.
//!
//! Flows in: an identity, `address:0:keys`. Flows out: the address that those keys make. Must not: take the node's word for it.
//!
//! It is the end of a hash that begins low. ZeroTierOne, `node/Identity.cpp`, `locallyValidate`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The public half of an identity: a key to agree by, and one to sign with.
pub type Keys = [u8; 64];

/// Of a hash that begins with this or more, no node is made: such are rare, and have to be looked for.
const RARE: u8 = 17;

/// The keys of an identity. `None` where it is of another form.
#[must_use]
pub fn keys(identity: &str) -> Option<Keys> {
    let mut parts = identity.trim().split(':').skip(1);
    let (Some("0"), Some(digits)) = (parts.next(), parts.next()) else { return None };
    let mut keys = [0; 64];
    if digits.len() != 2 * keys.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, key) in keys.iter_mut().enumerate() {
        *key = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(keys)
}

/// What was worked out before: the same keys come to the same address, and who watches asks every few seconds.
static MADE: Mutex<BTreeMap<Keys, Option<String>>> = Mutex::new(BTreeMap::new());

/// The address that keys come to, ten hexadecimal digits. `None` where no node may have such keys.
#[must_use]
pub fn address(keys: &Keys) -> Option<String> {
    let known = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = known().get(keys) {
        return made.clone();
    }
    let made = made(keys);
    known().insert(*keys, made.clone());
    made
}

fn made(keys: &Keys) -> Option<String> {
    let hash = hardhash::of(keys);
    let [.., a, b, c, d, e] = hash;
    // Nobody's are zero and what begins with ff.
    let is_free = [a, b, c, d, e] != [0; 5] && a != 0xff;
    (hash[0] < RARE && is_free).then(|| format!("{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}"))
}

/// The three nodes of a recorded run, made by ZeroTier 1.14.1. Their secret halves are gone.
#[cfg(test)]
pub(in crate::sighting) const NODES: [&str; 3] = [
    "ab1705e7d3:0:203c1e8ca4946af75e7b2cc9b3eb0b70c07e2aef21209982186a5d161d1c7f757f259539b61524ee88fa39b90bb87714bef43440286082315a1f969266dda360",
    "e8fb435881:0:3dc4736b8578af7c2656acbb231becdcb4cdad09b47c737e4fbe955e14a92e2b5d39f2dc0ec04841bb20aa02d1ad162160eddb5a7c8d57dbe871a457e2de5362",
    "edcb1b2f1d:0:e48d18b2e69f97aa6a575da6f3c732ad2dcd6c1e8b33d48755c5fb39a7e0837a4c2a29169ed49d437de9bd1775eb5f35cfd42880d0d0a387d59ebb33e283390e",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_to_the_address_that_zerotier_made_of_them() {
        for identity in NODES {
            let made = keys(identity).and_then(|keys| address(&keys));
            assert_eq!(made.as_deref(), identity.get(..10));
        }
    }

    /// Of 256 keys 17 come to an address at all, and that is another one.
    #[test]
    fn another_key_comes_to_no_address_or_to_another() {
        let made = |bit: u8| {
            let mut other = keys(NODES[0]).unwrap();
            other[63] ^= bit;
            address(&other)
        };
        assert!(made(1).is_some_and(|address| address != NODES[0][..10]));
        assert_eq!(made(2), None);
    }

    #[test]
    fn an_identity_of_another_form_has_no_keys() {
        let digits = "ab".repeat(64);
        assert!(keys(&format!("ab1705e7d3:0:{digits}:secret\n")).is_some());
        for odd in [
            "",
            "ab1705e7d3",
            "ab1705e7d3:0:ab",
            &format!("ab1705e7d3:1:{digits}"),
            &format!("a:0:+{}", &digits[1..]),
        ] {
            assert_eq!(keys(odd), None, "{odd}");
        }
    }
}
