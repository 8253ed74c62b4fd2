//! Names of network interfaces: by which of them others are met.
//!
//! Flows in: a name, as a firewall's rules have it. Flows out: whether it leads out of the computer. Must not: look at one.

/// How those begin behind which is nothing but the computer's own guests and containers, by the names that their makers give:
/// Docker, Podman and CNI, libvirt, LXC, LXD and Incus, NixOS' containers, and any pair of virtual ends.
///
/// A bridge of one's own is called anything, `br-lan` as well: only Docker's are named by twelve hexadecimal digits.
const WITHIN: [&str; 11] =
    ["docker", "podman", "cni", "virbr", "vnet", "lxcbr", "lxdbr", "incusbr", "ve-", "vb-", "veth"];

/// Whether others can be met by an interface: not by the loopback, which NixOS' firewall always trusts, nor by a bridge to
/// guests. What nobody can tell from a name is taken to lead out.
#[must_use]
pub fn leads_out(name: &str) -> bool {
    name != "lo" && !is_of_docker(name) && !WITHIN.iter().any(|start| name.starts_with(start))
}

fn is_of_docker(name: &str) -> bool {
    let digits = name.strip_prefix("br-").filter(|rest| rest.len() == 12);
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_and_bridges_to_guests_lead_nowhere() {
        for name in [
            "lo",
            "docker0",
            "br-0f1e2d3c4b5a",
            "podman0",
            "podman+",
            "virbr0",
            "virbr*",
            "veth12ab",
            "ve-web",
            "cni0",
        ] {
            assert!(!leads_out(name), "{name}");
        }
        for name in ["eth0", "enp1s0", "lan0", "br0", "br-lan", "br+", "wg0", "ve+", "+", "lo0", "wlan0"] {
            assert!(leads_out(name), "{name}");
        }
    }
}
