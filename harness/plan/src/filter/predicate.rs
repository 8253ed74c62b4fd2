//! The questions that a filter asks of a check, and how each is answered.
//!
//! In: a predicate and a candidate check. Out: yes or no. It must not know how predicates are combined.

use std::ops::Range;

use model::stage::Stage;

use super::matcher::Matcher;
use crate::names::Traits;

/// What of a check is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The machine that the check is about; no check of the fleet as a whole.
    Machine,
    /// A tag of that machine.
    Tag,
    /// The class of that machine.
    Class,
    /// The rung.
    Stage,
    /// The suite.
    Suite,
    /// `<suite>/<check>`
    Rule,
    /// The check's id.
    Check,
    /// The id of an expression test, or its path in its tree.
    Test,
}

impl Field {
    pub(super) const ALL: [Self; 8] = [
        Self::Machine,
        Self::Tag,
        Self::Class,
        Self::Stage,
        Self::Suite,
        Self::Rule,
        Self::Check,
        Self::Test,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Tag => "tag",
            Self::Class => "class",
            Self::Stage => "stage",
            Self::Suite => "suite",
            Self::Rule => "rule",
            Self::Check => "check",
            Self::Test => "test",
        }
    }

    /// Whether what it names is known only once every check is.
    pub(super) fn names_checks(self) -> bool {
        matches!(self, Self::Check | Self::Test)
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Predicate {
    pub(super) field: Field,
    pub(super) matcher: Matcher,
    /// Where the filter asks it.
    pub(super) span: Range<usize>,
}

/// A check that may come into the plan, as far as filters can see it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a str,
    /// `<suite>/<check>`
    pub rule: &'a str,
    /// Its suite.
    pub suite: &'a str,
    /// Its rung.
    pub stage: Stage,
    /// The machine that it is about, if it is about one.
    pub machine: Option<(&'a str, Traits<'a>)>,
    /// The path of the expression test in its tree, if it is one.
    pub test: Option<&'a str>,
}

impl Predicate {
    pub(super) fn holds(&self, check: &Candidate<'_>) -> bool {
        let is = |name: &str| self.matcher.matches(name);
        match self.field {
            Field::Machine => check.machine.is_some_and(|(name, _)| is(name)),
            Field::Tag => check.machine.is_some_and(|(_, traits)| traits.tags().any(is)),
            Field::Class => check.machine.is_some_and(|(_, traits)| is(traits.class.as_str())),
            Field::Stage => is(check.stage.as_str()),
            Field::Suite => is(check.suite),
            Field::Rule => is(check.rule),
            Field::Check => is(check.id),
            Field::Test => check.test.is_some_and(|path| is(path) || is(check.id)),
        }
    }
}
