//! The verdict on a machine: on itself, its daemons, and every pair that it was asked about.
//!
//! Flows in: a round of questions and what became of asking everybody. Flows out: one verdict a machine, what it saw of each
//! other, and what it measured. A finding names the pair that it is about.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use super::{
    host::{self, Expected},
    measure::measurements,
    outlook::Outlook,
    pair::{self, Limits, Outlooks},
    presence::present,
    seen::Seen,
};
use crate::{
    machine::MachineName,
    matrix::Pair,
    measurement::Measurement,
    reach::Reach,
    round::Round,
    verdict::{Fault, Verdict},
};

/// Everything that follows from what one machine saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The answer.
    pub verdict: Verdict,
    /// What it saw of each other that it was asked about.
    pub seen: Vec<Seen>,
    /// In numbers.
    pub measurements: Vec<Measurement>,
}

/// Judges machines of one round.
#[derive(Debug)]
pub struct Judge<'a> {
    round: &'a Round,
    outlooks: &'a Outlooks,
    present: BTreeSet<MachineName>,
    expected: Expected,
}

impl<'a> Judge<'a> {
    /// Of a round in which this was seen.
    #[must_use]
    pub fn of(round: &'a Round, outlooks: &'a Outlooks) -> Self {
        let keys = outlooks.iter().flat_map(|(name, outlook)| {
            outlook.wireguard_keys().map(move |key| (key.to_owned(), name.clone()))
        });
        let owners = round.owners();
        let present = present(outlooks, &owners);
        let seen = outlooks.values().filter_map(Outlook::sighting).flat_map(|seen| &seen.addresses);
        let expected = Expected {
            machines: round.machines.iter().cloned().collect(),
            places: owners.keys().chain(seen).copied().collect(),
            keys: keys.collect(),
            owners,
            ..Expected::default()
        };
        Self { round, outlooks, present, expected }
    }

    /// The verdict on a machine. One that nobody could ask is skipped; who is offline opens and closes nothing, neither its own
    /// gate nor those of others who do not reach it.
    pub fn judge(&mut self, machine: &MachineName, limits: &Limits) -> Judged {
        let Some(outlook) = self.outlooks.get(machine) else {
            let verdict = Verdict::Skipped { reason: format!("`{machine}` was not asked") };
            return Judged { verdict, seen: Vec::new(), measurements: Vec::new() };
        };
        let (outlooks, present) = (self.outlooks, &self.present);
        self.round.meets(machine, |name| present.contains(name), &mut self.expected);
        self.expected.elsewhere = self.elsewhere(machine);
        let own = host::verdict(machine, outlook, &self.expected, limits);
        let pairs = self.round.pairs(machine);
        let pairs = pairs.map(|pair| (pair, pair::verdict(&pair, outlooks, &self.present, limits)));
        let pairs: Vec<_> = pairs.collect();
        let seen = pairs.iter().map(|(pair, verdict)| Seen::of(pair, verdict)).collect();
        let is_blind = |pair: &Pair<'_>| pair.reach() == Reach::Must && !pair.expectation.can_be_shown();
        let blind = pairs.iter().find(|(pair, _)| is_blind(pair)).map(|(_, verdict)| verdict.clone());
        let verdict = together(own, pairs.into_iter().map(|(_, verdict)| verdict).collect(), blind);
        Judged { verdict, seen, measurements: measurements(self.round, machine, outlook) }
    }
}

impl Judge<'_> {
    /// Others who have an address at which WireGuard calls a machine.
    fn elsewhere(&self, machine: &MachineName) -> BTreeSet<(MachineName, IpAddr)> {
        let seen = || self.outlooks.iter().filter_map(|(name, outlook)| Some((name, outlook.sighting()?)));
        let own = self.expected.owners.iter().filter(|(_, owner)| *owner == machine).map(|(own, _)| *own);
        let own: Vec<IpAddr> = own.collect();
        let called = seen().filter_map(|(_, seen)| seen.wireguard.said()).flat_map(|said| {
            own.iter().filter_map(|own| said.leads(*own)?.endpoint.as_ref()?.parse::<SocketAddr>().ok())
        });
        let called: BTreeSet<IpAddr> = called.map(|at| at.ip()).collect();
        let others = seen().filter(|(name, _)| *name != machine);
        let have = others.flat_map(|(name, seen)| {
            called.intersection(&seen.addresses).map(move |at| (name.clone(), *at)).collect::<Vec<_>>()
        });
        have.collect()
    }
}

/// Whatever is wrong counts first, then what the harness could not tell. A pair that nobody could be asked about is passed
/// over as long as there is another, but for a blind one: that must be met, and no way of asking shows it, whoever is there.
fn together(own: Verdict, pairs: Vec<Verdict>, blind: Option<Verdict>) -> Verdict {
    if matches!(own, Verdict::Skipped { .. }) {
        return own;
    }
    let untold = pairs.iter().find(|verdict| matches!(verdict, Verdict::Skipped { .. })).cloned();
    let told = pairs.iter().any(|verdict| !matches!(verdict, Verdict::Skipped { .. }));
    let (mut findings, mut faults, mut late) = (Vec::new(), Vec::new(), None);
    for verdict in [own].into_iter().chain(pairs) {
        match verdict {
            Verdict::Fail { findings: more } => findings.extend(more),
            Verdict::Broken { fault } => faults.push(fault),
            Verdict::TimedOut { .. } => late = Some(verdict),
            Verdict::Pass | Verdict::Skipped { .. } => {}
        }
    }
    if !findings.is_empty() {
        return Verdict::Fail { findings };
    }
    match (late, one(faults), blind.or_else(|| untold.filter(|_| !told))) {
        (Some(late), ..) => late,
        (_, Some(fault), _) => Verdict::Broken { fault },
        (_, _, Some(untold)) => untold,
        _ => Verdict::Pass,
    }
}

/// The first fault, with the others in a line each.
fn one(faults: Vec<Fault>) -> Option<Fault> {
    let mut faults = faults.into_iter();
    let mut first = faults.next()?;
    let others = faults.map(|fault| fault.what).filter(|what| *what != first.what).collect::<Vec<_>>();
    first.detail.extend(others);
    Some(first)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
