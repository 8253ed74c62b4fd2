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

/// How ssh names the other end where somebody else carries the connection: an ssh that `ProxyJump` started, or a `ProxyCommand`.
const CARRIED: &str = " UNKNOWN port 65535";
/// What the ssh on a jump host's line says of a machine that it cannot connect to.
const BEYOND: &str = ": open failed: ";
/// A connection that was closed before the other side said who it is.
const CLOSED: [&str; 2] = [
    "kex_exchange_identification: Connection closed by remote host",
    "kex_exchange_identification: read: Connection reset by peer",
];

/// The kind of an end without an answer.
pub(super) fn kind(said: &str) -> Unasked {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match carried(&lines) {
        Some([]) | None => of_host(&lines),
        Some(way) => Unasked::Offline(of_way(way)),
    }
}

/// What was said by who was to carry the connection, where it ended before the host had said who it is: of that ssh itself
/// speaks, and last.
fn carried<'a, 'b>(lines: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let is_ended = |line: &str| line.starts_with("Connection ") && line.contains(CARRIED);
    let is_early = |line: &str| CLOSED.contains(&line) || line.contains("banner exchange");
    let without = |lines: &'a [&'b str], is: &dyn Fn(&str) -> bool| match lines.split_last() {
        Some((line, before)) if is(line) => before,
        _ => lines,
    };
    let before = without(without(lines, &is_ended), &is_early);
    (before.len() < lines.len()).then_some(before)
}

/// What is told of a host to which the way did not hold: the fault is none of the host's.
fn of_way(way: &[&str]) -> String {
    if let Some(beyond) = way.iter().find(|line| line.contains(BEYOND)) {
        return (*beyond).to_owned();
    }
    let named = |line: &&&str| line.contains("host key is known for") || line.starts_with("Host key for ");
    let said =
        way.iter().find(|line| CLOSED.contains(line)).or_else(|| way.iter().find(named)).or(way.last());
    format!("on the way to it: {}", said.copied().unwrap_or_default())
}

/// Whether the words are those of a connection that was closed too early: it may not be next time.
pub(super) fn turned_away(why: &str) -> bool {
    CLOSED.iter().any(|closed| why.contains(closed))
}

/// The end of a connection that stood.
pub(super) fn lost(said: &str) -> Unasked {
    let last = last_words(said);
    // At this level ssh does not tell that its host no longer answers.
    Unasked::Lost(if last.is_empty() { "nothing more was heard of it".to_owned() } else { last })
}

/// What ssh says of the host itself.
fn of_host(lines: &[&str]) -> Unasked {
    let said = &lines.join("\n");
    let last = last_words(said);
    if let Some((_, what)) = DISTRUST.iter().find(|(sentence, _)| said.contains(sentence)) {
        return Unasked::Distrusted { what: *what, said: said.trim().to_owned() };
    }
    let any = |sentences: &[&str]| sentences.iter().any(|sentence| said.contains(sentence));
    if any(&OURS) {
        Unasked::Refused(last)
    } else if any(&DENIED) {
        Unasked::Denied(last)
    } else if let Some(closed) = lines.iter().find(|line| CLOSED.contains(line)) {
        Unasked::Offline((*closed).to_owned())
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
            (
                "Host key verification failed.\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535",
                "offline",
            ),
            ("root@b: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535", "offline"),
            (
                "Received disconnect from UNKNOWN port 65535:2: Too many authentication failures\nDisconnected from UNKNOWN port 65535",
                "denied",
            ),
            ("", "lost"),
            ("something new", "ours"),
        ];
        for (said, expected) in cases {
            assert_eq!(named(said), expected, "{said}");
        }
    }
    #[test]
    fn a_way_that_does_not_hold_is_told_with_who_does_not_hold_it() {
        // What ssh says at this level, and what it says besides at the next.
        let outer = "kex_exchange_identification: Connection closed by remote host";
        let more = format!("{outer}\nConnection closed by UNKNOWN port 65535");
        let why = |said: &str| {
            let [one, other] = [outer, &more].map(|outer| match kind(&format!("{said}\n{outer}\n")) {
                Unasked::Offline(why) => why,
                other => panic!("{other:?}"),
            });
            assert_eq!(one, other);
            one
        };
        let changed = "Host key for a has changed and you have requested strict checking.";
        assert_eq!(
            why(&format!("@ WARNING @\n{changed}\nHost key verification failed.")),
            format!("on the way to it: {changed}")
        );
        let denied = "root@a: Permission denied (publickey).";
        assert_eq!(why(denied), format!("on the way to it: {denied}"));
        let beyond = "channel 0: open failed: connect failed: Connection refused";
        assert_eq!(why(&format!("{beyond}\nstdio forwarding failed")), beyond);
        let full = "kex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.1 port 22";
        for (said, expected) in [("", true), (full, true), (denied, false), (beyond, false)] {
            assert_eq!(turned_away(&why(said)), expected, "{said}");
        }
    }
}
