//! A round of questions over a fleet's overlay networks: who is asked, about whom, and what is expected.
//!
//! A plan pins it, so that whoever asks takes every target from it and from nowhere else. It has its pairs one by one and
//! not as a [`crate::matrix::Matrix`]: of a large fleet not all pairs are asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    check::GuestSize,
    host_name::HostName,
    machine::MachineName,
    matrix::Pair,
    overlay::Overlay,
    reach::{Expectation, Reach},
    sighting::{host::Expected, questions::Questions},
};

/// How a machine is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The machine itself, over SSH.
    Ssh {
        /// `user@host`, or a name that the operator's configuration of ssh knows.
        host: String,
        /// Where the operator's configuration is not to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// A guest that has the machine's configuration, by its shell.
    Guest {
        /// What all guests of the round are given together: they are there at the same time.
        together: GuestSize,
    },
}

/// Who is asked about whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The machines of the fleet, in the order of their names.
    pub machines: Vec<MachineName>,
    /// By name of the overlay.
    pub nets: Vec<Net>,
    /// Who is there, where guests are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<Guests>,
}

/// The guests of a round. All of them are there, whoever's check is asked: nobody meets one who is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guests {
    /// Whose they are.
    pub machines: BTreeSet<MachineName>,
    /// What each is given.
    pub each: GuestSize,
    /// How long each may take to come up.
    pub limit: Duration,
}

impl Guests {
    /// What all of them are given together. One that waits for the others takes no processor.
    #[must_use]
    pub fn together(&self) -> GuestSize {
        let guests = u32::try_from(self.machines.len()).unwrap_or(u32::MAX);
        GuestSize { memory: self.each.memory.saturating_mul(guests), processors: self.each.processors }
    }
}

/// One overlay, with what is asked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// The overlay.
    pub overlay: Overlay,
    /// Who must be reached, or reach somebody, over it, and so has to run it.
    pub run: BTreeSet<MachineName>,
    /// How many of the pairs are asked.
    pub coverage: Coverage,
    /// By who is asked, whom it is asked about.
    pub targets: BTreeMap<MachineName, Vec<Target>>,
}

/// Whom a machine is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Who is to be reached, or not to be.
    pub to: MachineName,
    /// What is expected.
    pub expectation: Expectation,
}

/// How many pairs of an overlay are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// These are.
    pub asked: usize,
    /// Of so many of which something is expected, and an address is known.
    pub of: usize,
    /// So many more are the same, and begin at a machine that is not asked.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unasked: usize,
    /// So many more cannot be judged: nothing decides what is expected, or no address is known. Of those that must be met some
    /// are targets all the same, so that whoever is asked is held by them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unjudged: usize,
    /// How those were chosen, where it is not all that could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields so")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Pairs that join everybody, and some more by chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How many targets each machine has by chance, at most.
    pub each: usize,
    /// What chance began with.
    pub seed: u64,
}

impl Round {
    /// What a machine is asked about, over all overlays.
    pub fn pairs<'a>(&'a self, from: &'a MachineName) -> impl Iterator<Item = Pair<'a>> {
        self.nets.iter().flat_map(move |net| {
            let targets = net.targets.get(from).into_iter().flatten();
            targets.map(move |target| Pair {
                overlay: &net.overlay,
                from,
                to: &target.to,
                at: (self.index(from), self.index(&target.to)),
                expectation: &target.expectation,
            })
        })
    }

    /// Everybody who is asked about somebody.
    #[must_use]
    pub fn askers(&self) -> BTreeSet<&MachineName> {
        self.nets.iter().flat_map(|net| net.targets.keys()).collect()
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nets.iter().all(|net| net.targets.is_empty() && net.run.is_empty())
    }

    /// What one session with a machine asks, all at once.
    #[must_use]
    pub fn questions(&self, machine: &MachineName) -> Questions {
        let running = self.nets.iter().filter(|net| net.run.contains(machine));
        let daemons = running.map(|net| net.overlay.kind).collect();
        let mut questions = Questions { daemons, ..Questions::default() };
        let probes = self.pairs(machine).filter_map(|pair| pair.expectation.probe.as_deref());
        probes.for_each(|probe| questions.add(probe));
        questions.names = self.names(machine).keys().copied().cloned().collect();
        questions
    }

    /// Names that a machine is to know, and where they lead: of all overlays on which it is asked about somebody.
    #[must_use]
    pub fn names(&self, machine: &MachineName) -> BTreeMap<&HostName, &BTreeSet<IpAddr>> {
        let members = self.nets.iter().filter_map(|net| net.overlay.members.get(machine));
        members.flat_map(|member| member.names.iter()).collect()
    }

    /// Whose the addresses of the overlays are.
    #[must_use]
    pub fn owners(&self) -> BTreeMap<IpAddr, MachineName> {
        let members = self.nets.iter().flat_map(|net| &net.overlay.members);
        let each = |(name, member): (&MachineName, &crate::overlay::Member)| {
            member.addresses.iter().map(|address| (*address, name.clone())).collect::<Vec<_>>()
        };
        members.flat_map(each).collect()
    }

    /// Puts into what is expected of a machine which overlays it controls, and with whom it is on them: itself, and of those whom
    /// it must reach the ones that are there.
    pub fn meets(&self, machine: &MachineName, is_there: impl Fn(&MachineName) -> bool, to: &mut Expected) {
        to.names = self.names(machine).into_iter().map(|(name, at)| (name.clone(), at.clone())).collect();
        to.overlays.clear();
        to.controls.clear();
        to.away.clear();
        for net in self.nets.iter().filter(|net| net.run.contains(machine)) {
            let targets = net.targets.get(machine).into_iter().flatten();
            let met =
                targets.filter(|target| target.expectation.reach() == Reach::Must && is_there(&target.to));
            if !net.run.iter().all(&is_there) {
                to.away.insert(net.overlay.kind);
            }
            let own = net.overlay.members.get(machine);
            if own.is_some_and(|member| member.roles.contains_key("controller")) {
                to.controls.insert(net.overlay.kind);
            }
            let members = to.overlays.entry(net.overlay.kind).or_default();
            for name in met.map(|target| &target.to).chain([machine]) {
                let addresses = net.overlay.members.get(name).map(|member| &member.addresses);
                members.entry(name.clone()).or_default().extend(addresses.into_iter().flatten());
            }
        }
    }

    fn index(&self, machine: &MachineName) -> usize {
        self.machines.binary_search(machine).unwrap_or(usize::MAX)
    }
}
