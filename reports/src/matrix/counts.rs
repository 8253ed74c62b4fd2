//! How many pairs there are of each kind.
//!
//! In: pairs. Out: numbers. It must not leave a pair out.

use model::{matrix::Pair, reach::Reach};
use serde::Serialize;

/// By what is expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) must: usize,
    pub(super) must_not: usize,
    pub(super) unknown: usize,
    /// Of `must_not`, those with a machine that is no member.
    pub(super) outside: usize,
    /// Of all, those that the fleet's owner stated.
    pub(super) stated: usize,
}

impl Counts {
    pub(super) fn of<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Self {
        let mut counts = Self::default();
        for pair in pairs {
            match pair.reach() {
                Reach::Must => counts.must += 1,
                Reach::MustNot => counts.must_not += 1,
                Reach::Unknown => counts.unknown += 1,
            }
            counts.outside += usize::from(pair.expectation.reason.is_outside());
            counts.stated += usize::from(pair.is_stated());
        }
        counts
    }
}
