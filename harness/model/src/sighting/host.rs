//! Whether what one machine says of itself is what is expected of it: its key, its addresses, names, and its daemons.

mod zerotier;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use super::{
    Resolved, Sighting, daemon::Daemon, outlook::Outlook, pair::Limits, wireguard::Wireguard,
    yggdrasil::Yggdrasil,
};
use crate::{
    finding::Finding,
    machine::MachineName,
    overlay::OverlayKind,
    subject::Subject,
    verdict::{Fault, Verdict},
};

/// What is expected of a machine, beside whom it reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Whose an address is. Nobody else may have it.
    pub owners: BTreeMap<IpAddr, MachineName>,
    /// Where names lead.
    pub names: BTreeMap<String, BTreeSet<IpAddr>>,
    /// On an overlay: the machine itself, and those whom it is to meet there now; with their addresses, as far as known.
    pub overlays: BTreeMap<OverlayKind, BTreeMap<MachineName, BTreeSet<IpAddr>>>,
    /// On an overlay: whether somebody is away, so that a peering that is down may be one with them.
    pub away: BTreeSet<OverlayKind>,
}

/// The verdict on a machine.
#[must_use]
pub fn verdict(name: &MachineName, outlook: &Outlook, expected: &Expected, limits: &Limits) -> Verdict {
    let mut told = Told { name, expected, limits, findings: Vec::new(), faults: Vec::new() };
    match outlook {
        Outlook::Distrusted(what, why) => {
            told.find(
                "mesh/host-key",
                format!("`{name}` does not prove to be itself: {}", what.as_str()),
                Some(why),
            );
        }
        _ => match outlook.seen(name.as_str()) {
            Ok(seen) => told.all(seen),
            Err(verdict) => return verdict,
        },
    }
    match (told.findings, told.faults.into_iter().next()) {
        (findings, _) if !findings.is_empty() => Verdict::Fail { findings },
        (_, Some(fault)) => Verdict::Broken { fault },
        _ => Verdict::Pass,
    }
}

struct Told<'a> {
    name: &'a MachineName,
    expected: &'a Expected,
    limits: &'a Limits,
    findings: Vec<Finding>,
    faults: Vec<Fault>,
}

impl Told<'_> {
    fn all(&mut self, seen: &Sighting) {
        self.addresses(seen);
        self.names(seen);
        let expected = self.expected;
        for (kind, _) in expected.overlays.iter().filter(|(_, members)| members.contains_key(self.name)) {
            match *kind {
                OverlayKind::Wireguard => self.daemon(*kind, &seen.wireguard, Self::wireguard),
                OverlayKind::Yggdrasil => self.daemon(*kind, &seen.yggdrasil, Self::yggdrasil),
                OverlayKind::Zerotier => self.daemon(*kind, &seen.zerotier, Self::zerotier),
            }
        }
    }

    fn addresses(&mut self, seen: &Sighting) {
        let name = self.name;
        for (address, owner) in &self.expected.owners {
            if owner != name && seen.addresses.contains(address) {
                self.find("mesh/same-address", format!("`{name}` has {address}, which is `{owner}`'s"), None);
            }
            if owner == name && !seen.addresses.contains(address) {
                self.find("mesh/no-address", format!("`{name}` does not have its address {address}"), None);
            }
        }
    }

    fn names(&mut self, seen: &Sighting) {
        let name = self.name;
        for (asked, right) in &self.expected.names {
            let said = match seen.names.get(asked) {
                Some(Resolved::To(to)) if to.is_subset(right) => continue,
                Some(Resolved::To(to)) => {
                    let to: Vec<_> = to.difference(right).map(IpAddr::to_string).collect();
                    format!("leads to {}, which is not its own", to.join(", "))
                }
                Some(Resolved::Nowhere) => "leads nowhere".to_owned(),
                Some(Resolved::Late) => "was not resolved in time".to_owned(),
                None => continue,
            };
            self.find("mesh/name", format!("on `{name}` the name `{asked}` {said}"), None);
        }
    }

    /// A daemon that has to be there, or what it came to instead.
    fn daemon<T>(&mut self, kind: OverlayKind, daemon: &Daemon<T>, look: impl FnOnce(&mut Self, &T)) {
        let name = self.name;
        let module = kind.module();
        match daemon {
            Daemon::Said(said) => look(self, said),
            Daemon::Absent => {
                self.find(&format!("mesh/{module}"), format!("{kind} is not there on `{name}`"), None)
            }
            Daemon::Failed(words) => {
                self.find(
                    &format!("mesh/{module}"),
                    format!("{kind} does not answer on `{name}`"),
                    Some(words),
                );
            }
            Daemon::Late => {
                self.find(
                    &format!("mesh/{module}"),
                    format!("{kind} gives no answer in time on `{name}`"),
                    None,
                );
            }
            Daemon::Denied(words) => {
                self.fault(format!("{kind} on `{name}` tells nothing to this user"), "ask as root", words);
            }
            Daemon::Unreadable(why) => {
                let remedy = "its version is not known here: report it with what the program prints";
                self.fault(format!("what {kind} on `{name}` says cannot be read"), remedy, why);
            }
            Daemon::Unasked => self.fault(format!("{kind} on `{name}` was not asked"), "ask again", ""),
        }
    }

    fn wireguard(&mut self, said: &Wireguard) {
        let (name, limit) = (self.name, self.limits.handshake);
        let members = self.expected.overlays.get(&OverlayKind::Wireguard).into_iter().flatten();
        let others: Vec<_> = members.filter(|(owner, _)| *owner != name).collect();
        for peer in &said.peers {
            let owns = |address: &IpAddr| peer.allowed.iter().any(|network| holds(network, *address));
            // One who leads to nobody that is to be met may be away.
            let Some((owner, _)) = others.iter().find(|(_, addresses)| addresses.iter().any(owns)) else {
                continue;
            };
            let said = match peer.handshake {
                Some(age) if age <= limit => continue,
                Some(age) => format!("the last handshake is {} old", spoken(age)),
                None => "there never was a handshake".to_owned(),
            };
            self.find("mesh/handshake", format!("between `{name}` and `{owner}` {said}"), None);
        }
        let others = others
            .into_iter()
            .flat_map(|(owner, addresses)| addresses.iter().map(move |address| (address, owner)));
        let allowed = |address: IpAddr| {
            said.peers.iter().any(|peer| peer.allowed.iter().any(|network| holds(network, address)))
        };
        let lost: Vec<_> = others.filter(|(address, _)| !allowed(**address)).collect();
        for (address, owner) in lost {
            self.find(
                "mesh/allowed-ips",
                format!("on `{name}` no allowed IPs hold {address} of `{owner}`"),
                None,
            );
        }
    }

    fn yggdrasil(&mut self, said: &Yggdrasil) {
        let name = self.name;
        let members = self.expected.overlays.get(&OverlayKind::Yggdrasil);
        let known = members.and_then(|members| members.get(name)).filter(|addresses| !addresses.is_empty());
        if known.is_some_and(|addresses| !addresses.contains(&said.address)) {
            let told = format!(
                "`{name}` has the Yggdrasil address {}, which is not the one that is known",
                said.address
            );
            self.find("mesh/identity", told, None);
        }
        let away = self.expected.away.contains(&OverlayKind::Yggdrasil);
        let down = said.peers.iter().filter(|peer| peer.up == Some(false) && !away);
        for peer in down {
            let told = format!("Yggdrasil on `{name}` has no line to {}", peer.remote);
            self.find("mesh/peer-down", told, peer.last_error.as_ref());
        }
        let alone = away && members.is_none_or(|members| members.len() < 2);
        if said.up().next().is_none() && !alone {
            self.find("mesh/no-peers", format!("Yggdrasil on `{name}` has no peer that is up"), None);
        }
    }

    fn find(&mut self, rule: &str, message: String, words: Option<&String>) {
        self.findings.push(Finding {
            rule: rule.to_owned(),
            subject: Subject::Machine(self.name.clone()),
            message,
            place: None,
            pointer: None,
            expected: None,
            actual: None,
            help: None,
            trace: words.into_iter().flat_map(|words| words.lines()).map(str::to_owned).collect(),
        });
    }

    fn fault(&mut self, what: String, remedy: &str, words: &str) {
        let detail = words.lines().map(str::to_owned).collect();
        self.faults.push(Fault { what, remedy: Some(remedy.to_owned()), detail });
    }
}

/// `2 h 5 min`, or less.
fn spoken(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{} s", age.as_secs()),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Whether a network, `fd00::/64`, holds an address.
fn holds(network: &str, address: IpAddr) -> bool {
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let differ = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (u32::from(base) ^ u32::from(address)).leading_zeros(),
        (IpAddr::V6(base), IpAddr::V6(address)) => (u128::from(base) ^ u128::from(address)).leading_zeros(),
        _ => return false,
    };
    differ >= length
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
