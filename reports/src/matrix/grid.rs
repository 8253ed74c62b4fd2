//! A mesh as a table of what is expected.
//!
//! In: a mesh. Out: lines on a page. It must not leave out a machine that has to do with the overlay.

use std::collections::HashMap;

use model::{
    matrix::{Matrix, Mesh, Pair},
    reach::Reach,
};

use super::special::Kind;
use crate::{
    grid::{self, Grid},
    look::Ink,
    page::Page,
};

/// Puts the table on the page. Where it has no room for all machines, those with special pairs come first.
pub(super) fn table(page: &mut Page, matrix: &Matrix, mesh: &Mesh, special: &[(Kind, Pair<'_>)]) {
    let concerned = concerned(matrix, mesh);
    let mut times: HashMap<usize, usize> = HashMap::new();
    for at in special.iter().flat_map(|(_, pair)| [pair.at.0, pair.at.1]) {
        *times.entry(at).or_default() += 1;
    }
    let at = |shown: usize| concerned.get(shown).copied().unwrap_or(usize::MAX);
    let sign = |from: usize, to: usize| match matrix.pair(mesh, at(from), at(to)).map(|pair| pair.reach()) {
        None => (Ink::Quiet, "."),
        Some(Reach::Must) => (Ink::Good, "+"),
        Some(Reach::MustNot) => (Ink::Bad, "-"),
        Some(Reach::Unknown) => (Ink::Unknown, "?"),
    };
    let names = concerned.iter().filter_map(|at| matrix.machines.get(*at)).map(|name| name.as_str());
    let grid = Grid {
        names: names.collect(),
        weight: &|shown| times.get(&at(shown)).copied().unwrap_or(0),
        sign: &sign,
        legend: "+ must reach   - must not reach   ? unknown",
        rest: "those with special pairs first; --machine NAME shows one, --format json everything",
    };
    grid::table(page, &grid);
}

/// The machines that have to do with the overlay, by where they stand.
fn concerned(matrix: &Matrix, mesh: &Mesh) -> Vec<usize> {
    let mut concerned = vec![false; matrix.machines.len()];
    for pair in matrix.of(mesh).filter(|pair| !pair.expectation.reason.is_outside()) {
        for at in [pair.at.0, pair.at.1] {
            if let Some(entry) = concerned.get_mut(at) {
                *entry = true;
            }
        }
    }
    concerned.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect()
}
