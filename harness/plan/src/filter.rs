//! The language of `-E`: which checks are meant.
//!
//! In: text such as `tag(cloud) & stage(invariants)`. Out: a [`Filter`] that keeps a check or does not, or every error
//! in the text. It must not know how a plan is made.
//!
//! Predicates: `machine(..)`, `tag(..)` and `class(..)` look at the machine that a check is about, and so never keep a
//! check of the fleet as a whole; `stage(..)`, `suite(..)`, `rule(..)`, `check(..)` (a check's id) and `test(..)` (the
//! id or the path of an expression test) look at the check; `all()` and `none()` look at nothing.
//!
//! Matchers: `name` is exact, and a glob where it has a `*` or a `?`; `=name` is always exact; `~part` is contained;
//! `#glob` is a glob; `/regex/` finds a regular expression anywhere in the name. The signs are nextest's, whose
//! `test(..)` however looks for a part of the name by default.
//!
//! Operators, the one that binds most first: `!` `not`; `&` `and` `-` (difference); `|` `+` `or`.

mod error;
mod grammar;
mod matcher;
mod predicate;
mod token;
mod unknown;

use std::{fmt, str::FromStr};

use self::grammar::Node;
pub(crate) use self::unknown::Sought;
pub use self::{
    error::{FilterError, FilterErrorKind},
    predicate::Candidate,
};

/// Bytes of a filter; every step is linear in them.
const LONGEST: usize = 16 * 1024;

/// Which checks are meant. Its text, as [`fmt::Display`] gives it, reads as the same filter again.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    node: Node,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Everything wrong with the text, in the order in which it stands there. Whether the names exist is for
    /// [`Filter::unknown`].
    pub fn parse(text: &str) -> Result<Self, Vec<FilterError>> {
        if text.len() > LONGEST {
            let kind = FilterErrorKind::TooLong(LONGEST);
            return Err(vec![FilterError { span: 0..text.len(), kind }]);
        }
        let mut errors = Vec::new();
        let tokens = token::tokens(text, &mut errors);
        let node = grammar::expression(&tokens, text.len(), &mut errors);
        errors.sort_by_key(|error| error.span.start);
        if errors.is_empty() { Ok(Self { node }) } else { Err(errors) }
    }

    /// Whether a check is meant.
    #[must_use]
    pub fn keeps(&self, check: &Candidate<'_>) -> bool {
        keeps(&self.node, check)
    }
}

impl FromStr for Filter {
    type Err = Vec<FilterError>;

    fn from_str(text: &str) -> Result<Self, Vec<FilterError>> {
        Self::parse(text)
    }
}

fn keeps(node: &Node, check: &Candidate<'_>) -> bool {
    match node {
        Node::All => true,
        Node::None => false,
        Node::Is(predicate) => predicate.holds(check),
        Node::Not(node) => !keeps(node, check),
        Node::Both(nodes) => nodes.iter().all(|node| keeps(node, check)),
        Node::Either(nodes) => nodes.iter().any(|node| keeps(node, check)),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.node, f)
    }
}

fn show(node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match node {
        Node::All => f.write_str("all()"),
        Node::None => f.write_str("none()"),
        Node::Is(predicate) => write!(f, "{}({})", predicate.field.as_str(), predicate.matcher),
        Node::Not(node) => {
            f.write_str("!")?;
            show_within(node, f)
        }
        Node::Both(nodes) => show_joined(nodes, " & ", f),
        Node::Either(nodes) => show_joined(nodes, " | ", f),
    }
}

fn show_joined(nodes: &[Node], operator: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    nodes.iter().enumerate().try_for_each(|(at, node)| {
        f.write_str(if at == 0 { "" } else { operator })?;
        show_within(node, f)
    })
}

fn show_within(node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !matches!(node, Node::Both(_) | Node::Either(_)) {
        return show(node, f);
    }
    f.write_str("(")?;
    show(node, f)?;
    f.write_str(")")
}

#[cfg(test)]
mod tests;
