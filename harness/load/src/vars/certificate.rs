//! OpenSSH certificates: what one says, and whether the key that it names as its authority signed it.
//!
//! Flows in: the text of a `*-cert.pub`. Flows out: its facts. Must not: say whether the authority is one to trust, or
//! whether it is valid today: that takes more than the certificate.
//!
//! The format is OpenSSH's: `PROTOCOL.certkeys`, with the types of RFC 4251, section 5. `harness/DESIGN/certificates.md`
//! says why it is read here.
//!
//! ```text
//! {algorithm, type: "host"|"user"|"unknown", key: "ssh-ed25519 AAAA..", key_id, serial, principals: [name],
//!  valid_after: unix seconds, valid_before: unix seconds | null for ever, critical_options, extensions: [name],
//!  ca: "ssh-ed25519 AAAA..", ca_fingerprint: "SHA256:..", verifies: bool | null where the algorithm is not known,
//!  valid?: bool, on the day that was asked about}
//! ```
//! or `{fault}`.

use data_encoding::{BASE64, BASE64_NOPAD};
use ed25519_dalek::{Signature, VerifyingKey};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The longest that a certificate may be, in bytes of its binary form.
const LONGEST: usize = 16 << 10;

/// The end of a certificate's algorithm.
const VERSION: &str = "-cert-v01@openssh.com";

/// The facts of a certificate.
pub(super) fn read(text: Option<&str>) -> Value {
    let facts = text.ok_or("it could not be read").and_then(parse);
    facts.unwrap_or_else(|fault| json!({ "fault": fault }))
}

/// Says whether a certificate is valid at some time of a day in UTC. One that could not be read stays as it is.
pub(super) fn on(certificate: &mut Value, day: Date) {
    let Some(starts) = certificate["valid_after"].as_u64() else { return };
    let ends = certificate["valid_before"].as_u64();
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp().as_second());
    let second = |day| midnight(day).and_then(|second| u64::try_from(second).ok());
    let today = second(day).unwrap_or(0);
    let tomorrow = day.tomorrow().ok().and_then(second).unwrap_or(u64::MAX);
    let is_valid = starts < tomorrow && ends.is_none_or(|ends| today < ends && starts < ends);
    certificate["valid"] = is_valid.into();
}

fn parse(text: &str) -> Result<Value, &'static str> {
    let mut words = text.split_whitespace();
    let (Some(named), Some(body)) = (words.next(), words.next()) else {
        return Err("it is not `ALGORITHM BASE64`");
    };
    let blob = BASE64.decode(body.as_bytes()).map_err(|_| "it is no base64")?;
    if blob.len() > LONGEST {
        return Err("it is too long");
    }
    let mut wire = Wire { whole: &blob, at: 0 };
    let certificate = certificate(&mut wire).ok_or("it is cut short, or no certificate of a known kind")?;
    match (wire.rest().is_empty(), certificate["algorithm"] == named) {
        (true, true) => Ok(certificate),
        (false, _) => Err("something stands behind its signature"),
        (_, false) => Err("it says two different algorithms"),
    }
}

fn certificate(wire: &mut Wire<'_>) -> Option<Value> {
    let algorithm = wire.text()?;
    let base = algorithm.strip_suffix(VERSION)?;
    let _nonce = wire.string()?;
    let key = certified(wire, base)?;
    let serial = wire.number()?;
    let kind = match u32::from_be_bytes(wire.take()?) {
        1 => "user",
        2 => "host",
        _ => "unknown",
    };
    let key_id = wire.text()?;
    let principals = Wire { whole: wire.string()?, at: 0 }.texts()?;
    let (after, before) = (wire.number()?, wire.number()?);
    let critical_options = Wire { whole: wire.string()?, at: 0 }.options()?;
    let extensions = Wire { whole: wire.string()?, at: 0 }.options()?;
    let _reserved = wire.string()?;
    let authority = wire.string()?;
    let signed = &wire.whole[..wire.at];
    let signature = wire.string()?;
    Some(json!({
        "algorithm": algorithm,
        "type": kind,
        "key": key,
        "key_id": key_id,
        "serial": serial,
        "principals": principals,
        "valid_after": after,
        // All ones are no end.
        "valid_before": (before != u64::MAX).then_some(before),
        "critical_options": critical_options,
        "extensions": extensions,
        "ca": public(authority)?,
        "ca_fingerprint": format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(authority))),
        "verifies": verifies(authority, signed, signature),
    }))
}

/// The key that is certified, as its public file shows it. Its fields stand in the certificate one by one.
fn certified(wire: &mut Wire<'_>, base: &str) -> Option<String> {
    let fields = match base {
        "ssh-ed25519" => 1,
        "ssh-rsa" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => 2,
        _ => return None,
    };
    let start = wire.at;
    for _ in 0..fields {
        wire.string()?;
    }
    let mut blob = u32::try_from(base.len()).ok()?.to_be_bytes().to_vec();
    blob.extend_from_slice(base.as_bytes());
    blob.extend_from_slice(&wire.whole[start..wire.at]);
    Some(format!("{base} {}", BASE64.encode(&blob)))
}

/// A public key as its file shows it, without the comment.
fn public(blob: &[u8]) -> Option<String> {
    let algorithm = Wire { whole: blob, at: 0 }.text()?;
    Some(format!("{algorithm} {}", BASE64.encode(blob)))
}

/// Whether the authority signed it; `None` for an algorithm that is not known here. clan's authority has an Ed25519 key.
fn verifies(authority: &[u8], signed: &[u8], signature: &[u8]) -> Option<bool> {
    let (mut key, mut signature) = (Wire { whole: authority, at: 0 }, Wire { whole: signature, at: 0 });
    if key.text()? != "ssh-ed25519" || signature.text()? != "ssh-ed25519" {
        return None;
    }
    Some(
        key.string()
            .zip(signature.string())
            .is_some_and(|(key, signature)| is_signed(key, signed, signature)),
    )
}

fn is_signed(key: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let signature = Signature::from_slice(signature).ok();
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(signed, &signature).is_ok())
}

/// Values one after another, as RFC 4251 writes them.
struct Wire<'a> {
    whole: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    fn rest(&self) -> &'a [u8] {
        self.whole.get(self.at..).unwrap_or_default()
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = *self.rest().first_chunk()?;
        self.at += N;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(u32::from_be_bytes(self.take()?)).ok()?;
        let string = self.rest().get(..length)?;
        self.at += length;
        Some(string)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// Texts to the end.
    fn texts(mut self) -> Option<Vec<&'a str>> {
        let mut texts = Vec::new();
        while !self.rest().is_empty() {
            texts.push(self.text()?);
        }
        Some(texts)
    }

    /// The names of options to the end, each followed by its value.
    fn options(mut self) -> Option<Vec<&'a str>> {
        let mut names = Vec::new();
        while !self.rest().is_empty() {
            names.push(self.text()?);
            self.string()?;
        }
        Some(names)
    }
}
