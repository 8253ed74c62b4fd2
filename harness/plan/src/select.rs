//! What the user selected.
//!
//! In: the names and the filter of the command line. Out: which machines and which checks are meant, and every name that
//! does not exist. It must not know how a check is asked.

use std::collections::BTreeSet;

use model::{
    machine::MachineName,
    stage::Stage,
    suite::{Scope, Suite},
};

use crate::{
    filter::{Candidate, Filter},
    lint::PlanProblem,
    names::Names,
    nearest::nearest,
};

/// What the user selected. An empty set selects everything of its kind; what is selected in several ways has to be
/// meant by each of them, but machines and tags are one way: a machine is meant by its name or by one of its tags.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Machines by name.
    pub machines: BTreeSet<MachineName>,
    /// Machines by tag.
    pub tags: BTreeSet<String>,
    /// Rungs.
    pub stages: BTreeSet<Stage>,
    /// Suites by name.
    pub suites: BTreeSet<String>,
    /// What else has to hold.
    pub filter: Option<Filter>,
}

impl Selection {
    /// The machines that are meant. Checks of the fleet as a whole are meant whichever these are.
    #[must_use]
    pub fn machines(&self, names: &Names<'_>) -> BTreeSet<MachineName> {
        let everyone = self.machines.is_empty() && self.tags.is_empty();
        let meant = names.machines().iter().filter(|(name, traits)| {
            everyone
                || self.machines.contains(**name)
                || (!self.tags.is_empty() && traits.tags().any(|tag| self.tags.contains(tag)))
        });
        meant.map(|(name, _)| (*name).clone()).collect()
    }

    /// Whether anything may be left out.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        *self != Self::default()
    }

    /// The rungs that are meant.
    #[must_use]
    pub fn stages(&self) -> BTreeSet<Stage> {
        if self.stages.is_empty() { Stage::ALL.into() } else { self.stages.clone() }
    }

    /// Whether checks of this suite are meant at all.
    #[must_use]
    pub fn takes(&self, suite: &Suite) -> bool {
        (self.stages.is_empty() || self.stages.contains(&suite.stage))
            && (self.suites.is_empty() || self.suites.contains(&suite.name))
    }

    /// Whether a check is meant, one of a suite and a machine that are.
    #[must_use]
    pub fn keeps(&self, check: &Candidate<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.keeps(check))
    }

    /// Every name that does not exist.
    #[must_use]
    pub fn unknown(&self, names: &Names<'_>) -> Vec<PlanProblem> {
        let known = names.machines();
        let machines = self.machines.iter().filter(|name| !known.contains_key(name)).map(|name| {
            let suggestion = nearest(name.as_str(), known.keys().copied().map(MachineName::as_str));
            PlanProblem::UnknownMachine { name: name.clone(), suggestion }
        });
        let tags = self.tags.iter().filter(|tag| !names.tags().contains(tag.as_str())).map(|tag| {
            let suggestion = nearest(tag, names.tags().iter().copied());
            PlanProblem::UnknownTag { tag: tag.clone(), suggestion }
        });
        let suites =
            self.suites.iter().filter(|suite| !names.suites().contains(suite.as_str())).map(|suite| {
                let suggestion = nearest(suite, names.suites().iter().copied());
                PlanProblem::UnknownSuite { suite: suite.clone(), suggestion }
            });
        let filter = self.filter.iter().flat_map(|filter| filter.unknown(names)).map(PlanProblem::Filter);
        machines.chain(tags).chain(suites).chain(filter).collect()
    }

    /// Why nothing of a suite that is meant came into the plan, where that is worth saying: not where the filter left
    /// it out, for that is what a filter is for, unless the suite was asked for by its name.
    pub(crate) fn why_empty(&self, suite: &Suite, machines: &BTreeSet<MachineName>) -> Option<String> {
        let for_machines = suite.checks.iter().all(|check| check.scope == Scope::Machine);
        if for_machines && machines.is_empty() {
            let why = if self.machines.is_empty() && self.tags.is_empty() {
                "the fleet has no machine"
            } else {
                "no machine is selected"
            };
            return Some(why.to_owned());
        }
        let by_name = self.suites.contains(&suite.name);
        (by_name && self.filter.is_some()).then(|| "the filter leaves none of its checks".to_owned())
    }
}
