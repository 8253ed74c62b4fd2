//! Whom each machine is asked about: all pairs of a small overlay, and of a large one so many that everybody is joined.
//!
//! In: the matrix, and who can be asked. Out: a [`Round`], as large as the fleet and not as its square. The same seed always
//! gives the same. It must not name a target that the matrix does not, or hide how much was left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use fastrand::Rng;
use model::{
    machine::MachineName,
    matrix::{Matrix, Mesh, Pair, directed},
    overlay::{Overlay, OverlayKind},
    reach::Reach,
    round::{Coverage, Net, Round, Sample, Target},
};

/// How a round is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Who can be asked.
    pub askers: &'a BTreeSet<MachineName>,
    /// Whether nobody else is there: then nobody is asked about others.
    pub alone: bool,
    /// The overlay that is meant; every one, if it is not said.
    pub overlay: Option<&'a str>,
    /// The only kind that there is; every one, if it is not said.
    pub kind: Option<OverlayKind>,
    /// Machines on an overlay, up to which all of its pairs are asked.
    pub whole: usize,
    /// On a larger one, how many targets each machine has by chance.
    pub each: usize,
    /// What chance begins with.
    pub seed: u64,
}

impl<'a> Terms<'a> {
    /// The usual ones: 64 machines are 4,032 pairs, which a session each asks in seconds.
    #[must_use]
    pub fn usual(askers: &'a BTreeSet<MachineName>, seed: u64) -> Self {
        Self { askers, alone: false, overlay: None, kind: None, whole: 64, each: 3, seed }
    }
}

/// Roles of those by whom everybody else is admitted or found.
const HUBS: [&str; 2] = ["controller", "moon"];
/// So many hubs are asked about by everybody, at most.
const MOST_HUBS: usize = 4;

/// Draws a round. What nobody can tell is not asked, nor what has no address, unless it must be met: that is held against the asker.
#[must_use]
pub fn draw(matrix: &Matrix, terms: &Terms<'_>) -> Round {
    let meant =
        matrix.meshes.iter().filter(|mesh| terms.overlay.is_none_or(|name| name == mesh.overlay.name));
    let meant = meant.filter(|mesh| terms.kind.is_none_or(|kind| kind == mesh.overlay.kind));
    let is_asker = matrix.machines.iter().map(|name| terms.askers.contains(name)).collect::<Vec<_>>();
    let nets = meant.map(|mesh| Field { matrix, mesh, is_asker: &is_asker, terms }.net());
    Round { machines: matrix.machines.clone(), nets: nets.collect(), guests: None }
}

/// One overlay of which pairs are chosen. Machines are numbers: where they stand in the matrix.
struct Field<'a> {
    matrix: &'a Matrix,
    mesh: &'a Mesh,
    is_asker: &'a [bool],
    terms: &'a Terms<'a>,
}

type Two = (usize, usize);

/// The pairs of an overlay.
#[derive(Default)]
struct Pairs<'a> {
    /// Can be asked and judged.
    asked: Vec<Pair<'a>>,
    /// Begin at somebody who is asked, must meet, and cannot be shown to: that is the owner's word, of one without an address.
    blind: Vec<Pair<'a>>,
    /// How many could be judged, and begin at somebody who is not asked.
    unasked: usize,
    /// How many cannot be judged, the blind ones among them.
    unjudged: usize,
}

impl<'a> Field<'a> {
    fn net(&self) -> Net {
        let Pairs { asked: pairs, mut blind, unasked, unjudged } = self.pairs();
        let both = pairs.iter().chain(&blind);
        let concerned: BTreeSet<usize> = both.flat_map(|pair| [pair.at.0, pair.at.1]).collect();
        let sampled = concerned.len() > self.terms.whole;
        let chosen = if sampled { self.sample(&pairs) } else { pairs.iter().map(|pair| pair.at).collect() };
        if sampled {
            // One holds whoever is asked as well as many do.
            blind.dedup_by_key(|pair| pair.at.0);
        }
        let mut targets: BTreeMap<MachineName, Vec<Target>> = BTreeMap::new();
        for pair in pairs.iter().filter(|pair| chosen.contains(&pair.at)).chain(&blind) {
            let target = Target { to: pair.to.clone(), expectation: pair.expectation.clone() };
            targets.entry(pair.from.clone()).or_default().push(target);
        }
        let sample = sampled.then_some(Sample { each: self.terms.each, seed: self.terms.seed });
        let coverage = Coverage { asked: chosen.len(), of: pairs.len(), unasked, unjudged, sample };
        Net { overlay: self.overlay(&targets), run: self.run(), coverage, targets }
    }

    /// The overlay, with the names of those alone whom a machine is asked about and must reach: no others are resolved.
    fn overlay(&self, targets: &BTreeMap<MachineName, Vec<Target>>) -> Overlay {
        let mut overlay = self.mesh.overlay.clone();
        for (name, member) in &mut overlay.members {
            let of = targets.get(name).into_iter().flatten();
            let must = of.filter(|target| target.expectation.reach() == Reach::Must);
            let met = must.filter_map(|target| self.mesh.overlay.members.get(&target.to));
            let met: BTreeSet<IpAddr> = met.flat_map(|member| member.addresses.iter().copied()).collect();
            let is_met = |at: &BTreeSet<IpAddr>| !at.is_disjoint(&met);
            if !member.names.values().all(is_met) {
                let kept = member.names.iter().filter(|(_, at)| is_met(at));
                member.names = Arc::new(kept.map(|(name, at)| (name.clone(), at.clone())).collect());
            }
        }
        overlay
    }

    /// Every pair, by what can be made of it.
    fn pairs(&self) -> Pairs<'a> {
        let is_there = |at: usize| self.is_asker[at] || !self.terms.alone;
        let all = directed(self.matrix.machines.len()).filter(|(from, to)| is_there(*from) && is_there(*to));
        let members = &self.mesh.overlay.members;
        let are_members =
            |pair: &Pair<'_>| [pair.from, pair.to].into_iter().all(|name| members.contains_key(name));
        let mut pairs = Pairs::default();
        for pair in all.filter_map(|(from, to)| self.matrix.pair(self.mesh, from, to)) {
            let asks = self.is_asker[pair.at.0];
            match (pair.reach(), pair.expectation.can_be_shown()) {
                (Reach::Must | Reach::MustNot, true) if asks => pairs.asked.push(pair),
                (Reach::Must | Reach::MustNot, true) => pairs.unasked += 1,
                (Reach::Must, false) => {
                    pairs.unjudged += 1;
                    pairs.blind.extend(asks.then_some(pair));
                }
                (Reach::Unknown, _) => pairs.unjudged += 1,
                // A stranger has no address on an overlay, and is none the less kept out.
                (Reach::MustNot, false) => pairs.unjudged += usize::from(are_members(&pair)),
            }
        }
        pairs
    }

    /// Whoever must reach somebody over the overlay, or be reached, has to run it.
    fn run(&self) -> BTreeSet<MachineName> {
        let must = self.matrix.of(self.mesh).filter(|pair| pair.reach() == Reach::Must);
        must.flat_map(|pair| [pair.from, pair.to]).cloned().collect()
    }

    /// A ring, everybody and the hubs, some by chance, and whatever is still missing so that everybody asks, is asked about,
    /// and is joined with all others with whom they are.
    fn sample(&self, pairs: &[Pair<'_>]) -> BTreeSet<Two> {
        let must: BTreeSet<Two> =
            pairs.iter().filter(|pair| pair.reach() == Reach::Must).map(|pair| pair.at).collect();
        let mut chosen: BTreeSet<Two> = self.ring().into_iter().chain(self.to_hubs()).collect();
        chosen.retain(|two| must.contains(two));
        chosen.extend(self.by_chance(pairs));
        let mut joined = Joined::of(self.matrix.machines.len());
        let (mut asks, mut is_asked) = (BTreeSet::new(), BTreeSet::new());
        for (from, to) in &chosen {
            if must.contains(&(*from, *to)) {
                joined.join(*from, *to);
            }
            asks.insert(*from);
            is_asked.insert(*to);
        }
        for two @ (from, to) in must.iter().copied().chain(pairs.iter().map(|pair| pair.at)) {
            let joins = must.contains(&two) && joined.join(from, to);
            let asks_first = asks.insert(from);
            let asked_first = is_asked.insert(to);
            if joins || asks_first || asked_first {
                chosen.insert(two);
            }
        }
        chosen
    }

    fn members(&self) -> Vec<usize> {
        self.mesh.overlay.members.keys().filter_map(|name| self.matrix.index(name.as_str())).collect()
    }

    /// Each member and the next, both ways.
    fn ring(&self) -> Vec<Two> {
        let members = self.members();
        let next = members.iter().cycle().skip(1);
        members.iter().zip(next).flat_map(|(one, next)| [(*one, *next), (*next, *one)]).collect()
    }

    /// Each member and those without whom nobody finds the others, both ways.
    fn to_hubs(&self) -> Vec<Two> {
        let is_hub = |role: &String| HUBS.contains(&role.as_str());
        let hubs = self.mesh.overlay.members.iter().filter(|(_, member)| member.roles.keys().any(is_hub));
        let hubs = hubs.filter_map(|(name, _)| self.matrix.index(name.as_str())).take(MOST_HUBS);
        let members = self.members();
        hubs.flat_map(|hub| members.iter().flat_map(move |member| [(*member, hub), (hub, *member)])).collect()
    }

    fn by_chance(&self, pairs: &[Pair<'_>]) -> Vec<Two> {
        let mut rng = Rng::with_seed(self.terms.seed);
        let of_one = pairs.chunk_by(|one, other| one.at.0 == other.at.0);
        of_one
            .flat_map(|pairs| rng.choose_multiple(pairs.iter().map(|pair| pair.at), self.terms.each))
            .collect()
    }
}

/// Who is joined with whom: each points to another of theirs, the last to itself.
struct Joined(Vec<usize>);

impl Joined {
    fn of(machines: usize) -> Self {
        Self((0..machines).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    /// Whether the two were not joined before.
    fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one] = other;
        one != other
    }
}
