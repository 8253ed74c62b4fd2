//! An exhaustive search: every state that can be reached, breadth first, so that a counter-example is a shortest one.
//!
//! Flows in: a first state, what may follow a state, and what must hold. Flows out: how many states there are, or the way to
//! one that is wrong.
//! Must not: forget a state. Only a digest of 64 bits is kept of each.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

/// A system that can be explored.
pub(crate) trait System {
    type State: Hash;
    /// Every state that may follow, each with what happened. None: the end of a run.
    fn next(&self, state: &Self::State) -> Vec<(String, Self::State)>;
    /// What is wrong with a state; `end` when no other follows.
    fn wrong(&self, state: &Self::State, end: bool) -> Option<String>;
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) ends: usize,
    /// The first thing that is wrong, with the way there.
    pub(crate) wrong: Option<(String, Vec<String>)>,
}

/// Explores everything, or up to the first state that is wrong.
pub(crate) fn explore<S: System>(system: &S, first: S::State, mut at_end: impl FnMut(&S::State)) -> Found {
    let digest = BuildHasherDefault::<DefaultHasher>::new();
    let root = digest.hash_one(&first);
    let mut came: HashMap<u64, (u64, String)> = HashMap::from([(root, (root, String::new()))]);
    let mut open = VecDeque::from([(root, first)]);
    let mut found = Found::default();
    while let Some((here, state)) = open.pop_front() {
        found.states += 1;
        let next = system.next(&state);
        if let Some(wrong) = system.wrong(&state, next.is_empty()) {
            found.wrong = Some((wrong, way(&came, root, here)));
            return found;
        }
        if next.is_empty() {
            found.ends += 1;
            at_end(&state);
        }
        for (what, state) in next {
            let there = digest.hash_one(&state);
            came.entry(there).or_insert_with(|| {
                open.push_back((there, state));
                (here, what)
            });
        }
    }
    found
}

fn way(came: &HashMap<u64, (u64, String)>, root: u64, mut here: u64) -> Vec<String> {
    let mut way = Vec::new();
    while here != root {
        let (from, what) = &came[&here];
        way.push(what.clone());
        here = *from;
    }
    way.reverse();
    way
}
