//! What is known of a promotion after some of what happened.
//!
//! In: entries of its journal, in order. Out: the fold. It must not doubt an entry: what happened, happened.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    machine::MachineName,
    rollout::{Entry, Happened},
};

use super::host::Host;

/// The fold of a promotion's journal. The journal is the truth: after a crash it is folded again, and [`Happened::Resumed`] added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct State {
    machines: BTreeMap<MachineName, Host>,
    approved: BTreeMap<String, BTreeMap<String, BTreeSet<MachineName>>>,
    refused: BTreeMap<String, BTreeMap<String, String>>,
    frozen: Option<(String, String)>,
    back: bool,
}

impl State {
    /// The state after some entries.
    #[must_use]
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut state = Self::default();
        entries.into_iter().for_each(|entry| state.apply(entry));
        state
    }

    /// Each machine of the promotion.
    #[must_use]
    pub fn machines(&self) -> &BTreeMap<MachineName, Host> {
        &self.machines
    }

    /// Whether somebody agreed that a machine goes in a wave. A word is about the machines that the promotion has when it is given,
    /// and about none that joins later. None: they said nothing of that wave.
    #[must_use]
    pub fn approved(&self, wave: &str, by: &str, name: &MachineName) -> Option<bool> {
        Some(self.approved.get(wave)?.get(by)?.contains(name))
    }

    /// Whose word for a wave does not count, and why.
    pub fn refused(&self, wave: &str) -> impl Iterator<Item = (&str, &str)> {
        let words = self.refused.get(wave).into_iter().flatten();
        let stand = self.approved.get(wave);
        words
            .filter(move |(who, _)| !stand.is_some_and(|approved| approved.contains_key(*who)))
            .map(|(who, why)| (who.as_str(), why.as_str()))
    }

    /// Who stopped all further activations, and why.
    #[must_use]
    pub fn frozen(&self) -> Option<(&str, &str)> {
        self.frozen.as_ref().map(|(by, reason)| (by.as_str(), reason.as_str()))
    }

    /// Whether it is somebody's way back, rather than a way to what the fleet wants.
    #[must_use]
    pub fn is_way_back(&self) -> bool {
        self.back
    }

    /// The same as an entry, for another promotion to begin with.
    #[must_use]
    pub fn freeze(&self) -> Option<Happened> {
        let (by, reason) = self.frozen.clone()?;
        Some(Happened::Frozen { by, reason })
    }

    /// Takes one more entry in. An entry about a machine that the promotion does not have changes nothing.
    pub fn apply(&mut self, entry: &Entry) {
        match &entry.what {
            Happened::Started { changes, back } => {
                let host = |(name, change): (&MachineName, &_)| {
                    (name.clone(), Host::new(Clone::clone(change), entry.at))
                };
                self.machines = changes.iter().map(host).collect();
                self.back = *back;
            }
            Happened::Joined { changes } => {
                for (name, change) in changes {
                    let host = || Host::new(change.clone(), entry.at);
                    self.machines.entry(name.clone()).or_insert_with(host);
                }
            }
            Happened::Resumed => self.machines.values_mut().for_each(Host::resume),
            Happened::Approved { by, wave, held: Some(Err(why)), .. } => {
                self.refused.entry(wave.clone()).or_default().insert(by.clone(), why.clone());
            }
            Happened::Approved { by, wave, held, .. } => {
                let of = self.machines.keys().filter(|name| match held {
                    Some(Ok(of)) => of.contains(*name),
                    _ => true,
                });
                let approved = self.approved.entry(wave.clone()).or_default().entry(by.clone()).or_default();
                approved.extend(of.cloned());
            }
            Happened::Frozen { by, reason } => self.frozen = Some((by.clone(), reason.clone())),
            Happened::Thawed { .. } => self.frozen = None,
            Happened::Begun { machine, step } => {
                self.of_machine(machine, |host| host.begin(*step, entry.at));
            }
            Happened::Ended { machine, step, end } => {
                self.of_machine(machine, |host| host.end(*step, end, entry.at));
            }
            Happened::Saw { machine, sight } => self.of_machine(machine, |host| host.see(sight, entry.at)),
            Happened::Ailing { machine, why } => self.of_machine(machine, |host| host.ail(why)),
        }
    }

    fn of_machine(&mut self, machine: &MachineName, change: impl FnOnce(&mut Host)) {
        if let Some(host) = self.machines.get_mut(machine) {
            change(host);
        }
    }
}
