//! Which public values are told: addresses, network ids and public keys that rules compare, and nothing else.
//!
//! Flows in: a public var's names and text. Flows out: the text, if it may be told. Must not: tell a text whose form it
//! does not know: what was declared public by mistake may be a secret.

use std::net::IpAddr;

/// The longest text that is told, in bytes.
const LONGEST: usize = 4096;

/// The text of a public value, without the space around it.
pub(super) fn text<'a>(generator: &str, file: &str, text: &'a str) -> Option<&'a str> {
    let text = text.trim();
    let known = text.len() <= LONGEST
        && (is_address(text)
            || is_ssh_public(text)
            || (is_network(generator) && (is_network_id(text) || is_public_key(file, text))));
    known.then_some(text)
}

/// An address, a network `address/length`, or the first groups of one, as clan writes the prefix of a WireGuard network.
fn is_address(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    let is_group = |group: &str| (1..=4).contains(&group.len()) && is_hex(group);
    let is_prefix = || text.contains(':') && text.trim_end_matches(':').split(':').all(is_group);
    (address.parse::<IpAddr>().is_ok() && length.parse::<u8>().is_ok()) || is_prefix()
}

/// `ssh-.. BASE64 comment` on one line: a public key or a certificate. A private key has a head of its own.
fn is_ssh_public(text: &str) -> bool {
    let mut words = text.split(' ');
    let kind = words
        .next()
        .is_some_and(|kind| ["ssh-", "ecdsa-sha2-", "sk-"].iter().any(|head| kind.starts_with(head)));
    let body = words.next().is_some_and(|body| body.starts_with("AAAA"));
    kind && body && !text.contains('\n')
}

fn is_network(generator: &str) -> bool {
    ["zerotier", "wireguard", "yggdrasil", "openssh"].iter().any(|name| generator.starts_with(name))
}

/// A ZeroTier network or node.
fn is_network_id(text: &str) -> bool {
    (text.len() == 16 || text.len() == 10) && is_hex(text)
}

/// One word of base64 or hex in a file that is named for a public key: a private key looks the same.
fn is_public_key(file: &str, text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "+/=".contains(letter);
    file.to_ascii_lowercase().contains("pub")
        && (43..=64).contains(&text.len())
        && text.chars().all(is_letter)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
