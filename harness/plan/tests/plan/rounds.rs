//! Whom machines are asked about, on any matrix.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    machine::MachineName,
    matrix::{Matrix, Mesh, directed},
    overlay::{Given, Member, Overlay, OverlayKind},
    reach::{Expectation, Probe, Reach},
    reason::{Reason, Who},
    round::{Net, Round},
};
use plan::round::{Terms, draw};
use proptest::{collection::vec, prelude::*, sample::select};

/// So that sampling can be seen on small fleets.
const WHOLE: usize = 4;

fn name(at: usize) -> MachineName {
    MachineName(format!("m{at:04}"))
}

/// A machine for each word: `p` a peer, `c` a controller, `n` a peer without an address, `o` no member; of each pair a reason.
fn matrix(roles: &[char], reasons: &[Reason]) -> Matrix {
    let machines: Vec<MachineName> = (0..roles.len()).map(name).collect();
    let member = |(at, role): (usize, &char)| {
        let role = match role {
            'c' => "controller",
            'p' | 'n' => "peer",
            _ => return None,
        };
        let roles = [(role.to_owned(), Given { named: true, tags: Vec::new() })].into();
        Some((name(at), Member { roles, ..Member::default() }))
    };
    let members: BTreeMap<_, _> = roles.iter().enumerate().filter_map(member).collect();
    let expectation = |(at, (from, to)): (usize, (usize, usize))| {
        let reason = match (roles[from], roles[to]) {
            ('o', _) => Reason::Outsider(Who::From),
            (_, 'o') => Reason::Outsider(Who::To),
            _ => reasons[at % reasons.len()].clone(),
        };
        let address = format!("fd00::{to:x}").parse().unwrap();
        // Nobody has an address who is on no overlay.
        let probe = (!matches!(roles[to], 'o' | 'n'))
            .then(|| Arc::new(Probe { ping: vec![address], tcp: Vec::new() }));
        Expectation { reason, probe }
    };
    let expectations = directed(machines.len()).enumerate().map(expectation).collect();
    let overlay = Overlay { name: "net".to_owned(), kind: OverlayKind::Zerotier, members };
    Matrix { machines, meshes: vec![Mesh { overlay, expectations }] }
}

fn any_matrix() -> impl Strategy<Value = Matrix> {
    let reason =
        prop_oneof![6 => Just(Reason::Members), 2 => Just(Reason::Closed), 1 => Just(Reason::NoController)];
    (vec(select(vec!['p', 'p', 'p', 'c', 'o', 'n']), 0..24), vec(reason, 1..40))
        .prop_map(|(roles, reasons)| matrix(&roles, &reasons))
}

fn drawn(matrix: &Matrix, askers: &BTreeSet<MachineName>, seed: u64) -> Round {
    draw(matrix, &Terms { whole: WHOLE, ..Terms::usual(askers, seed) })
}

type Two = (MachineName, MachineName);

/// Those who are asked about each other.
fn two(net: &Net) -> BTreeSet<Two> {
    targets(net, true)
}

fn targets(net: &Net, shown: bool) -> BTreeSet<Two> {
    let each = net.targets.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let each = each.filter(|(_, to)| to.expectation.can_be_shown() == shown);
    each.map(|(from, to)| (from.clone(), to.to.clone())).collect()
}

/// What can be asked: something is expected, and an address is known.
fn askable(matrix: &Matrix, askers: &BTreeSet<MachineName>) -> Vec<(MachineName, MachineName, Reach)> {
    let pairs = matrix.pairs().filter(|pair| askers.contains(pair.from) && pair.expectation.probe.is_some());
    let told = pairs.filter(|pair| pair.reach() != Reach::Unknown);
    told.map(|pair| (pair.from.clone(), pair.to.clone(), pair.reach())).collect()
}

/// What must be met, and nothing shows it.
fn must_without_address(matrix: &Matrix, askers: &BTreeSet<MachineName>) -> BTreeSet<Two> {
    let pairs = matrix.pairs().filter(|pair| askers.contains(pair.from) && pair.expectation.probe.is_none());
    let must = pairs.filter(|pair| pair.reach() == Reach::Must);
    must.map(|pair| (pair.from.clone(), pair.to.clone())).collect()
}

/// Pairs of members of which nobody can tell what is expected, or nothing shows it.
fn unjudged(matrix: &Matrix) -> usize {
    let is_member = |name| matrix.meshes[0].overlay.members.contains_key(name);
    let members = matrix.pairs().filter(|pair| is_member(pair.from) && is_member(pair.to));
    members.filter(|pair| pair.reach() == Reach::Unknown || pair.expectation.probe.is_none()).count()
}

/// Sets of those who are joined, by pairs that must meet.
fn islands(pairs: impl Iterator<Item = (MachineName, MachineName)>) -> BTreeSet<BTreeSet<MachineName>> {
    let mut islands: Vec<BTreeSet<MachineName>> = Vec::new();
    for (from, to) in pairs {
        let (mut met, apart): (Vec<_>, Vec<_>) =
            islands.into_iter().partition(|island| island.contains(&from) || island.contains(&to));
        met.push([from, to].into());
        islands = apart;
        islands.push(met.into_iter().flatten().collect());
    }
    islands.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_asks_is_asked_about_and_is_joined(matrix in any_matrix(), away in vec(0..24usize, 0..4), seed: u64) {
        let away: BTreeSet<MachineName> = away.into_iter().map(name).collect();
        let askers: BTreeSet<MachineName> = matrix.machines.iter().filter(|name| !away.contains(*name)).cloned().collect();
        let round = drawn(&matrix, &askers, seed);
        prop_assert_eq!(&round, &drawn(&matrix, &askers, seed), "the same seed");
        let (net, all) = (&round.nets[0], askable(&matrix, &askers));
        let chosen = two(net);
        let possible: BTreeSet<_> = all.iter().map(|(from, to, _)| (from.clone(), to.clone())).collect();
        prop_assert!(chosen.is_subset(&possible), "a target that the matrix does not name");
        let ends = |pairs: &BTreeSet<Two>| -> [BTreeSet<MachineName>; 2] {
            [pairs.iter().map(|two| two.0.clone()).collect(), pairs.iter().map(|two| two.1.clone()).collect()]
        };
        prop_assert_eq!(ends(&chosen), ends(&possible), "who asks, and who is asked about");
        let must = |pairs: &BTreeSet<Two>| {
            let must = all.iter().filter(|(_, _, reach)| *reach == Reach::Must);
            let must: BTreeSet<_> = must.map(|(from, to, _)| (from.clone(), to.clone())).collect();
            islands(pairs.iter().filter(move |two| must.contains(*two)).cloned())
        };
        prop_assert_eq!(must(&chosen), must(&possible), "who is joined");
        prop_assert_eq!((net.coverage.asked, net.coverage.of), (chosen.len(), possible.len()));
        let everybody: BTreeSet<MachineName> = matrix.machines.iter().cloned().collect();
        let unasked = askable(&matrix, &everybody).len() - all.len();
        prop_assert_eq!(net.coverage.unasked, unasked, "what begins at somebody who cannot be asked");
        let (blind, held) = (targets(net, false), must_without_address(&matrix, &askers));
        prop_assert!(blind.is_subset(&held), "what cannot be shown is a target only where it must be met");
        prop_assert_eq!(ends(&blind)[0].clone(), ends(&held)[0].clone(), "who is held by it");
        prop_assert_eq!(net.coverage.unjudged, unjudged(&matrix), "what nobody can judge is counted");
        if net.coverage.sample.is_none() {
            prop_assert_eq!(chosen, possible);
            prop_assert_eq!(blind, held);
        } else {
            // A ring and three by chance, four hubs both ways, and what was missing.
            prop_assert!(net.coverage.asked <= (2 + 3 + 8 + 3) * matrix.machines.len());
        }
    }

    #[test]
    fn where_nobody_else_is_nobody_is_asked_about_others(matrix in any_matrix(), there in vec(0..24usize, 0..8)) {
        let askers: BTreeSet<MachineName> = there.into_iter().map(name).filter(|name| matrix.machines.contains(name)).collect();
        let round = draw(&matrix, &Terms { alone: true, ..Terms::usual(&askers, 1) });
        let chosen = two(&round.nets[0]);
        prop_assert!(chosen.iter().all(|(from, to)| askers.contains(from) && askers.contains(to)));
    }
}

#[test]
fn a_large_overlay_is_sampled_and_says_so() {
    let matrix = matrix(&['p'; 150], &[Reason::Members]);
    let askers = matrix.machines.iter().cloned().collect();
    let round = draw(&matrix, &Terms::usual(&askers, 7));
    let coverage = round.nets[0].coverage;
    assert_eq!(coverage.of, 150 * 149);
    assert!((150 * 4..=150 * 5).contains(&coverage.asked), "{coverage:?}");
    assert_eq!(coverage.sample.map(|sample| (sample.each, sample.seed)), Some((3, 7)));
    let other = draw(&matrix, &Terms::usual(&askers, 8));
    assert_ne!(two(&round.nets[0]), two(&other.nets[0]), "another seed asks others");
    let most = round.nets[0].targets.values().map(Vec::len).max();
    assert!(most <= Some(5), "nobody is asked about many more than others: {most:?}");
}

#[test]
fn only_what_is_meant_is_asked_about() {
    let matrix = matrix(&['p', 'p', 'o'], &[Reason::Members]);
    let askers = matrix.machines.iter().cloned().collect();
    let all = draw(&matrix, &Terms::usual(&askers, 0));
    assert_eq!(all.nets[0].run, [name(0), name(1)].into());
    assert_eq!(two(&all.nets[0]).len(), 4, "the stranger asks, and has no address");
    assert_eq!(draw(&matrix, &Terms { overlay: Some("other"), ..Terms::usual(&askers, 0) }).nets, []);
}

/// Who is kept from a machine has no need of its name.
#[test]
fn names_are_asked_of_those_alone_who_must_be_reached() {
    let members = [Reason::Members, Reason::Closed, Reason::Members]
        .into_iter()
        .chain([(); 3].map(|()| Reason::Members));
    let mut matrix = matrix(&['p', 'p', 'p'], &members.collect::<Vec<_>>());
    let address = |at: usize| format!("fd00::{at:x}").parse().unwrap();
    let each = matrix.meshes[0].overlay.members.values_mut();
    each.enumerate().for_each(|(at, member)| member.addresses = vec![address(at)]);
    let named = |at: usize| (format!("n{at}.mesh").parse().unwrap(), [address(at)].into());
    matrix.meshes[0].overlay.members.get_mut(&name(0)).unwrap().names =
        Arc::new([named(0), named(1), named(2)].into());
    let round = draw(&matrix, &Terms::usual(&matrix.machines.iter().cloned().collect(), 0));
    let asked =
        |at: usize| round.questions(&name(at)).names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((asked(0), asked(1)), (vec!["n1.mesh".to_owned()], vec![]));
}
