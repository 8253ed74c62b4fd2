//! What a machine lets in on one of its interfaces.
//!
//! Flows in: the facts `firewall` and `sshd`. Flows out: which addresses answer a ping, and which ports a connection.
//! Must not: know an overlay.
//!
//! The rules are those of NixOS, `nixos/modules/services/networking/firewall-{iptables,nftables}.nix`: `allowPing` is about
//! IPv4 alone; of ICMPv6 an echo is always let in.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use model::{card, reach::Probe};
use serde_json::Value;

use super::known::{Told, address, texts};

/// What is let in on an interface; `None` where the machine does not evaluate.
pub(super) struct Doors<'f> {
    /// `None` where everything is let in.
    rules: Option<&'f Value>,
    sshd: Option<&'f Value>,
    interface: &'f str,
}

impl<'f> Doors<'f> {
    /// A machine whose configuration has no firewall has none that closes anything: that is so of macOS, as it comes.
    pub(super) fn of(firewall: Told<'f>, sshd: Told<'f>, interface: &'f str) -> Option<Self> {
        let rules = match firewall {
            Told::Is(rules) => Some(rules).filter(|rules| rules["enable"] == true),
            Told::Nothing => None,
            Told::NotEvaluated => return None,
        };
        let sshd = match sshd {
            Told::Is(sshd) => Some(sshd).filter(|sshd| sshd["enable"] == true),
            Told::Nothing => None,
            Told::NotEvaluated => return None,
        };
        Some(Self { rules, sshd, interface })
    }

    /// What answers at these addresses.
    pub(super) fn open(&self, addresses: &[IpAddr]) -> Probe {
        let all = self.everything(addresses);
        let ping = all.ping.into_iter().filter(|address| self.answers(*address)).collect();
        let tcp = all.tcp.into_iter().filter(|at| self.lets_in(at.port())).collect();
        Probe { ping, tcp }
    }

    /// What would answer if nothing were closed.
    pub(super) fn everything(&self, addresses: &[IpAddr]) -> Probe {
        let ports = |address: &IpAddr| {
            let address = *address;
            self.ports(address).into_iter().map(move |port| SocketAddr::new(address, port))
        };
        Probe { ping: addresses.to_vec(), tcp: addresses.iter().flat_map(ports).collect() }
    }

    /// The ports at which the SSH daemon waits at an address: all of them everywhere, unless it is told where.
    fn ports(&self, at: IpAddr) -> BTreeSet<u16> {
        let list = |key: &str| self.sshd.and_then(|sshd| sshd[key].as_array()).into_iter().flatten();
        let number = |port: &Value| port.as_u64().and_then(|port| u16::try_from(port).ok());
        let ports = || list("ports").filter_map(number);
        if list("listenAddresses").next().is_none() {
            return ports().collect();
        }
        let heard = list("listenAddresses").filter(|listen| is_heard(listen["addr"].as_str(), at));
        heard
            .flat_map(|listen| number(&listen["port"]).map_or_else(|| ports().collect(), |port| vec![port]))
            .collect()
    }

    fn answers(&self, address: IpAddr) -> bool {
        let Some(rules) = self.rules else { return true };
        address.is_ipv6() || rules.get("allowPing") != Some(&Value::Bool(false)) || self.is_trusted(rules)
    }

    fn lets_in(&self, port: u16) -> bool {
        let Some(rules) = self.rules else { return true };
        let port = u64::from(port);
        let interfaces = rules["interfaces"].as_object().into_iter().flatten();
        let mut of_interface = interfaces.filter(|(name, _)| is_meant(name, self.interface));
        self.is_trusted(rules)
            || opens(rules, "TCP", port)
            || of_interface.any(|(_, rules)| opens(rules, "TCP", port))
    }

    fn is_trusted(&self, rules: &Value) -> bool {
        texts(rules.get("trustedInterfaces")).any(|name| is_meant(name, self.interface))
    }
}

/// Whether a machine hears those who call a UDP port of it on some interface that leads out, and is not the tunnel's own. One that
/// does not tell is taken to.
pub(super) fn hears(firewall: Told<'_>, port: u64, tunnel: &str) -> bool {
    let Told::Is(rules) = firewall else { return true };
    let is_outer = |name: &str| card::leads_out(name) && !is_meant(name, tunnel);
    let of_interfaces = rules["interfaces"].as_object().into_iter().flatten();
    let mut of_interfaces = of_interfaces.filter(|(name, _)| is_outer(name));
    rules["enable"] != true
        || opens(rules, "UDP", port)
        || of_interfaces.any(|(_, rules)| opens(rules, "UDP", port))
        || texts(rules.get("trustedInterfaces")).any(is_outer)
}

/// Whether what listens there hears those who call this address; without an address it listens at all of them.
fn is_heard(listen: Option<&str>, at: IpAddr) -> bool {
    let everywhere = |listen: IpAddr| listen.is_unspecified() && (listen.is_ipv6() || at.is_ipv4());
    listen.is_none_or(|listen| address(listen).is_some_and(|listen| listen == at || everywhere(listen)))
}

fn opens(rules: &Value, protocol: &str, port: u64) -> bool {
    let list = |what: &str| rules[format!("allowed{protocol}{what}")].as_array().into_iter().flatten();
    let bound = |range: &Value, key: &str| range[key].as_u64();
    let is_within = |range: &Value| {
        bound(range, "from").is_some_and(|from| from <= port)
            && bound(range, "to").is_some_and(|to| port <= to)
    };
    list("Ports").any(|open| open.as_u64() == Some(port)) || list("PortRanges").any(is_within)
}

/// Whether a name in the firewall's rules means an interface: `zt+` is iptables' word for all that begin so, `zt*` nftables'.
fn is_meant(rule: &str, interface: &str) -> bool {
    rule == interface || rule.strip_suffix(['+', '*']).is_some_and(|start| interface.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(firewall: &Value, sshd: &Value, ping: &[&str], tcp: &[&str]) {
        let addresses = ["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        let probe =
            Doors::of(Told::Is(firewall), Told::Is(sshd), "zt3jnkd4lo").map(|doors| doors.open(&addresses));
        let probe = probe.unwrap();
        assert_eq!(probe.ping.iter().map(ToString::to_string).collect::<Vec<_>>(), ping, "{firewall}");
        assert_eq!(probe.tcp.iter().map(ToString::to_string).collect::<Vec<_>>(), tcp, "{firewall}");
    }

    #[test]
    fn a_ping_over_ipv6_is_let_in_whatever_is_said_of_pings() {
        let sshd = json!({"enable": false, "ports": [22]});
        check(&json!({"enable": true, "allowPing": false}), &sshd, &["fd00::1"], &[]);
        check(&json!({"enable": true, "allowPing": true}), &sshd, &["10.0.0.1", "fd00::1"], &[]);
        check(&json!({"enable": true}), &sshd, &["10.0.0.1", "fd00::1"], &[]);
        let trusted = json!({"enable": true, "allowPing": false, "trustedInterfaces": ["zt+"]});
        check(&trusted, &sshd, &["10.0.0.1", "fd00::1"], &[]);
    }

    #[test]
    fn an_address_may_have_a_port_of_its_own() {
        let sshd = json!({"enable": true, "ports": [22], "listenAddresses": [{"addr": "10.0.0.1", "port": 2222}, {"addr": "::", "port": null}]});
        let tcp = ["10.0.0.1:22", "10.0.0.1:2222", "[fd00::1]:22"];
        check(&json!({"enable": false}), &sshd, &["10.0.0.1", "fd00::1"], &tcp);
        // So NixOS wants an address of IPv6 that has a port.
        let sshd = json!({"enable": true, "ports": [], "listenAddresses": [{"addr": "[::]", "port": 22}]});
        let tcp = ["10.0.0.1:22", "[fd00::1]:22"];
        check(&json!({"enable": false}), &sshd, &["10.0.0.1", "fd00::1"], &tcp);
    }

    #[test]
    fn a_port_is_let_in_where_its_interface_is_meant() {
        let sshd =
            json!({"enable": true, "ports": [22], "listenAddresses": [{"addr": "fd00::1", "port": null}]});
        let both = ["10.0.0.1", "fd00::1"];
        let open = ["[fd00::1]:22"];
        for (rules, tcp) in [
            (json!({"enable": true}), &open[..0]),
            (json!({"enable": false}), &open),
            (json!({"enable": true, "allowedTCPPorts": [22]}), &open),
            (json!({"enable": true, "allowedTCPPortRanges": [{"from": 20, "to": 22}]}), &open),
            (json!({"enable": true, "allowedTCPPortRanges": [{"from": 23, "to": 99}]}), &open[..0]),
            (json!({"enable": true, "interfaces": {"zt+": {"allowedTCPPorts": [22]}}}), &open),
            (json!({"enable": true, "interfaces": {"zt3jnkd4lo": {"allowedTCPPorts": [22]}}}), &open),
            (json!({"enable": true, "interfaces": {"eth0": {"allowedTCPPorts": [22]}}}), &open[..0]),
            (json!({"enable": true, "trustedInterfaces": ["zt*"]}), &open),
        ] {
            check(&rules, &sshd, &both, tcp);
        }
    }
}
