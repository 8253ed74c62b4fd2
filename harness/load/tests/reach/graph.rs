//! Tunnels of WireGuard between any two machines, over IPv4.

use std::collections::BTreeMap;

use model::reach::Reach;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{
    firewalls::{Rules, rank, rules},
    sample::Sample,
};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// By two machines, whether the first lists the second as a peer, and whether it calls it.
type Links = BTreeMap<(usize, usize), (bool, bool)>;

fn links() -> impl Strategy<Value = Links> {
    let link = ((0..5_usize, 0..5_usize), (prop::bool::weighted(0.8), any::<bool>()));
    vec(link, 0..16).prop_map(|links| links.into_iter().filter(|((from, to), _)| from != to).collect())
}

fn sample(links: &Links, rules: &[Rules]) -> Sample {
    let mut sample = Sample::of(&NAMES).role("wg", "wireguard", "peer", &NAMES);
    for (from, name) in NAMES.iter().enumerate() {
        let peer = |((_, to), (_, calls)): (&(usize, usize), &(bool, bool))| {
            let endpoint = calls.then(|| format!("{}:51820", NAMES[*to]));
            json!({"publicKey": format!("key-of-{}", NAMES[*to]), "allowedIPs": [format!("10.0.0.{to}/32")], "endpoint": endpoint})
        };
        let listed = links.iter().filter(|((here, _), (lists, _))| *here == from && *lists);
        let peers: Vec<Value> = listed.map(peer).collect();
        let interface = json!({"ips": [format!("10.0.0.{from}/24")], "listenPort": 51820, "peers": peers});
        sample = sample.interface(name, "wg", interface);
        sample = sample.var(name, "wireguard-keys-wg", "publickey", &format!("key-of-{name}"));
        if let Some(rules) = rules.get(from) {
            sample = sample.fact(name, "firewall", rules.fact());
        }
    }
    sample
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn two_reach_each_other_where_both_list_the_other_and_one_calls(links in links()) {
        let matrix = sample(&links, &[]).matrix();
        for (from, to) in model::matrix::directed(NAMES.len()) {
            let pair = matrix.pair(&matrix.meshes[0], from, to).unwrap();
            let link = |from, to| links.get(&(from, to)).filter(|(lists, _)| *lists);
            let both = link(from, to).zip(link(to, from));
            let linked = both.is_some_and(|((_, there), (_, back))| *there || *back);
            let expected = if linked { Reach::Must } else { Reach::MustNot };
            prop_assert_eq!(pair.reach(), expected, "{} -> {}: {}", from, to, pair.why());
        }
    }

    #[test]
    fn a_rule_that_closes_opens_no_tunnel(
        links in links(),
        rules in vec(rules(), 5..6),
        at in 0..5_usize,
        closing in 0..5_usize,
    ) {
        let before = sample(&links, &rules).matrix();
        let mut closed = rules;
        closed[at] = closed[at].closed(closing);
        let after = sample(&links, &closed).matrix();
        for (before, after) in before.pairs().zip(after.pairs()) {
            prop_assert!(rank(after) <= rank(before), "{} -> {}: {}", after.from, after.to, after.why());
        }
    }
}
