//! What holds for every fleet's matrix.

use super::{
    firewalls::{Rules, rank, rules},
    sample::Sample,
};
use model::{matrix::Matrix, reach::Reach};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::BTreeSet;

/// A fleet as numbers: each machine's part in three overlays, and its firewall.
#[derive(Debug, Clone)]
struct Parts {
    machines: Vec<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    zerotier: bool,
    wireguard: Tunnel,
    yggdrasil: Option<usize>,
    firewall: Rules,
    evaluated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Tunnel {
    None,
    Peer,
    Controller,
}

const NAMES: [&str; 9] = ["a0", "b1", "c2", "d3", "e4", "f5", "g6", "h7", "i8"];

fn part() -> impl Strategy<Value = Part> {
    let tunnel = select(vec![Tunnel::None, Tunnel::Peer, Tunnel::Peer, Tunnel::Controller]);
    let parts = (any::<bool>(), tunnel, proptest::option::of(0..9_usize), rules(), prop::bool::weighted(0.9));
    parts.prop_map(|(zerotier, wireguard, yggdrasil, firewall, evaluated)| Part {
        zerotier,
        wireguard,
        yggdrasil,
        firewall,
        evaluated,
    })
}

fn parts() -> impl Strategy<Value = Parts> {
    vec(part(), 1..8).prop_map(|machines| Parts { machines })
}

impl Parts {
    /// The fleet, its machines called so.
    fn sample(&self, names: &[&str]) -> Sample {
        let named = || self.machines.iter().zip(names.iter().copied());
        let those = |is: &dyn Fn(&Part) -> bool| -> Vec<&str> {
            named().filter(|(part, _)| is(part)).map(|(_, name)| name).collect()
        };
        let used = &names[..self.machines.len()];
        let mut sample = Sample::of(used);
        let joined = those(&|part| part.zerotier);
        if let [controller, peers @ ..] = joined.as_slice() {
            sample = sample.zerotier("zt", controller, peers);
        }
        let of = |tunnel| those(&move |part: &Part| part.wireguard == tunnel);
        sample = sample.wireguard("wg", &of(Tunnel::Controller), &of(Tunnel::Peer));
        for (index, (part, name)) in named().enumerate() {
            if let Some(peer) = part.yggdrasil {
                let address = format!("200::{}", index + 1);
                let peer = match peer {
                    8 => Some("tcp://stranger.example:1".to_owned()),
                    peer => used.get(peer).map(|peer| format!("tcp://{peer}.clan:1")),
                };
                let peers: Vec<&str> = peer.iter().map(String::as_str).collect();
                sample = sample.yggdrasil("ygg", name, &address, &peers);
            }
            sample = sample.fact(name, "firewall", part.firewall.fact());
            if !part.evaluated {
                sample = sample.unevaluated(name);
            }
        }
        sample
    }

    fn matrix(&self) -> Matrix {
        self.sample(&NAMES).matrix()
    }
}

/// What is expected over an overlay of one machine towards another.
fn reach(matrix: &Matrix, overlay: &str, from: &str, to: &str) -> Option<Reach> {
    let mesh = matrix.meshes.iter().find(|mesh| mesh.overlay.name == overlay)?;
    Some(matrix.pair(mesh, matrix.index(from)?, matrix.index(to)?)?.reach())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn there_is_an_expectation_for_every_two_in_both_directions(parts in parts()) {
        let matrix = parts.matrix();
        let machines = parts.machines.len();
        for mesh in &matrix.meshes {
            prop_assert_eq!(mesh.expectations.len(), machines * (machines - 1));
            prop_assert_eq!(matrix.of(mesh).count(), machines * (machines - 1));
            let two: BTreeSet<_> = matrix.of(mesh).map(|pair| (pair.from, pair.to)).collect();
            prop_assert!(two.len() == machines * (machines - 1) && two.iter().all(|(from, to)| from != to));
        }
    }

    #[test]
    fn two_that_share_no_overlay_never_have_to_reach_each_other(parts in parts()) {
        for pair in parts.matrix().pairs() {
            let members = &pair.overlay.members;
            let shared = members.contains_key(pair.from) && members.contains_key(pair.to);
            prop_assert!(shared || pair.reach() != Reach::Must, "{}", pair.why());
            // Whoever has to be reached can be asked.
            let asked = pair.expectation.probe.as_ref().is_some_and(|probe| !probe.is_empty());
            prop_assert!(pair.reach() != Reach::Must || asked, "{}", pair.why());
        }
    }

    #[test]
    fn a_new_peer_takes_no_reach_from_others(parts in parts(), mut new in part()) {
        new.wireguard = if new.wireguard == Tunnel::Controller { Tunnel::Peer } else { new.wireguard };
        let before = parts.matrix();
        let mut more = parts.clone();
        more.machines.push(new);
        let after = more.matrix();
        for pair in before.pairs().filter(|pair| pair.reach() == Reach::Must) {
            let name = &pair.overlay.name;
            prop_assert_eq!(reach(&after, name, pair.from.as_str(), pair.to.as_str()), Some(Reach::Must));
        }
    }

    #[test]
    fn zerotier_is_symmetric_where_no_firewall_stands(mut parts in parts()) {
        parts.machines.iter_mut().for_each(|part| part.firewall.enable = false);
        let matrix = parts.matrix();
        for pair in matrix.pairs().filter(|pair| pair.overlay.name == "zt") {
            let back = reach(&matrix, "zt", pair.to.as_str(), pair.from.as_str());
            prop_assert_eq!(back, Some(pair.reach()));
        }
    }

    #[test]
    fn a_rule_that_closes_opens_no_pair(parts in parts(), at in 0..8_usize, closing in 0..5_usize) {
        let before = parts.matrix();
        let mut closed = parts.clone();
        let at = at % parts.machines.len();
        closed.machines[at].firewall = closed.machines[at].firewall.closed(closing);
        let after = closed.matrix();
        for (before, after) in before.pairs().zip(after.pairs()) {
            prop_assert!(rank(after) <= rank(before), "{} -> {}: {}", after.from, after.to, after.why());
        }
    }

    #[test]
    fn an_exception_changes_its_own_pairs_alone(
        parts in parts(),
        from in vec(0..8_usize, 1..3),
        to in vec(0..8_usize, 1..3),
        overlay in select(vec![None, Some("zt"), Some("wg"), Some("ygg")]),
        reach in select(vec![Reach::Must, Reach::MustNot, Reach::Unknown]),
    ) {
        let named = |places: &[usize]| -> Vec<&str> { places.iter().map(|place| NAMES[place % parts.machines.len()]).collect() };
        let (from, to) = (named(&from), named(&to));
        let over = overlay.map(|name| format!("overlay = \"{name}\"\n")).unwrap_or_default();
        let word = serde_json::to_string(&reach).unwrap();
        let fields = format!("from.machines = {from:?}\nto.machines = {to:?}\n{over}reach = {word}");
        let (before, after) = (parts.matrix(), parts.sample(&NAMES).exception(&fields).matrix());
        for (before, after) in before.pairs().zip(after.pairs()) {
            let members = &before.overlay.members;
            let shared = members.contains_key(before.from) && members.contains_key(before.to);
            let over = overlay.map_or(shared, |name| name == before.overlay.name);
            if over && from.contains(&before.from.as_str()) && to.contains(&before.to.as_str()) {
                prop_assert_eq!(after.reach(), reach);
                prop_assert!(after.why().ends_with("states: known"), "{}", after.why());
            } else {
                prop_assert_eq!(after.expectation, before.expectation);
            }
        }
    }

    #[test]
    fn names_decide_nothing(parts in parts(), names in Just(NAMES.to_vec()).prop_shuffle()) {
        // Who controls a ZeroTier network is the first by place, not by name.
        let one = parts.matrix();
        let other = parts.sample(&names).matrix();
        let called = |name: &str| NAMES.iter().position(|known| *known == name).map(|index| names[index]);
        for pair in one.pairs() {
            let (from, to) = (called(pair.from.as_str()).unwrap(), called(pair.to.as_str()).unwrap());
            prop_assert_eq!(reach(&other, &pair.overlay.name, from, to), Some(pair.reach()));
        }
    }
}
