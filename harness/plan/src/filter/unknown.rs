//! Names in a filter that nothing has. A filter that names what does not exist would silently select nothing.
//!
//! In: a filter and the names that exist, then the checks. Out: an error for each predicate that no name fits.

use model::{
    machine::{MachineClass, MachineName},
    stage::Stage,
};

use super::{
    Filter, FilterError, FilterErrorKind,
    grammar::Node,
    matcher::How,
    predicate::{Candidate, Field, Predicate},
};
use crate::{names::Names, nearest::nearest};

impl Filter {
    /// Every predicate that fits no name of the fleet or of the suites, in the order of the text. Predicates on checks
    /// and tests are left out: those are known only when the plan is drafted.
    #[must_use]
    pub fn unknown(&self, names: &Names<'_>) -> Vec<FilterError> {
        let predicates =
            predicates(&self.node).into_iter().filter(|predicate| !predicate.field.names_checks());
        predicates.filter_map(|predicate| refuse(predicate, known(predicate.field, names))).collect()
    }

    /// The predicates on checks and tests, to be held against every check.
    pub(crate) fn sought(&self) -> Sought<'_> {
        let on_checks = predicates(&self.node).into_iter().filter(|predicate| predicate.field.names_checks());
        Sought { missing: on_checks.collect() }
    }
}

/// Predicates on checks that no check has fitted yet.
#[derive(Debug, Default)]
pub(crate) struct Sought<'f> {
    missing: Vec<&'f Predicate>,
}

impl Sought<'_> {
    /// Whether anything is left.
    pub(crate) fn waits(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Strikes off what fits this check.
    pub(crate) fn see(&mut self, check: &Candidate<'_>) {
        self.missing.retain(|predicate| !predicate.holds(check));
    }

    /// What is left once every check was seen.
    pub(crate) fn refuse<'a>(&self, ids: impl Iterator<Item = &'a str> + Clone) -> Vec<FilterError> {
        self.missing.iter().map(|predicate| error(predicate, ids.clone())).collect()
    }
}

fn predicates(node: &Node) -> Vec<&Predicate> {
    match node {
        Node::All | Node::None => Vec::new(),
        Node::Is(predicate) => vec![predicate],
        Node::Not(node) => predicates(node),
        Node::Both(nodes) | Node::Either(nodes) => nodes.iter().flat_map(predicates).collect(),
    }
}

fn known<'n>(field: Field, names: &'n Names<'_>) -> Vec<&'n str> {
    match field {
        Field::Machine => names.machines().keys().copied().map(MachineName::as_str).collect(),
        Field::Tag => names.tags().iter().copied().collect(),
        Field::Class => {
            [MachineClass::Nixos, MachineClass::Darwin, MachineClass::Home].map(MachineClass::as_str).into()
        }
        Field::Stage => Stage::ALL.map(Stage::as_str).into(),
        Field::Suite => names.suites().iter().copied().collect(),
        Field::Rule => names.rules().collect(),
        Field::Check | Field::Test => Vec::new(),
    }
}

fn refuse(predicate: &Predicate, known: Vec<&str>) -> Option<FilterError> {
    if known.iter().any(|name| predicate.matcher.matches(name)) {
        return None;
    }
    Some(error(predicate, known))
}

fn error<'a>(predicate: &Predicate, known: impl IntoIterator<Item = &'a str>) -> FilterError {
    let what = predicate.field.as_str();
    let text = &predicate.matcher.text;
    let kind = match predicate.matcher.how {
        How::Exact => {
            let suggestion = nearest(text, known);
            FilterErrorKind::UnknownName { what, name: text.clone(), suggestion }
        }
        How::Glob => FilterErrorKind::MatchesNothing { what, suggestion: near_glob(text, known) },
        How::Contains | How::Regex => FilterErrorKind::MatchesNothing { what, suggestion: None },
    };
    FilterError { span: predicate.span.clone(), kind }
}

/// A glob whose first part, up to the `/`, is spelt as a known name spells it.
fn near_glob<'a>(glob: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let (first, rest) = glob.split_once('/')?;
    let firsts = known.into_iter().filter_map(|name| Some(name.split_once('/')?.0));
    let near = nearest(first, firsts).filter(|near| near != first)?;
    Some(format!("{near}/{rest}"))
}
