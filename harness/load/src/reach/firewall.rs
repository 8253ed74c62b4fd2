//! What a machine lets in on one of its interfaces.
//!
//! Flows in: the facts `firewall` and `sshd`. Flows out: which addresses answer a ping, and which ports a connection.
//! Must not: know an overlay.
//!
//! The rules are those of NixOS, `nixos/modules/services/networking/firewall-{iptables,nftables}.nix`: `allowPing` is about
//! IPv4 alone; of ICMPv6 an echo is always let in.

use std::net::{IpAddr, SocketAddr};

use model::reach::Ask;
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
    pub(super) fn open(&self, addresses: &[IpAddr]) -> Ask {
        let all = self.everything(addresses);
        let ping = all.ping.into_iter().filter(|address| self.answers(*address)).collect();
        let tcp = all.tcp.into_iter().filter(|at| self.lets_in(at.port())).collect();
        Ask { ping, tcp }
    }

    /// What would answer if nothing were closed.
    pub(super) fn everything(&self, addresses: &[IpAddr]) -> Ask {
        let ports = self.sshd.and_then(|sshd| sshd["ports"].as_array()).into_iter().flatten();
        let ports: Vec<u16> =
            ports.filter_map(|port| port.as_u64().and_then(|port| port.try_into().ok())).collect();
        let heard: Vec<IpAddr> =
            addresses.iter().copied().filter(|address| self.is_listened_to(*address)).collect();
        let tcp = heard.iter().flat_map(|address| ports.iter().map(|port| SocketAddr::new(*address, *port)));
        Ask { ping: addresses.to_vec(), tcp: tcp.collect() }
    }

    /// Whether the SSH daemon waits at an address: at every one, unless it is told at which.
    fn is_listened_to(&self, at: IpAddr) -> bool {
        let mut listens = texts(self.sshd.and_then(|sshd| sshd.get("listenAddresses"))).peekable();
        let everywhere = |listen: IpAddr| listen.is_unspecified() && (listen.is_ipv6() || at.is_ipv4());
        listens.peek().is_none()
            || listens.filter_map(address).any(|listen| listen == at || everywhere(listen))
    }

    fn answers(&self, address: IpAddr) -> bool {
        let Some(rules) = self.rules else { return true };
        address.is_ipv6() || rules.get("allowPing") != Some(&Value::Bool(false)) || self.is_trusted(rules)
    }

    fn lets_in(&self, port: u16) -> bool {
        let Some(rules) = self.rules else { return true };
        let interfaces = rules["interfaces"].as_object().into_iter().flatten();
        let mut of_interface = interfaces.filter(|(name, _)| is_meant(name, self.interface));
        self.is_trusted(rules) || opens(rules, port) || of_interface.any(|(_, rules)| opens(rules, port))
    }

    fn is_trusted(&self, rules: &Value) -> bool {
        texts(rules.get("trustedInterfaces")).any(|name| is_meant(name, self.interface))
    }
}

fn opens(rules: &Value, port: u16) -> bool {
    let list = |key: &str| rules[key].as_array().into_iter().flatten();
    let bound = |range: &Value, key: &str| range[key].as_u64();
    let port = u64::from(port);
    let is_within = |range: &Value| {
        bound(range, "from").is_some_and(|from| from <= port)
            && bound(range, "to").is_some_and(|to| port <= to)
    };
    list("allowedTCPPorts").any(|open| open.as_u64() == Some(port))
        || list("allowedTCPPortRanges").any(is_within)
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
        let ask =
            Doors::of(Told::Is(firewall), Told::Is(sshd), "zt3jnkd4lo").map(|doors| doors.open(&addresses));
        let ask = ask.unwrap();
        assert_eq!(ask.ping.iter().map(ToString::to_string).collect::<Vec<_>>(), ping, "{firewall}");
        assert_eq!(ask.tcp.iter().map(ToString::to_string).collect::<Vec<_>>(), tcp, "{firewall}");
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
    fn a_port_is_let_in_where_its_interface_is_meant() {
        let sshd = json!({"enable": true, "ports": [22], "listenAddresses": ["fd00::1"]});
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
