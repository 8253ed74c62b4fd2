//! The URI of a peering of Yggdrasil: who is called by it.
//!
//! Flows in: text. Flows out: a host, in the form in which two of them can be compared. Must not: resolve a name.

use std::net::IpAddr;

/// The host of `tcp://host:port`; behind a proxy (`socks://proxy/host:port`), the one that the proxy connects to.
#[must_use]
pub fn host(uri: &str) -> Option<String> {
    let rest = uri.split_once("://")?.1;
    let rest = rest.split('?').next()?.trim_end_matches('/');
    Some(bare(rest.rsplit('/').next()?)).filter(|host| !host.is_empty())
}

/// A host without its port, an address in its shortest form.
#[must_use]
pub fn bare(host: &str) -> String {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let host = bracketed.unwrap_or_else(|| match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    });
    host.parse().map_or_else(|_| host.to_lowercase(), |address: IpAddr| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_peering_is_found() {
        for (uri, expected) in [
            ("tcp://192.168.1.1:6443", "192.168.1.1"),
            ("quic://[fd00:0::1]:6444", "fd00::1"),
            ("tls://Example.org:6446?key=00", "example.org"),
            ("socks://127.0.0.1:9050/abc.onion:6443", "abc.onion"),
        ] {
            assert_eq!(host(uri).as_deref(), Some(expected));
        }
        assert_eq!(host("nonsense"), None);
    }
}
