//! From a draft to a plan: everything that would make the plan a lie is refused here, all of it at once.
//!
//! In: a draft. Out: the plan, or every problem. It must not repair what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use model::{check::CheckId, machine::MachineName, plan::Plan, suite::Suite};

use crate::{draft::Draft, filter::FilterError};

/// Why a draft is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// Two suites have the same name.
    #[error("two suites are called {suite}")]
    DuplicateSuite {
        /// The name.
        suite: String,
    },
    /// Two checks have the same id.
    #[error("two checks are called {id}")]
    DuplicateCheck {
        /// The id.
        id: CheckId,
    },
    /// Two policies that differ declare the same package.
    #[error("two policies declare the package {package}: {first} and {second}")]
    DuplicatePackage {
        /// The package.
        package: String,
        /// The rule that declares it first.
        first: String,
        /// The rule that declares it again.
        second: String,
    },
    /// A selected machine does not exist.
    #[error("no machine is called {name}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownMachine {
        /// As selected.
        name: MachineName,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// A selected tag does not exist.
    #[error("no tag is called {tag}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownTag {
        /// As selected.
        tag: String,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// A selected suite does not exist.
    #[error("no suite is called {suite}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownSuite {
        /// As selected.
        suite: String,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// The filter names what does not exist.
    #[error("filter: {0}")]
    Filter(FilterError),
    /// Nothing would be asked.
    #[error("no check is selected")]
    NoChecks,
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

impl Draft {
    /// Makes a plan of the draft.
    ///
    /// # Errors
    /// Every problem of it. That nothing is selected is one only if no other explains it.
    pub fn lint(self) -> Result<Plan, Vec<PlanProblem>> {
        let mut problems = self.problems;
        problems.extend(duplicate_checks(&self.plan));
        if problems.is_empty() && self.plan.checks.is_empty() {
            problems.push(PlanProblem::NoChecks);
        }
        if problems.is_empty() { Ok(self.plan) } else { Err(problems) }
    }
}

fn duplicate_checks(plan: &Plan) -> Vec<PlanProblem> {
    let ids = plan.checks.iter().map(|check| &check.id);
    twice(ids).into_iter().map(|id| PlanProblem::DuplicateCheck { id: id.clone() }).collect()
}

/// Names that more than one suite has.
pub(crate) fn duplicate_suites(suites: &[Suite]) -> Vec<PlanProblem> {
    let names = suites.iter().map(|suite| &suite.name);
    twice(names).into_iter().map(|suite| PlanProblem::DuplicateSuite { suite: suite.clone() }).collect()
}

/// What is there more than once, each named once.
fn twice<T: Ord>(things: impl Iterator<Item = T>) -> BTreeSet<T> {
    let mut seen = BTreeMap::new();
    things.for_each(|thing| *seen.entry(thing).or_insert(0_usize) += 1);
    seen.into_iter().filter(|(_, times)| *times > 1).map(|(thing, _)| thing).collect()
}
