//! The network that guests are on together.
//!
//! Flows in: where each machine stands, and guests that are up. Flows out: guests that are on it. Must not: lead anywhere else.
//!
//! Each stands on it at addresses of its own, with a way to each of the others' and to nobody else, whatever networks those
//! addresses are of: they are told, and nothing is learnt from a router.

use std::{collections::BTreeSet, fmt::Write as _, net::IpAddr, path::Path, time::Duration};

use model::{card, machine::MachineName, verdict::Fault};
use serde_json::Value;
use vms::{
    channel::{Channel as _, backdoor::Backdoor},
    folder::Folder,
    guest::Guest,
    shell::quote,
    switch::{
        Switch,
        handle::Handle,
        mac::Mac,
        topology::{Network, Topology},
    },
};

use crate::vm::{
    boot::fault,
    tunnels::interfaces,
    underlay::{Seat, Underlay},
};

/// It runs as long as this lives.
#[derive(Debug)]
pub(super) struct Lan {
    underlay: Underlay,
    members: BTreeSet<MachineName>,
    network: Handle,
    _switch: Switch,
    /// After the sockets in it.
    _folder: Folder,
}

const NAME: &str = "lan";
/// What an emulated guest may take for a few commands, or to see a card.
const LIMIT: Duration = Duration::from_secs(60);
const REMEDY: &str = "run this again, with fewer --jobs";

/// systemd-networkd takes addresses away that it did not give.
const BEFORE: &str = r#"mkdir -p /run/systemd/network
printf '[Match]\nMACAddress=%s\n[Link]\nUnmanaged=yes\n' "$mac" >/run/systemd/network/00-among-guests.network
networkctl reload >/dev/null 2>&1 || true
"#;

/// The card is there a moment after it was plugged in.
const CARD: &str = r#"tries=200
until card=$(grep -l -i "^$mac$" /sys/class/net/*/address 2>/dev/null); do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "no card came" >&2; exit 1; }
    sleep 0.1
done
card=${card%/address} card=${card##*/}
if [ -n "$name" ] && ip link set dev "$card" down && ip link set dev "$card" name "$name"; then card=$name; fi
set -e
"#;

impl Lan {
    /// A network for these machines.
    ///
    /// # Errors
    /// Two of them would stand at one place, or there is no room for sockets.
    pub(super) fn open(
        folders: &Path,
        underlay: Underlay,
        members: BTreeSet<MachineName>,
    ) -> Result<Self, Fault> {
        if let Some(what) = underlay.clash(&members) {
            let remedy = Some("ask them apart: `seaworthy verify -m` names machines".to_owned());
            return Err(Fault { what, remedy, detail: vec!["no network can have both there".to_owned()] });
        }
        let there = |name: &MachineName| Some((name.0.clone(), Mac(underlay.seats.get(name)?.mac())));
        let network = Network { members: members.iter().filter_map(there).collect(), links: Vec::new() };
        let topology = Topology { seed: 0, networks: [(NAME.to_owned(), network)].into() };
        let remedy = "make sure that folders for guests can be made";
        let folder = Folder::create(folders).map_err(|error| fault(&error, remedy))?;
        let switch = Switch::open(folder.path(), &topology).map_err(|error| fault(&error, remedy))?;
        let network = switch.network(NAME).map_err(|error| fault(&error, remedy))?;
        Ok(Self { underlay, members, network, _switch: switch, _folder: folder })
    }

    /// Puts a guest on it.
    ///
    /// # Errors
    /// It takes no card, or no address.
    pub(super) async fn join(
        &self,
        name: &MachineName,
        document: &Value,
        guest: &Guest,
        shell: &Backdoor,
    ) -> Result<(), Fault> {
        let no = |error: &dyn std::error::Error| fault(error, REMEDY);
        let link = self.network.link(name.as_str()).map_err(|error| no(&error))?;
        let mac = format!("mac={}\n", link.mac);
        shell.run(&(mac.clone() + BEFORE), LIMIT).await.map_err(|error| no(&error))?;
        guest.plug(&link).await.map_err(|error| no(&error))?;
        self.network.attached(name.as_str(), LIMIT).await.map_err(|error| no(&error))?;
        let outward = outward(document, name).unwrap_or_default();
        let script = format!("{mac}name={}\n{CARD}{}", quote(outward), self.addresses(name));
        let output = shell.run(&script, LIMIT).await.map_err(|error| no(&error))?;
        if output.success() {
            return Ok(());
        }
        let what = format!("the guest of `{name}` could not be put on the network among guests");
        let detail = output.complaints().lines().map(str::to_owned).collect();
        Err(Fault { what, remedy: None, detail })
    }

    /// Its own addresses, and the ways to the others'.
    fn addresses(&self, name: &MachineName) -> String {
        let mut text = String::new();
        let seat = |name: &MachineName| self.underlay.seats.get(name);
        for address in seat(name).into_iter().flat_map(Seat::addresses) {
            // Who else has it is known, so that nobody needs to be asked first.
            let at_once = if address.is_ipv6() { " nodad" } else { "" };
            let _infallible = writeln!(text, "ip address add {} dev \"$card\"{at_once}", alone(address));
        }
        text += "ip link set dev \"$card\" up\n";
        let others = self.members.iter().filter(|other| *other != name);
        for address in others.filter_map(seat).flat_map(Seat::addresses) {
            let _infallible = writeln!(text, "ip route replace {} dev \"$card\"", alone(address));
        }
        text
    }
}

/// As a network of its own.
fn alone(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

/// What a machine calls the card by which it is reached, where its firewall has rules for one: rules go by names. That of a tunnel is
/// no card.
fn outward<'f>(document: &'f Value, name: &MachineName) -> Option<&'f str> {
    let firewall = document.pointer("/machines")?.get(name.as_str())?.pointer("/facts/firewall")?;
    let ruled = firewall["interfaces"].as_object().into_iter().flatten();
    let ruled = ruled.filter(|(_, rules)| {
        ["allowedUDPPorts", "allowedUDPPortRanges"]
            .iter()
            .any(|list| rules[list].as_array().is_some_and(|list| !list.is_empty()))
    });
    let trusted = firewall["trustedInterfaces"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let is_tunnel = |card: &str| {
        interfaces(document).any(|interface| interface.machine == name.as_str() && interface.name == card)
    };
    let is_name = |card: &&str| card.len() < 16 && card::leads_out(card) && !card.ends_with(['+', '*']);
    ruled.map(|(card, _)| card.as_str()).chain(trusted).filter(is_name).find(|card| !is_tunnel(card))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_card_is_called_as_the_firewall_calls_the_one_that_hears() {
        let of = |firewall: Value| {
            let facts = json!({"firewall": firewall, "wireguard": {"wg": {"peers": []}}});
            outward(&json!({"machines": {"a": {"facts": facts}}}), &"a".into()).map(str::to_owned)
        };
        let opens =
            |card: &str| json!({"interfaces": {card: {"allowedUDPPorts": [51820]}}, "trustedInterfaces": []});
        assert_eq!(of(opens("enp1s0")).as_deref(), Some("enp1s0"));
        assert_eq!(of(opens("wg")), None, "the tunnel's own");
        assert_eq!(of(json!({"interfaces": {"eth0": {"allowedUDPPorts": []}}})), None);
        assert_eq!(of(json!({"trustedInterfaces": ["lo", "zt+", "lan0"]})).as_deref(), Some("lan0"));
        let bridges = json!(["docker0", "br-0f1e2d3c4b5a", "virbr0", "lan0"]);
        assert_eq!(
            of(json!({"trustedInterfaces": bridges})).as_deref(),
            Some("lan0"),
            "guests are behind them"
        );
        assert_eq!(of(Value::Null), None);
    }
}
