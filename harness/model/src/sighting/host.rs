//! Whether what one machine says of itself is what is expected of it: its key, its addresses, names, and its daemons.

mod wireguard;
mod zerotier;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    Resolved, Sighting,
    daemon::Daemon,
    outlook::Outlook,
    pair::Limits,
    yggdrasil::{Peer, Yggdrasil},
};
use crate::{
    finding::Finding,
    machine::MachineName,
    overlay::{Names, OverlayKind},
    peering,
    subject::Subject,
    verdict::{Fault, Verdict},
};

/// What is expected of a machine, beside whom it reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Whose an address is. Nobody else may have it.
    pub owners: BTreeMap<IpAddr, MachineName>,
    /// The machines of the fleet.
    pub machines: BTreeSet<MachineName>,
    /// Where those are met: on the overlays, and at what those who were asked have besides.
    pub places: BTreeSet<IpAddr>,
    /// Whose a public key of WireGuard is, of those who were asked.
    pub keys: BTreeMap<String, MachineName>,
    /// Others who have an address at which the machine is called below the overlays, as far as those say who call it.
    pub elsewhere: BTreeSet<(MachineName, IpAddr)>,
    /// Where names lead, by the machine's own configuration.
    pub names: Names,
    /// On an overlay: the machine itself, and those whom it is to meet there now; with their addresses, as far as known.
    pub overlays: BTreeMap<OverlayKind, BTreeMap<MachineName, BTreeSet<IpAddr>>>,
    /// Overlays that the machine controls, by its role.
    pub controls: BTreeSet<OverlayKind>,
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
            // Of one that proves to be itself this says nothing: others may stand before it and pass on what comes.
            for (other, at) in &expected.elsewhere {
                let message = format!("`{other}` has {at}, at which others call `{name}`");
                told.find("mesh/same-address", message, None);
            }
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
            if owner == name && self.runs_at(*address) && !seen.addresses.contains(address) {
                self.find("mesh/no-address", format!("`{name}` does not have its address {address}"), None);
            }
        }
    }

    /// Whether an own address is one on an overlay that the machine is to run.
    fn runs_at(&self, address: IpAddr) -> bool {
        let own = self.expected.overlays.values().filter_map(|members| members.get(self.name));
        own.flatten().any(|own| *own == address)
    }

    fn names(&mut self, seen: &Sighting) {
        let (name, expected) = (self.name, self.expected);
        for (asked, right) in &expected.names {
            let said = match seen.names.get(asked.as_str()) {
                Some(Resolved::To(to)) if to.is_subset(right) => continue,
                Some(Resolved::To(to)) => format!("leads to {}", listed(to.difference(right))),
                Some(Resolved::Nowhere) => "leads nowhere".to_owned(),
                Some(Resolved::Late) => "was not resolved in time".to_owned(),
                None => continue,
            };
            let owner = right.iter().find_map(|address| expected.owners.get(address));
            let of = owner.map_or_else(String::new, |owner| format!(" of `{owner}`"));
            let meant = listed(right);
            let told = format!("on `{name}` the name `{asked}`{of} {said}, and is to lead to {meant}");
            self.find("mesh/name", told, None);
        }
    }

    /// A daemon that has to be there, or what it came to instead.
    fn daemon<T>(&mut self, kind: OverlayKind, daemon: &Daemon<T>, look: impl FnOnce(&mut Self, &T)) {
        let name = self.name;
        match daemon {
            Daemon::Said(said) => look(self, said),
            Daemon::Absent => self.missing(kind, format!("{kind} is not there on `{name}`"), None),
            Daemon::Failed(words) => {
                self.missing(kind, format!("{kind} does not answer on `{name}`"), Some(words));
            }
            Daemon::Late => self.missing(kind, format!("{kind} gives no answer in time on `{name}`"), None),
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

    /// A daemon that is not there for others. Where it controls a network of ZeroTier, more hangs on it than the machine itself.
    fn missing(&mut self, kind: OverlayKind, mut told: String, words: Option<&String>) {
        if kind == OverlayKind::Zerotier && self.expected.controls.contains(&kind) {
            told +=
                ", the network's controller: those who are in it still meet, and nobody is let in or put out";
        }
        self.find(&format!("mesh/{}", kind.module()), told, words);
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
        let lost: Vec<&Peer> = said.lost().filter(|peer| !away && self.is_ours(peer)).collect();
        for peer in lost {
            let told = format!("Yggdrasil on `{name}` has no line to {}", peer.remote);
            self.find("mesh/peer-down", told, peer.last_error.as_ref());
        }
        let alone = away && members.is_none_or(|members| members.len() < 2);
        if said.up().next().is_none() && !alone {
            self.find("mesh/no-peers", format!("Yggdrasil on `{name}` has no peer that is up"), None);
        }
    }

    /// Whether a peer is called where a machine of the fleet is, or by a name that begins with one's.
    fn is_ours(&self, peer: &Peer) -> bool {
        let expected = self.expected;
        let Some(host) = peering::host(&peer.remote) else { return false };
        let first = host.split('.').next().unwrap_or(&host);
        let ours = |at: &str| at.parse().is_ok_and(|at: IpAddr| expected.places.contains(&at));
        ours(&host)
            || ours(&peer.address)
            || expected.machines.iter().any(|name| name.as_str().eq_ignore_ascii_case(first))
            || expected.names.keys().any(|name| name.as_str().eq_ignore_ascii_case(&host))
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

fn listed<'a>(addresses: impl IntoIterator<Item = &'a IpAddr>) -> String {
    addresses.into_iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "host_tests.rs"]
mod tests;
