//! Which pairs somebody has to look at.
//!
//! In: a mesh. Out: the pairs of it that are not as those of two members usually are, what the fleet's owner stated first.
//! It must not shorten the list.

use model::{
    matrix::{Matrix, Mesh, Pair},
    reach::Reach,
};

/// Why a pair is special, what matters most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The fleet's owner stated it.
    Stated,
    /// The other direction is more open than this one.
    OneWay(Reach),
    /// Both are members, and kept apart.
    Apart,
}

/// The special ones among some pairs of a mesh.
pub(super) fn of<'a>(
    matrix: &'a Matrix,
    mesh: &'a Mesh,
    pairs: impl Iterator<Item = Pair<'a>>,
) -> Vec<(Kind, Pair<'a>)> {
    let mut all: Vec<_> = pairs.filter_map(|pair| Some((kind(matrix, mesh, &pair)?, pair))).collect();
    // Stable, so that those of a kind stay in their order.
    all.sort_by_key(|(kind, _)| *kind);
    all
}

fn kind(matrix: &Matrix, mesh: &Mesh, pair: &Pair<'_>) -> Option<Kind> {
    if pair.is_stated() {
        return Some(Kind::Stated);
    }
    let reach = pair.reach();
    // So are most: nothing is more open than the one, nothing more usual than the other.
    if reach == Reach::Must || pair.expectation.reason.is_outside() {
        return None;
    }
    let (from, to) = pair.at;
    let back = matrix.pair(mesh, to, from)?.reach();
    if openness(back) > openness(reach) {
        return Some(Kind::OneWay(back));
    }
    (reach == Reach::MustNot).then_some(Kind::Apart)
}

fn openness(reach: Reach) -> u8 {
    match reach {
        Reach::MustNot => 0,
        Reach::Unknown => 1,
        Reach::Must => 2,
    }
}
