//! Keys and tokens that stand in a text in clear.
//!
//! Flows in: a text. Flows out: what stands where. Must not: repeat any of it: only its kind and its place go out.
//!
//! A pattern names a secret only with the secret's own body after it, so that a text about keys, or a search for them, is
//! not taken for one.

use model::place::{Lines, Place};

/// How many are told of one file.
const MOST: usize = 20;

/// A way in which a secret is recognised: a text, and what must follow it.
struct Pattern {
    kind: &'static str,
    starts: &'static str,
    follows: fn(&str) -> bool,
}

const PATTERNS: &[Pattern] = &[
    Pattern { kind: "private key", starts: "-----BEGIN ", follows: is_armored_key },
    Pattern {
        kind: "age key",
        starts: "AGE-SECRET-KEY-1",
        follows: |rest| is_run(rest, 58, is_upper_or_digit),
    },
    Pattern {
        kind: "age key",
        starts: "AGE-SECRET-KEY-PQ-1",
        follows: |rest| is_run(rest, 58, is_upper_or_digit),
    },
    Pattern { kind: "WireGuard key", starts: "rivateKey = ", follows: is_wireguard_key },
    Pattern { kind: "WireGuard key", starts: "resharedKey = ", follows: is_wireguard_key },
    Pattern { kind: "GitHub token", starts: "ghp_", follows: |rest| is_run(rest, 36, is_alphanumeric) },
    Pattern { kind: "GitHub token", starts: "gho_", follows: |rest| is_run(rest, 36, is_alphanumeric) },
    Pattern { kind: "GitHub token", starts: "ghs_", follows: |rest| is_run(rest, 36, is_alphanumeric) },
    Pattern { kind: "GitHub token", starts: "github_pat_", follows: |rest| is_run(rest, 60, is_word) },
    Pattern { kind: "GitLab token", starts: "glpat-", follows: |rest| is_run(rest, 20, is_word) },
    Pattern { kind: "Slack token", starts: "xoxb-", follows: |rest| is_run(rest, 24, is_word) },
    Pattern { kind: "Tailscale key", starts: "tskey-auth-", follows: |rest| is_run(rest, 20, is_word) },
    Pattern { kind: "ZeroTier identity", starts: ":0:", follows: is_zerotier_secret },
];

/// Every secret in a text, in its order.
pub(super) fn find(path: &str, text: &str) -> Vec<(&'static str, Place)> {
    let mut found: Vec<(usize, &'static str)> = Vec::new();
    for pattern in PATTERNS {
        let starts = text.match_indices(pattern.starts).map(|(at, start)| (at, at + start.len()));
        let secrets = starts.filter(|(_, end)| text.get(*end..).is_some_and(pattern.follows));
        found.extend(secrets.take(MOST).map(|(at, _)| (at, pattern.kind)));
    }
    found.sort_unstable();
    found.truncate(MOST);
    if found.is_empty() {
        return Vec::new();
    }
    let lines = Lines::of(text);
    found.into_iter().map(|(at, kind)| (kind, lines.place(path, text, at))).collect()
}

/// `OPENSSH PRIVATE KEY-----`, and a line of its body close by: a PGP block and an old PEM file have headers first.
fn is_armored_key(rest: &str) -> bool {
    let Some((label, body)) = rest.split_once("-----") else { return false };
    let is_key = label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK";
    let is_encrypted = label.starts_with("ENCRYPTED");
    // In a JSON or Nix string the line ends may be written as `\n`.
    let lines = body.get(..floor(body, 1000)).unwrap_or(body).split(['\n', '\\']);
    let mut lines =
        lines.map(|line| line.trim().trim_start_matches('n')).filter(|line| !line.is_empty()).take(5);
    label.len() < 40 && is_key && !is_encrypted && lines.any(|line| is_run(line, 40, is_base64))
}

fn floor(text: &str, most: usize) -> usize {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn is_wireguard_key(rest: &str) -> bool {
    let key = rest.trim_start_matches('"');
    is_run(key, 42, is_base64) && key.get(42..44).is_some_and(|end| end.ends_with('='))
}

/// `<address>:0:<public key>:<private key>`: the public part alone is no secret.
fn is_zerotier_secret(rest: &str) -> bool {
    is_run(rest, 128, is_hex)
        && rest
            .get(128..)
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|secret| is_run(secret, 128, is_hex))
}

/// Whether a text starts with at least so many letters of a kind.
fn is_run(text: &str, length: usize, is_one: fn(u8) -> bool) -> bool {
    text.as_bytes().get(..length).is_some_and(|run| run.iter().copied().all(is_one))
}

fn is_hex(letter: u8) -> bool {
    letter.is_ascii_hexdigit()
}

fn is_alphanumeric(letter: u8) -> bool {
    letter.is_ascii_alphanumeric()
}

fn is_upper_or_digit(letter: u8) -> bool {
    letter.is_ascii_uppercase() || letter.is_ascii_digit()
}

fn is_word(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'-'
}

fn is_base64(letter: u8) -> bool {
    letter.is_ascii_alphanumeric() || b"+/=".contains(&letter)
}
