//! An HTTP server of a guest, asked from inside it.
//!
//! Flows in: a URL. Flows out: a command for the guest's shell, and what its answer says. Must not: reach any guest from
//! outside: it has no network.
//!
//! With curl where the guest has it, and else by bash's own `/dev/tcp`, which NixOS always has: then without TLS.

use std::time::Duration;

use http::Uri;
use serde_json::{Value, json};
use vms::{channel::Output, shell::quote};

/// How long a server may take to answer.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// Bytes of an answer that are looked at.
const MOST: usize = 64 << 10;
/// Header lines of an answer that are read.
const HEADERS: usize = 100;

/// What asks for a URL and prints the answer, its head first.
pub(super) fn command(url: &str) -> String {
    let seconds = LIMIT.as_secs() - 5;
    let curl = format!("curl --silent --show-error --globoff --max-time {seconds} --include {}", quote(url));
    format!("if command -v curl >/dev/null; then {curl}; else {}; fi | head -c {MOST}", without_curl(url))
}

fn without_curl(url: &str) -> String {
    let Some((host, port, target)) = parts(url) else {
        return "echo 'curl is not in the guest, and nothing else here speaks TLS' >&2".to_owned();
    };
    let authority = if port == 80 { host.clone() } else { format!("{host}:{port}") };
    let request = format!("GET {target} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    // bash takes an address of version 6 without its brackets.
    let device = format!("/dev/tcp/{}/{port}", host.trim_matches(['[', ']']));
    let script = format!("exec 3<>{} && printf %s {} >&3 && cat <&3", quote(&device), quote(&request));
    format!("bash -c {}", quote(&script))
}

/// Host, port, and path with query, of a URL without TLS.
fn parts(url: &str) -> Option<(String, u16, String)> {
    let uri: Uri = url.parse().ok().filter(|uri: &Uri| uri.scheme_str() == Some("http"))?;
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(80), target.to_owned()))
}

/// What came back, as `suites/FACTS.md` describes it.
pub(super) fn told(output: &Output) -> Value {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    // httparse knows versions 1 alone, and of all others curl prints no more than the number.
    let newer = [b"HTTP/2 ".as_slice(), b"HTTP/3 "].iter().any(|start| output.stdout.starts_with(start));
    let mut bytes = output.stdout.clone();
    if newer {
        bytes.splice(..b"HTTP/2".len(), *b"HTTP/1.1");
    }
    let (status, body) = match response.parse(&bytes) {
        Ok(httparse::Status::Complete(head)) => (response.code, bytes.get(head..).unwrap_or_default()),
        _ => (None, bytes.as_slice()),
    };
    let error = match (status, output.complaints()) {
        (Some(_), _) => None,
        (None, said) if said.is_empty() => Some("what answers does not speak HTTP".to_owned()),
        (None, said) => Some(said),
    };
    json!({"status": status, "body": String::from_utf8_lossy(body), "error": error})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(stdout: &str, stderr: &str) -> Value {
        told(&Output { status: 0, stdout: stdout.into(), stderr: Some(stderr.into()) })
    }

    #[test]
    fn an_answer_has_a_status_and_a_body() {
        let found = answer("HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\nno such page", "");
        assert_eq!(found, json!({"status": 404, "body": "no such page", "error": null}));
        let newer = answer("HTTP/2 204 \r\nserver: x\r\n\r\n", "");
        assert_eq!(newer, json!({"status": 204, "body": "", "error": null}));
    }

    #[test]
    fn where_nobody_answers_it_is_told_why() {
        let refused = answer("", "curl: (7) Failed to connect\n");
        assert_eq!(refused["error"], "curl: (7) Failed to connect");
        assert_eq!(answer("SSH-2.0-OpenSSH\r\n", "")["error"], "what answers does not speak HTTP");
    }

    #[test]
    fn a_url_is_asked_for_by_its_parts() {
        let of = |url: &str| parts(url).map(|(host, port, target)| format!("{host} {port} {target}"));
        assert_eq!(of("http://localhost").as_deref(), Some("localhost 80 /"));
        assert_eq!(of("http://[::1]:8080/a?b=c").as_deref(), Some("[::1] 8080 /a?b=c"));
        assert_eq!(of("https://localhost/"), None);
        assert!(command("http://[::1]:8080/").contains("/dev/tcp/::1/8080"));
    }

    proptest! {
        #[test]
        fn nothing_that_a_server_says_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
            let stdout = if head { [b"HTTP/2 200 \r\n".as_slice(), &bytes].concat() } else { bytes };
            told(&Output { status: 0, stdout, stderr: None });
        }
    }
}
