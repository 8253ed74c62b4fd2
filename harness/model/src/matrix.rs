//! The reachability matrix: what is expected of each machine towards each other one, over each overlay.

use crate::{
    machine::MachineName,
    overlay::Overlay,
    reach::{Expectation, Reach},
    reason::Reason,
};

/// All expectations of a fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The machines of the fleet, in the order of their names.
    pub machines: Vec<MachineName>,
    /// By name of the overlay.
    pub meshes: Vec<Mesh>,
}

/// One overlay with what is expected over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    /// The overlay.
    pub overlay: Overlay,
    /// For each machine in order, those towards each other machine in order: `n * (n - 1)` of them.
    pub expectations: Vec<Expectation>,
}

/// One expectation, with whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The overlay.
    pub overlay: &'a Overlay,
    /// Who reaches.
    pub from: &'a MachineName,
    /// Who is reached.
    pub to: &'a MachineName,
    /// Where the two stand in the matrix.
    pub at: (usize, usize),
    /// What is expected.
    pub expectation: &'a Expectation,
}

impl Matrix {
    /// Where a machine stands in it.
    #[must_use]
    pub fn index(&self, machine: &str) -> Option<usize> {
        self.machines.binary_search_by(|name| name.as_str().cmp(machine)).ok()
    }

    /// What is expected over a mesh of one machine towards another, by where they stand; nothing of a machine towards itself.
    #[must_use]
    pub fn pair<'a>(&'a self, mesh: &'a Mesh, from: usize, to: usize) -> Option<Pair<'a>> {
        let expectation = mesh.expectations.get(place(self.machines.len(), from, to)?)?;
        Some(Pair {
            overlay: &mesh.overlay,
            from: self.machines.get(from)?,
            to: self.machines.get(to)?,
            at: (from, to),
            expectation,
        })
    }

    /// Every pair: by overlay, then by who reaches, then by who is reached.
    pub fn pairs(&self) -> impl Iterator<Item = Pair<'_>> {
        self.meshes.iter().flat_map(|mesh| self.of(mesh))
    }

    /// Every pair of one mesh, in the same order.
    pub fn of<'a>(&'a self, mesh: &'a Mesh) -> impl Iterator<Item = Pair<'a>> {
        directed(self.machines.len()).filter_map(|(from, to)| self.pair(mesh, from, to))
    }
}

/// Every two of so many machines, in both directions, in the order in which a mesh holds them.
pub fn directed(machines: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..machines).flat_map(move |from| (0..machines).filter(move |to| *to != from).map(move |to| (from, to)))
}

/// Where the expectation of one machine towards another stands in a mesh.
#[must_use]
pub fn place(machines: usize, from: usize, to: usize) -> Option<usize> {
    let distinct = from != to && from < machines && to < machines;
    distinct.then(|| from * (machines - 1) + to - usize::from(to > from))
}

impl Pair<'_> {
    /// What is expected.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.expectation.reach()
    }

    /// Why, in a sentence without a full stop.
    #[must_use]
    pub fn why(&self) -> String {
        self.told(&self.expectation.reason)
    }

    /// Whether the fleet's owner stated it.
    #[must_use]
    pub fn is_stated(&self) -> bool {
        matches!(self.expectation.reason, Reason::Stated(..))
    }

    /// What would be expected, and why, if the fleet's owner did not state something in its place.
    #[must_use]
    pub fn instead(&self) -> Option<(Reach, String)> {
        let Reason::Stated(_, derived) = &self.expectation.reason else { return None };
        Some((derived.reach(), self.told(derived)))
    }

    fn told(&self, reason: &Reason) -> String {
        reason.told(self.overlay.kind, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_two_have_a_place_of_their_own() {
        let places: Vec<_> = directed(4).map(|(from, to)| place(4, from, to)).collect();
        assert_eq!(places, (0..12).map(Some).collect::<Vec<_>>());
        assert_eq!((place(4, 2, 2), place(4, 4, 0), place(1, 0, 0)), (None, None, None));
    }
}
