//! What ssh means by its last words. It ends with 255 whatever went wrong, so its words are all that there is.
//!
//! Flows in: its standard error, at `LogLevel=ERROR`. Flows out: a kind. Must not: take a sentence that it does not know
//! for anything but a fault of the harness.

use model::sighting::outlook::Distrust;

use super::Unasked;

/// Sentences of OpenSSH, in the order in which they are looked for: a changed key is also a key that failed.
const DISTRUST: [(&str, Distrust); 12] = [
    ("REVOKED HOST KEY DETECTED", Distrust::Revoked),
    ("is marked as revoked", Distrust::Revoked),
    ("Host key revoked", Distrust::Revoked),
    ("Certificate invalid: expired", Distrust::Expired),
    ("Certificate invalid", Distrust::Certificate),
    ("certificate lacks", Distrust::Certificate),
    ("Host certificate", Distrust::Certificate),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", Distrust::Changed),
    ("has changed and you have requested strict checking", Distrust::Changed),
    ("host key is known for", Distrust::Unknown),
    ("Host key verification failed", Distrust::Unknown),
    ("no hostkey alg", Distrust::Unknown),
];

const DENIED: [&str; 4] = [
    "Permission denied (",
    "Too many authentication failures",
    "No supported authentication methods",
    "Received disconnect",
];

const OFFLINE: [&str; 15] = [
    "Connection refused",
    "Connection timed out",
    "timed out during banner exchange",
    "Operation timed out",
    "No route to host",
    "Network is unreachable",
    "Host is down",
    "Could not resolve hostname",
    "Connection reset by",
    "Connection closed by",
    "Connection to UNKNOWN port",
    "kex_exchange_identification",
    "banner exchange",
    "Cannot assign requested address",
    "Address family for hostname not supported",
];

const OURS: [&str; 5] = [
    "Bad configuration option",
    "configuration options",
    "unknown option",
    "Bad owner or permissions",
    "usage:",
];

/// The kind of an end without an answer.
pub(super) fn kind(said: &str) -> Unasked {
    let last = last_words(said);
    if let Some((_, what)) = DISTRUST.iter().find(|(sentence, _)| said.contains(sentence)) {
        return Unasked::Distrusted { what: *what, said: said.trim().to_owned() };
    }
    let any = |sentences: &[&str]| sentences.iter().any(|sentence| said.contains(sentence));
    if any(&OURS) {
        Unasked::Refused(last)
    } else if any(&DENIED) {
        Unasked::Denied(last)
    } else if any(&OFFLINE) {
        Unasked::Offline(last)
    } else if last.is_empty() {
        // As when the host's side of a session is killed before anything was said.
        Unasked::Lost("ssh ended without a word".to_owned())
    } else {
        Unasked::Refused(last)
    }
}

/// The last line that is not empty.
pub(super) fn last_words(said: &str) -> String {
    said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_openssh() {
        let named = |said: &str| match kind(said) {
            Unasked::Offline(_) => "offline",
            Unasked::Distrusted { what: Distrust::Changed, .. } => "changed",
            Unasked::Distrusted { what: Distrust::Unknown, .. } => "unknown",
            Unasked::Distrusted { what: Distrust::Revoked, .. } => "revoked",
            Unasked::Distrusted { what: Distrust::Expired, .. } => "expired",
            Unasked::Distrusted { what: Distrust::Certificate, .. } => "certificate",
            Unasked::Denied(_) => "denied",
            Unasked::Lost(_) => "lost",
            _ => "ours",
        };
        let cases = [
            ("ssh: connect to host 127.0.0.1 port 9: Connection refused", "offline"),
            (
                "Connection timed out during banner exchange\nConnection to 127.0.0.1 port 4 timed out",
                "offline",
            ),
            ("kex_exchange_identification: Connection closed by remote host", "offline"),
            ("ssh: Could not resolve hostname nope.invalid: Name or service not known", "offline"),
            (
                "No ED25519 host key is known for b and you have requested strict checking.\nHost key verification failed.",
                "unknown",
            ),
            (
                "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "changed",
            ),
            ("@ WARNING: REVOKED HOST KEY DETECTED! @\nHost key verification failed.", "revoked"),
            (
                "Certificate invalid: expired\nNo ED25519 host key is known for a and ..\nHost key verification failed.",
                "expired",
            ),
            (
                "Certificate invalid: not yet valid\nNo ED25519 host key is known for a and ..\nHost key verification failed.",
                "certificate",
            ),
            ("root@b: Permission denied (publickey).", "denied"),
            (
                "/x: line 1: Bad configuration option: nosuch\n/x: terminating, 1 bad configuration options",
                "ours",
            ),
            ("", "lost"),
            ("something new", "ours"),
        ];
        for (said, expected) in cases {
            assert_eq!(named(said), expected, "{said}");
        }
    }
}
