//! The flake, the vars and the inventory of a lab's hosts: a fleet that says what the lab is.
//!
//! Flows in: what the lab tells of itself. Flows out: files in the fleet's folder. Must not: state what the lab does not.

use std::fmt::Write as _;

use lab::topology::Overlay;
use libtest_mimic::Failed;

use crate::fleet::Fleet;

/// A host, as the lab tells of it.
struct Known {
    name: String,
    plain: String,
    overlay: String,
    /// Of WireGuard.
    key: String,
}

impl Fleet {
    /// Writes the fleet as the lab is; these machines have a `deploy.targetHost`.
    pub(crate) fn write(&self, reached: &[&str]) -> Result<(), Failed> {
        let known = self.known()?;
        let is_member = |known: &Known| self.hosts.members.contains(&known.name.as_str());
        let (members, others): (Vec<&Known>, Vec<&Known>) = known.iter().partition(|known| is_member(known));
        let mut flake = "{ outputs = _: { nixosConfigurations = {\n".to_owned();
        let mut inventory = "[inventory.meta]\nname = \"lagoon\"\n".to_owned();
        for host in members.iter().chain(&others) {
            let own = if is_member(host) { self.overlay_of(host, &members) } else { String::new() };
            flake += &machine(host, &members, &own)?;
            writeln!(inventory, "[inventory.machines.{}]", host.name)?;
            if reached.contains(&host.name.as_str()) || !is_member(host) {
                writeln!(inventory, "deploy.targetHost = \"{}\"", host.name)?;
            }
        }
        let kind = self.hosts.overlay.as_str();
        writeln!(inventory, "[inventory.instances.overlay]\nmodule.name = \"{kind}\"")?;
        let controller = known.iter().find(|known| is_member(known)).ok_or("nobody is a member")?;
        if self.hosts.overlay == Overlay::Zerotier {
            writeln!(inventory, "roles.controller.machines.{} = {{}}", controller.name)?;
        }
        for host in &members {
            writeln!(inventory, "roles.peer.machines.{} = {{}}", host.name)?;
            self.vars(host)?;
        }
        self.put("flake.nix", &(flake + "}; }; }"))?;
        self.put("fleet.toml", &inventory)?;
        Ok(())
    }

    fn known(&self) -> Result<Vec<Known>, Failed> {
        let shown = self.shown()?;
        let hosts = shown["hosts"].as_array().ok_or("no hosts")?;
        let each = hosts.iter().map(|host| {
            let [name, plain, overlay] = [&host["name"], &host["plain"][0], &host["overlay"]]
                .map(|value| value.as_str().unwrap_or_default().to_owned());
            let key = match self.hosts.overlay {
                Overlay::Wireguard => {
                    self.run(&["lab", "ssh", &name, "--", "wg", "show", "overlay", "public-key"])?.out
                }
                _ => String::new(),
            };
            Ok(Known { name, plain, overlay, key: key.trim().to_owned() })
        });
        each.collect()
    }

    /// A member's public vars, as clan's services have them.
    fn vars(&self, host: &Known) -> Result<(), Failed> {
        let Known { name, overlay, key, .. } = host;
        let own = format!("vars/per-machine/{name}");
        match self.hosts.overlay {
            Overlay::None => {}
            Overlay::Wireguard => {
                self.put(&format!("{own}/wireguard-keys-overlay/publickey/value"), key)?;
            }
            Overlay::Yggdrasil => {
                self.put(&format!("{own}/yggdrasil/address/value"), overlay)?;
            }
            Overlay::Zerotier => {
                self.put("vars/shared/zerotier-network-overlay/network-id/value", &network(overlay)?)?;
                self.put(&format!("vars/shared/zerotier-ip-{name}-overlay/ip/value"), overlay)?;
            }
        }
        Ok(())
    }

    /// A member's part in the overlay, as options of NixOS.
    fn overlay_of(&self, host: &Known, members: &[&Known]) -> String {
        let others = members.iter().filter(|other| other.name != host.name);
        match self.hosts.overlay {
            Overlay::None => String::new(),
            Overlay::Wireguard => {
                let peers = others.map(|Known { plain, overlay, key, .. }| {
                    format!(
                        r#"{{ publicKey = "{key}"; allowedIPs = [ "{overlay}/128" ]; endpoint = "{plain}:51820"; }}"#
                    )
                });
                format!(
                    r#"networking.wireguard.interfaces.overlay = {{ ips = [ "{}/128" ]; listenPort = 51820; peers = [ {} ]; }};"#,
                    host.overlay,
                    peers.collect::<Vec<_>>().join(" ")
                )
            }
            Overlay::Yggdrasil => {
                let peers = others.map(|other| format!("\"tls://{}:7743\"", other.name));
                format!(
                    r#"services.yggdrasil = {{ enable = true; settings = {{ IfName = "overlay"; Peers = [ {} ]; }}; }};"#,
                    peers.collect::<Vec<_>>().join(" ")
                )
            }
            Overlay::Zerotier => {
                let network = network(&host.overlay).unwrap_or_default();
                format!(r#"services.zerotierone = {{ enable = true; joinNetworks = [ "{network}" ]; }};"#)
            }
        }
    }
}

fn machine(host: &Known, members: &[&Known], own: &str) -> Result<String, Failed> {
    let name = &host.name;
    let mut hosts = String::new();
    for Known { name, overlay, .. } in members {
        write!(hosts, r#""{overlay}" = [ "{name}.overlay" ]; "#)?;
    }
    Ok(format!(
        r#"{name}.config = {{
            networking = {{
                hostName = "{name}";
                hosts = {{ {hosts} }};
                firewall = {{ enable = true; allowedTCPPorts = [ 22 ]; allowedUDPPorts = [ 51820 ]; }};
            }};
            {own}
            services.openssh = {{ enable = true; ports = [ 22 ]; }};
            boot.kernel.sysctl = {{ }};
        }};
"#
    ))
}

/// The id of the network that an address by RFC 4193 is on: it stands in it, after the first byte.
fn network(address: &str) -> Result<String, Failed> {
    let address: std::net::Ipv6Addr = address.parse()?;
    let id = address.octets()[1..9].try_into().map(u64::from_be_bytes)?;
    Ok(format!("{id:016x}"))
}
