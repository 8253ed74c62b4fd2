//! What is shown of who must reach whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use insta::assert_snapshot;
use model::{
    exception::{Exception, Party},
    machine::MachineName,
    matrix::{Matrix, Mesh, directed, place},
    overlay::{Given, Member, Overlay, OverlayKind},
    place::Place,
    reach::{Expectation, Probe, Reach},
    reason::{Reason, Who},
};
use proptest::prelude::*;
use reports::{
    Look,
    matrix::{Extract, render, write},
};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// Machines that are all on one ZeroTier network, but the last, and reach each other.
fn matrix(machines: &[&str]) -> Matrix {
    let outsider = machines.len() - 1;
    let reason = |(from, to): (usize, usize)| match (from == outsider, to == outsider) {
        (true, _) => Reason::Outsider(Who::From),
        (_, true) => Reason::Outsider(Who::To),
        _ => Reason::Members,
    };
    let probe = Some(Arc::new(Probe {
        ping: vec!["fd00::1".parse().unwrap()],
        tcp: vec!["[fd00::1]:22".parse().unwrap()],
    }));
    let expectation = |pair| Expectation { reason: reason(pair), probe: probe.clone() };
    let member = |name: &&str| {
        (
            MachineName::from(*name),
            Member {
                roles: BTreeMap::from([(
                    "peer".to_owned(),
                    Given { named: false, tags: vec!["all".to_owned()] },
                )]),
                addresses: vec!["fd00::1".parse().unwrap()],
                ..Member::default()
            },
        )
    };
    let members = machines[..outsider].iter().map(member).collect();
    let overlay = Overlay { name: "net".to_owned(), kind: OverlayKind::Zerotier, members };
    let expectations = directed(machines.len()).map(expectation).collect();
    Matrix {
        machines: machines.iter().map(|name| (*name).into()).collect(),
        meshes: vec![Mesh { overlay, expectations }],
    }
}

fn because(mut matrix: Matrix, from: usize, to: usize, reason: Reason) -> Matrix {
    let at = place(matrix.machines.len(), from, to).unwrap();
    matrix.meshes[0].expectations[at].reason = reason;
    matrix
}

/// One of each kind.
fn sample() -> Matrix {
    let all = matrix(&["cinnabar", "electrum", "galena", "stibnite", "zinc"]);
    let all = because(all, 0, 1, Reason::Closed);
    let all = because(all, 1, 2, Reason::NoRoute(Who::From));
    let all = because(all, 2, 1, Reason::NoRoute(Who::From));
    let all = because(all, 2, 3, Reason::NotTold(Who::To));
    let all = because(all, 3, 2, Reason::NotTold(Who::From));
    because(all, 3, 0, stated(Reach::MustNot))
}

/// In the place of two members.
fn stated(reach: Reach) -> Reason {
    let exception = Exception {
        from: Party::default(),
        to: Party::default(),
        overlay: None,
        reach,
        reason: "guests stay away".to_owned(),
        place: Place::new("fleet.toml".to_owned(), 7, 1),
    };
    Reason::Stated(Arc::new(exception), Box::new(Reason::Members))
}

fn extract<'a>(matrix: &'a Matrix, machines: &'a BTreeSet<MachineName>) -> Extract<'a> {
    Extract { tool: "1.2.3", fleet: "harbour", matrix, machines, overlay: None }
}

fn shown(matrix: &Matrix, width: usize) -> String {
    render(&extract(matrix, &BTreeSet::new()), Look { width, ..Look::default() })
}

fn document(extract: &Extract<'_>) -> Value {
    let mut bytes = Vec::new();
    write(extract, &mut bytes).unwrap();
    assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 1);
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn what_is_special_comes_first_then_the_table_then_why_nobody_can_tell() {
    assert_snapshot!(shown(&sample(), 100));
}

#[test]
fn a_machine_that_is_named_has_all_of_its_pairs_with_their_reasons() {
    let machines = BTreeSet::from(["cinnabar".into(), "zinc".into()]);
    let matrix = sample();
    assert_snapshot!(render(&extract(&matrix, &machines), Look { width: 80, ..Look::default() }));
}

#[test]
fn a_table_that_does_not_fit_has_those_with_special_pairs_and_says_so() {
    let names: Vec<String> = (0..500).map(|number| format!("m{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let matrix = because(matrix(&names), 400, 499, Reason::Uninvited(Who::To));
    let matrix = because(matrix, 300, 301, Reason::Closed);
    let text = shown(&matrix, 60);
    assert!(text.contains(" 1 m300 "), "{text}");
    assert!(text.contains(" 2 m301 "), "{text}");
    assert!(text.contains(" 3 m000 ") && !text.contains("m400 "), "{text}");
    assert!(text.contains("26 of 500 machines fit, those with special pairs first"), "{text}");
    assert_eq!(
        document(&extract(&matrix, &BTreeSet::new()))["overlays"][0]["pairs"].as_array().unwrap().len(),
        500 * 499
    );
}

#[test]
fn an_exception_that_changes_nothing_is_told() {
    let matrix = because(matrix(&["a", "b", "c"]), 0, 1, stated(Reach::Must));
    let told = "a -> b must reach: as fleet.toml:7:1 states: guests stay away (that follows anyway: both are members)";
    assert!(shown(&matrix, 200).contains(told));
}

#[test]
fn a_narrow_screen_has_a_table_too() {
    let text =
        shown(&matrix(&["a-name-as-long-as-a-host-may-have", "b-name-as-long-as-a-host-may-have", "c"]), 20);
    assert!(text.contains("\n1 a-na.. . +\n2 b-na.. + .\n"), "{text}");
}

#[test]
fn all_that_is_listed_of_an_overlay_shares_its_lines() {
    let names: Vec<String> = (0..40).map(|number| format!("m{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let apart = (1..31).fold(matrix(&names), |matrix, to| because(matrix, 0, to, Reason::Closed));
    let named = BTreeSet::from(["m00".into()]);
    let text = render(&extract(&apart, &named), Look { width: 120, ..Look::default() });
    assert_eq!(text.lines().filter(|line| line.contains(" -> ")).count(), 50, "{text}");
    assert!(text.contains("\n  and 28 more pairs (see --format json)\n"), "{text}");
}

#[test]
fn pairs_and_reasons_that_do_not_fit_are_counted() {
    let names: Vec<String> = (0..40).map(|number| format!("m{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let apart = (0..38)
        .fold(matrix(&names), |matrix, from| because(matrix, from, from + 1, Reason::NoRoute(Who::From)));
    let apart =
        (0..38).fold(apart, |matrix, from| because(matrix, from + 1, from, Reason::NoRoute(Who::From)));
    assert!(shown(&apart, 100).contains("\n  and 26 more pairs (see --format json)\n"));
    let told = |from| Reason::NotTold(if from % 2 == 0 { Who::From } else { Who::To });
    let vague = directed(39).fold(matrix(&names), |matrix, (from, to)| because(matrix, from, to, told(from)));
    let text = shown(&vague, 100);
    let (_, reasons) = text.split_once("unknown, because\n").unwrap();
    assert_eq!(reasons.lines().count(), 13, "{reasons}");
    let counted = reasons.lines().map(|line| {
        line.rsplit_once(": ").map_or(0, |(_, pairs)| pairs.split(' ').next().unwrap().parse().unwrap())
    });
    let listed: usize = counted.sum();
    assert!(
        reasons
            .ends_with(&format!("and 27 more reasons of {} pairs (see --format json)\n", 39 * 38 - listed)),
        "{reasons}"
    );
}

#[test]
fn a_fleet_without_an_overlay_says_so() {
    let none = Matrix { machines: vec!["a".into()], meshes: Vec::new() };
    let text = shown(&none, 100);
    assert!(text.contains("no instance of the inventory is one of clan's services"), "{text}");
    assert_eq!(document(&extract(&none, &BTreeSet::new()))["overlays"], json!([]));
}

#[test]
fn the_document_holds_every_pair_with_what_shows_it() {
    let matrix = sample();
    let whole = document(&extract(&matrix, &BTreeSet::new()));
    let overlay = &whole["overlays"][0];
    assert_eq!(overlay["pairs"].as_array().unwrap().len(), 20);
    let members = overlay["members"].as_object().unwrap();
    assert_eq!(members.keys().collect::<Vec<_>>(), ["cinnabar", "electrum", "galena", "stibnite"]);
    assert_eq!(
        members["galena"],
        json!({"roles": {"peer": {"named": false, "tags": ["all"]}}, "addresses": ["fd00::1"]})
    );
    assert_eq!(
        overlay["counts"],
        json!({"must": 6, "must_not": 12, "unknown": 2, "outside": 8, "stated": 1})
    );
    let stated = overlay["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["from"] == "stibnite" && pair["to"] == "cinnabar");
    let expected = json!({
        "from": "stibnite", "to": "cinnabar", "reach": "must-not", "why": "as fleet.toml:7:1 states: guests stay away",
        "instead": {"reach": "must", "why": "both are members"},
        "probe": {"ping": ["fd00::1"], "tcp": ["[fd00::1]:22"]},
    });
    assert_eq!(stated, Some(&expected));
    let one = BTreeSet::from(["zinc".into()]);
    assert_eq!(document(&extract(&matrix, &one))["overlays"][0]["pairs"].as_array().unwrap().len(), 8);
    let elsewhere = Extract { overlay: Some("other"), ..extract(&matrix, &one) };
    assert_eq!(document(&elsewhere)["overlays"], json!([]));
}

#[test]
fn every_key_of_the_document_is_documented() {
    let page = include_str!("../../JSON.md");
    let (_, page) = page.split_once("## The matrix").expect("a part of the page");
    let mut keys = BTreeSet::new();
    super::formats::collect(&document(&extract(&sample(), &BTreeSet::new())), &mut keys);
    let names: BTreeSet<String> = sample().machines.iter().map(|name| name.0.clone()).collect();
    let silent: Vec<&String> =
        keys.difference(&names).filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert_eq!(silent, Vec::<&String>::new(), "JSON.md says nothing of these keys");
    assert!(keys.len() > 20, "{keys:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_line_is_wider_than_the_screen(
        names in prop::collection::btree_set("(漢字|ä|\u{1b}\\[31m|\u{202e}|[a-z-]){1,40}", 2..40),
        width in 20..120_usize,
        closed in 0..30_usize,
    ) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let pairs = directed(names.len()).take(closed);
        let matrix = pairs.fold(matrix(&names), |matrix, (from, to)| because(matrix, from, to, Reason::NotTold(Who::To)));
        for machines in [BTreeSet::new(), BTreeSet::from([names[0].into()])] {
            let text = render(&extract(&matrix, &machines), Look { width, ..Look::default() });
            for line in text.lines() {
                prop_assert!(line.width() <= width && !line.contains('\u{1b}'), "{line}");
            }
        }
    }
}
