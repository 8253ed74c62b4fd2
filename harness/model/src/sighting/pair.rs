//! Whether what one machine saw of another is what is expected of the two.
//!
//! Flows in: a pair of the matrix, and everybody's outlook. Flows out: a verdict on just this pair. Who is to blame is said
//! in it: the machine at the other end was heard or not heard there, and knows its own addresses.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Icmp, Knock, Sighting, outlook::Outlook, presence};
use crate::{
    finding::Finding,
    machine::MachineName,
    matrix::Pair,
    nearest::nearest,
    reach::{Probe, Reach},
    reason::Reason,
    subject::Subject,
    verdict::{Fault, Verdict},
};

/// What is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Echoes lost in a hundred.
    pub loss: u32,
    /// The time in the middle; `None` for any.
    pub latency: Option<Duration>,
    /// The packet, in bytes with headers, that has to pass.
    pub mtu: u32,
    /// The age of a handshake.
    pub handshake: Duration,
}

impl Default for Limits {
    /// Nothing lost; IPv6's smallest packet; twice the time after which WireGuard greets again, with some to spare.
    fn default() -> Self {
        Self { loss: 0, latency: None, mtu: 1280, handshake: Duration::from_secs(300) }
    }
}

/// What everybody saw.
pub type Outlooks = BTreeMap<MachineName, Outlook>;

/// What one probe came to.
enum Met {
    /// The other end answered.
    Yes,
    /// A packet came back that says no.
    Refused,
    /// Nothing came.
    No,
    /// It could not be asked.
    Untold(String),
}

/// The verdict on a pair, where these were there.
#[must_use]
pub fn verdict(
    pair: &Pair<'_>,
    outlooks: &Outlooks,
    present: &BTreeSet<MachineName>,
    limits: &Limits,
) -> Verdict {
    let skipped = |reason: String| Verdict::Skipped { reason };
    let Some(probe) = pair.expectation.probe.as_deref().filter(|probe| !probe.is_empty()) else {
        return skipped(format!("no address of `{}` is known that could be asked", pair.to));
    };
    if pair.reach() == Reach::Unknown {
        return skipped(format!("nothing decides what is expected: {}", pair.why()));
    }
    let Some(outlook) = outlooks.get(pair.from) else {
        return skipped(format!("`{}` was not asked", pair.from));
    };
    match outlook.seen(pair.from.as_str()) {
        Ok(seen) => {
            let is_there = present.contains(pair.to);
            Look { pair, seen, other: outlooks.get(pair.to), is_there, limits }.judge(probe)
        }
        Err(verdict) => verdict,
    }
}

struct Look<'a> {
    pair: &'a Pair<'a>,
    seen: &'a Sighting,
    other: Option<&'a Outlook>,
    /// Whether the other end was met, by whomever.
    is_there: bool,
    limits: &'a Limits,
}

impl Look<'_> {
    fn judge(&self, probe: &Probe) -> Verdict {
        let pings = probe.ping.iter().map(|address| (*address, None, self.ping(*address)));
        let knocks = probe.tcp.iter().map(|place| (place.ip(), Some(*place), self.knock(*place)));
        let met: Vec<_> = pings.chain(knocks).collect();
        let answers = |met: &Met| matches!(met, Met::Yes | Met::Refused);
        if !self.is_there && !met.iter().any(|(_, _, met)| answers(met)) {
            // That nobody meets it says nothing of the way to it.
            return Verdict::Skipped { reason: presence::away(self.pair.to, self.other) };
        }
        let findings = match self.pair.reach() {
            Reach::Must => self.missed(&met),
            _ => self.leaks(&met),
        };
        if !findings.is_empty() {
            return Verdict::Fail { findings };
        }
        let must = self.pair.reach() == Reach::Must;
        let told = |(_, _, met): &(_, _, Met)| match met {
            Met::Yes => must,
            Met::No | Met::Refused => !must,
            Met::Untold(_) => false,
        };
        if met.iter().any(told) { Verdict::Pass } else { self.untold(&met) }
    }

    fn ping(&self, address: IpAddr) -> Met {
        match self.seen.echoes.get(&address) {
            Some(echoes) if echoes.answered() => Met::Yes,
            // A machine without this protocol sends nothing, and that is an answer.
            Some(echoes) if echoes.unsent.is_some() || !echoes.answers.is_empty() => Met::No,
            _ if self.lacks(self.seen, address) => Met::No,
            _ if self.seen.icmp(address) == Icmp::None => {
                Met::Untold(format!("`{}` has no means to send echoes", self.pair.from))
            }
            _ => Met::Untold(format!("no echo to {address} was sent")),
        }
    }

    fn knock(&self, place: SocketAddr) -> Met {
        match self.seen.knocks.get(&place) {
            Some(Knock::Open(_)) => Met::Yes,
            Some(Knock::Refused) => Met::Refused,
            Some(Knock::Silent | Knock::Unreachable | Knock::Other(_)) => Met::No,
            Some(Knock::NoMeans) => {
                Met::Untold(format!("`{}` has no means to open connections", self.pair.from))
            }
            None => Met::Untold(format!("{place} was not asked")),
        }
    }

    /// What is wrong between two that are to meet.
    fn missed(&self, met: &[(IpAddr, Option<SocketAddr>, Met)]) -> Vec<Finding> {
        let (from, to) = (self.pair.from, self.pair.to);
        let mut findings = Vec::new();
        let mut silent = Vec::new();
        for (address, place, outcome) in met {
            let alive = met
                .iter()
                .any(|(other, _, met)| other == address && !matches!(met, Met::No | Met::Untold(_)));
            let target = place.map_or_else(|| address.to_string(), |place| place.to_string());
            let answer = format!("an answer from {target}");
            let is_own = self.seen.addresses.contains(address);
            match (outcome, place) {
                _ if is_own && silent.contains(address) => {}
                _ if is_own => {
                    silent.push(*address);
                    findings.push(self.unreached(*address));
                }
                (Met::Refused, _) => {
                    let said = format!(
                        "`{to}` refuses `{from}` at {target}: nothing listens, or a firewall says no"
                    );
                    findings.push(self.finding("mesh/refused", said, &answer));
                }
                (Met::No, None) if alive => {
                    let said =
                        format!("`{to}` answers `{from}` no echo at {target}, but other questions there");
                    findings.push(self.finding("mesh/no-echo", said, &answer));
                }
                (Met::No, Some(_)) if alive => {
                    let said = format!("`{to}` answers `{from}` at {address}, but not at {target}");
                    findings.push(self.finding("mesh/port-silent", said, &answer));
                }
                (Met::No, _) if !silent.contains(address) => {
                    silent.push(*address);
                    findings.push(self.unreached(*address));
                }
                (Met::Yes, None) => findings.extend(self.quality(*address)),
                _ => {}
            }
        }
        findings
    }

    /// Nothing comes back: as far as can be told, because of what.
    fn unreached(&self, address: IpAddr) -> Finding {
        let (from, to) = (self.pair.from, self.pair.to);
        let lost = |rule: &str, why: String| {
            let said = format!("`{from}` does not reach `{to}` at {address}: {why}");
            self.finding(rule, said, &format!("an answer from {address}"))
        };
        if self.seen.addresses.contains(&address) {
            return lost("mesh/unreached", format!("`{from}` has this address itself"));
        }
        if self.lacks(self.seen, address) {
            return lost("mesh/no-ipv6", format!("`{from}` has no IPv6"));
        }
        if let Some(why) = self.own_address(address) {
            return lost("mesh/unreached", why);
        }
        let other = match self.other {
            Some(Outlook::Seen(other)) => other,
            _ => {
                return lost(
                    "mesh/unreached",
                    format!("nothing comes back; `{to}` is there, and was not asked"),
                );
            }
        };
        if self.lacks(other, address) {
            return lost("mesh/no-ipv6", format!("`{to}` has no IPv6"));
        }
        if !other.addresses.contains(&address) {
            return lost("mesh/unreached", format!("`{to}` does not have this address"));
        }
        if let Some(ours) = self.ours().into_iter().find(|ours| other.addresses.contains(ours)) {
            return lost("mesh/unreached", format!("`{to}` has {ours}, which is `{from}`'s"));
        }
        if self.heard(other, address) {
            return lost(
                "mesh/one-way",
                format!("what it sends arrives, and what `{to}` sends back does not"),
            );
        }
        if other.icmp(address).hears() {
            return lost("mesh/unreached", format!("`{to}` hears nothing of it"));
        }
        lost("mesh/unreached", "nothing comes back".to_owned())
    }

    /// What is wrong with the address from which it asks: it lacks its own, or has another member's beside it.
    fn own_address(&self, target: IpAddr) -> Option<String> {
        let from = self.pair.from;
        let has =
            |address: &IpAddr| address.is_ipv4() == target.is_ipv4() && self.seen.addresses.contains(address);
        let ours = self.stated();
        if !ours.is_empty() && !self.seen.addresses.is_empty() && !ours.iter().any(has) {
            return Some(format!("`{from}` does not have its own address"));
        }
        let others = self.pair.overlay.members.iter().filter(|(name, _)| *name != from);
        let taken =
            others.filter_map(|(name, member)| Some((name, member.addresses.iter().find(|it| has(it))?)));
        taken.map(|(owner, address)| format!("`{from}` has {address}, which is `{owner}`'s")).next()
    }

    /// The addresses that it has on the overlay, as the fleet states them.
    fn stated(&self) -> &[IpAddr] {
        self.pair.overlay.members.get(self.pair.from).map_or(&[], |member| &member.addresses)
    }

    /// The same; where nothing is stated, all that it has.
    fn ours(&self) -> Vec<IpAddr> {
        let stated = self.stated();
        if stated.is_empty() { self.seen.addresses.iter().copied().collect() } else { stated.to_vec() }
    }

    /// Whether the other end got requests of ours: from the address with which it is asked, as others may be heard another way.
    fn heard(&self, other: &Sighting, address: IpAddr) -> bool {
        nearest(&self.ours(), address).is_some_and(|own| other.heard.contains(&own))
    }

    fn lacks(&self, seen: &Sighting, address: IpAddr) -> bool {
        address.is_ipv6() && !seen.addresses.is_empty() && seen.addresses.iter().all(IpAddr::is_ipv4)
    }

    /// What is wrong with a way that works.
    fn quality(&self, address: IpAddr) -> Vec<Finding> {
        let (from, to, target) = (self.pair.from, self.pair.to, address.to_string());
        let mut findings = Vec::new();
        let Some(echoes) = self.seen.echoes.get(&address) else { return findings };
        if echoes.loss() > self.limits.loss {
            let (lost, sent) = echoes.lost();
            let said = format!("between `{from}` and `{to}` {lost} of {sent} echoes are lost at {target}");
            let most = match self.limits.loss {
                0 => "none lost".to_owned(),
                most => format!("at most {most} % lost"),
            };
            findings.push(self.finding("mesh/loss", said, &most));
        }
        if let (Some(limit), Some(median)) = (self.limits.latency, echoes.median())
            && median > limit
        {
            let said = format!("`{to}` answers `{from}` after {median:.1?} at {target}");
            findings.push(self.finding("mesh/latency", said, &format!("at most {limit:.1?}")));
        }
        if let Some(mtu) = self.seen.mtus.get(&address)
            && mtu.passed.is_none_or(|passed| passed < self.limits.mtu)
        {
            let most = match mtu.passed {
                None => "no large packets at all pass".to_owned(),
                Some(passed) => format!("packets of at most {passed} bytes pass"),
            };
            let said = format!("{most} between `{from}` and `{to}` at {target}");
            findings.push(self.finding("mesh/mtu", said, &format!("packets of {} bytes", self.limits.mtu)));
        }
        findings
    }

    /// What answers a machine that it is to be kept from. A refusal of a firewall that is to be closed is just that.
    fn leaks(&self, met: &[(IpAddr, Option<SocketAddr>, Met)]) -> Vec<Finding> {
        let closed = matches!(self.pair.expectation.reason, Reason::Closed);
        let leaks = met.iter().filter(|(_, _, met)| match met {
            Met::Yes => true,
            Met::Refused => !closed,
            Met::No | Met::Untold(_) => false,
        });
        let told = leaks.map(|(address, place, met)| {
            let target = place.map_or_else(|| address.to_string(), |place| place.to_string());
            let how = if matches!(met, Met::Refused) { "is refused by" } else { "reaches" };
            let said =
                format!("`{}` {how} `{}` at {target}, and must not reach it", self.pair.from, self.pair.to);
            self.finding("mesh/leak", said, &format!("no answer from {target}"))
        });
        told.collect()
    }

    fn untold(&self, met: &[(IpAddr, Option<SocketAddr>, Met)]) -> Verdict {
        let why =
            met.iter().filter_map(|(_, _, met)| if let Met::Untold(why) = met { Some(why) } else { None });
        let what = format!("whether `{}` reaches `{}` cannot be told", self.pair.from, self.pair.to);
        let remedy = "install `ping`, or perl, on it, or ask it as root".to_owned();
        Verdict::Broken { fault: Fault { what, remedy: Some(remedy), detail: why.cloned().collect() } }
    }

    fn finding(&self, rule: &str, message: String, expected: &str) -> Finding {
        Finding {
            rule: rule.to_owned(),
            subject: Subject::Machine(self.pair.from.clone()),
            message,
            place: None,
            pointer: None,
            expected: Some(expected.to_owned()),
            actual: None,
            help: None,
            trace: vec![format!(
                "{} over {}: {}",
                self.pair.reach().as_str(),
                self.pair.overlay.name,
                self.pair.why()
            )],
        }
    }
}

#[cfg(test)]
#[path = "pair_tests.rs"]
mod tests;
