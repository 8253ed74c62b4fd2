//! Pairs that are not as expected, for a person: many that are so in the same way are told together.
//!
//! In: what was seen of an overlay. Out: a label and a sentence for a pair, or for several. It must not leave a pair out.

use std::collections::{BTreeMap, BTreeSet};

use model::{machine::MachineName, reach::Reach, sighting::seen::Sight};

use crate::{
    report::count,
    sighted::{Pair, Sighted, Standing},
};

/// So many pairs are told one by one.
const FEW: usize = 3;

/// One pair, or several.
pub(super) struct Told {
    pub(super) label: String,
    pub(super) sentence: String,
    /// How many they are.
    pub(super) pairs: usize,
}

/// All pairs that differ. Machines that are cut off come first: the pairs with them say it once more each.
pub(super) fn told(sighted: &Sighted<'_>) -> Vec<Told> {
    let cut_off = cut_off(&sighted.pairs);
    let with = |pair: &Pair<'_>| [pair.from, &pair.target.to].into_iter().any(|name| cut_off.contains(name));
    let differ = || sighted.pairs.iter().filter(|pair| pair.standing() == Standing::Differs);
    let mut told = Vec::new();
    let mut known = BTreeSet::new();
    for name in &cut_off {
        let of = |pair: &&Pair<'_>| pair.from == *name || pair.target.to == **name;
        let pairs: Vec<_> = differ().filter(|pair| is_apart(pair)).filter(of).collect();
        // Whoever does not reach it knows what is the matter with it.
        let first = pairs.iter().find(|pair| pair.target.to == **name).or(pairs.first());
        let why = first.and_then(|pair| pair.why()).unwrap_or_default();
        let sentence = format!(": reaches nobody, and nobody reaches it; {why}");
        // One between two of them is told with both, and counted once.
        let pairs = pairs.iter().filter(|pair| known.insert((pair.from, &pair.target.to))).count();
        told.push(Told { label: (*name).to_string(), sentence, pairs });
    }
    let rest: Vec<_> = differ().filter(|pair| !(is_apart(pair) && with(pair))).collect();
    told.extend(rest.chunk_by(|one, other| one.from == other.from).flat_map(of_one));
    told
}

fn is_apart(pair: &Pair<'_>) -> bool {
    pair.reach() == Reach::Must && pair.sight() == Sight::Apart
}

/// Machines that have to do with several others, and meet none of them in either direction.
fn cut_off<'a>(pairs: &'a [Pair<'a>]) -> BTreeSet<&'a MachineName> {
    let mut others: BTreeMap<&MachineName, BTreeSet<&MachineName>> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for pair in pairs.iter().filter(|pair| pair.reach() == Reach::Must && pair.sight() != Sight::Untold) {
        let two = [pair.from, &pair.target.to];
        if is_apart(pair) {
            others.entry(two[0]).or_default().insert(two[1]);
            others.entry(two[1]).or_default().insert(two[0]);
        } else {
            met.extend(two);
        }
    }
    let alone =
        |(name, others): (_, BTreeSet<_>)| (others.len() >= FEW && !met.contains(name)).then_some(name);
    others.into_iter().filter_map(alone).collect()
}

/// The pairs of one machine towards others; those of one kind stand together where the first of them does.
fn of_one(pairs: &[&Pair<'_>]) -> Vec<Told> {
    let kind = |pair: &Pair<'_>| (pair.reach(), pair.sight());
    let mut told = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let alike: Vec<_> = pairs.iter().copied().filter(|other| kind(other) == kind(pair)).collect();
        if alike.len() <= FEW {
            told.push(one(pair, &[pair], ""));
        } else if !pairs.iter().take(at).any(|before| kind(before) == kind(pair)) {
            told.push(one(pair, &alike, "; and so on"));
        }
    }
    told
}

/// A pair, and those of the same machine that are like it, itself among them.
fn one(pair: &Pair<'_>, alike: &[&Pair<'_>], rest: &str) -> Told {
    let named: Vec<&str> = alike.iter().take(FEW).map(|pair| pair.target.to.as_str()).collect();
    let more = match alike.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {}", count(more, "more machine")),
    };
    let why = pair.why().unwrap_or("it is not as expected");
    Told {
        label: format!("{} -> {}", pair.from, named.join(", ")),
        sentence: format!("{more} {}: {why}{rest}", pair.reach().as_str()),
        pairs: alike.len(),
    }
}
