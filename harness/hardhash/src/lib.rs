//! The hash that a ZeroTier node's address is the end of.
//!
//! Flows in: the public half of an identity. Flows out: 64 bytes. Must not: know what they mean.
//!
//! It is slow by intent, so that nobody finds keys for an address that is another's: SHA-512 of the keys, two MiB that are encrypted
//! block after block with Salsa20, then each two words of those exchange one of the hash's with one of theirs. ZeroTierOne,
//! `node/Identity.cpp`, `_computeMemoryHardHash`.
//!
//! A crate of its own, because it is compiled optimised where nothing else need be: 0.04 s, and a hundred times that otherwise.

use salsa20::{
    Salsa20,
    cipher::{KeyIvInit as _, StreamCipher as _},
};
use sha2::{Digest as _, Sha512};

/// What it needs.
const MEMORY: usize = 2 << 20;
/// What is encrypted at a time.
const BLOCK: usize = 64;
const WORD: usize = 8;

/// The hash of two public keys: one to agree by, and one to sign with.
#[must_use]
pub fn of(keys: &[u8; 64]) -> [u8; 64] {
    let mut hash: [u8; 64] = Sha512::digest(keys).into();
    let (mut key, mut nonce) = ([0; 32], [0; 8]);
    key.copy_from_slice(&hash[..32]);
    nonce.copy_from_slice(&hash[32..40]);
    let mut cipher = Salsa20::new(&key.into(), &nonce.into());
    let mut memory = vec![0; MEMORY];
    cipher.apply_keystream(&mut memory[..BLOCK]);
    for at in (BLOCK..MEMORY).step_by(BLOCK) {
        memory.copy_within(at - BLOCK..at, at);
        cipher.apply_keystream(&mut memory[at..at + BLOCK]);
    }
    for at in (0..MEMORY).step_by(2 * WORD) {
        let one = WORD * number(&memory, at, BLOCK / WORD);
        let other = WORD * number(&memory, at + WORD, MEMORY / WORD);
        hash[one..one + WORD].swap_with_slice(&mut memory[other..other + WORD]);
        cipher.apply_keystream(&mut hash);
    }
    hash
}

/// A word of the memory as a number below another.
fn number(memory: &[u8], at: usize, below: usize) -> usize {
    let mut word = [0; WORD];
    word.copy_from_slice(&memory[at..at + WORD]);
    // It is less than `below`, which is a `usize`.
    usize::try_from(u64::from_be_bytes(word) % below as u64).unwrap_or_default()
}
