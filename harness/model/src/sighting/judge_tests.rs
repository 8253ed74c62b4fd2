//! What everybody saw, to one verdict a machine.

use std::sync::Arc;

use super::*;
use crate::{
    overlay::{Member, Overlay, OverlayKind},
    reach::{Expectation, Probe},
    reason::{Reason, Who},
    round::{Coverage, Net, Target},
    sighting::{
        lines,
        outlook::{Distrust, Outlook},
        seen::Sight,
    },
};

fn address(of: &str) -> String {
    format!("fd00::{of}")
}

/// `a` and `b` must meet, and both must meet `c`; `d` is a stranger.
fn round() -> Round {
    let target = |to: &str, reason: Reason| {
        let probe = Probe { ping: vec![address(to).parse().unwrap()], tcp: Vec::new() };
        Target { to: to.into(), expectation: Expectation { reason, probe: Some(Arc::new(probe)) } }
    };
    let must = |to: &str| target(to, Reason::Members);
    let member = |name: &str| {
        let addresses = vec![address(name).parse().unwrap()];
        (MachineName::from(name), Member { addresses, ..Member::default() })
    };
    let net = Net {
        overlay: Overlay {
            name: "net".to_owned(),
            kind: OverlayKind::Wireguard,
            members: ["a", "b", "c"].map(member).into(),
        },
        run: ["a", "b", "c"].map(MachineName::from).into(),
        coverage: Coverage { asked: 7, of: 7, unasked: 0, unjudged: 0, sample: None },
        targets: [
            ("a".into(), vec![must("b"), must("c")]),
            ("b".into(), vec![must("a"), must("c")]),
            ("c".into(), vec![must("a"), must("b")]),
            ("d".into(), vec![target("a", Reason::Outsider(Who::From))]),
        ]
        .into(),
    };
    Round { machines: ["a", "b", "c", "d"].map(MachineName::from).into(), nets: vec![net], guests: None }
}

/// A machine that reaches these, and greeted them just now; of the others nothing came.
fn seen(own: &str, reached: &[&str], lost: &[&str]) -> (MachineName, Outlook) {
    let mut text = format!("{}\nicmp 6 raw\naddress {}\nwireguard now 9000\n", lines::VERSION, address(own));
    for to in reached {
        text += &format!(
            "ping {0} 2000\nping {0} 4000\nping {0} 3000\nmtu {0} 1420 1420\nheard {0}\n",
            address(to)
        );
        text += &format!("wireguard peer wg KEY-{to} (none) {}/128 8990 1 1 off\n", address(to));
    }
    for to in lost {
        text += &format!(
            "ping {} lost\nwireguard peer wg KEY-{to} (none) {}/128 10 1 1 off\n",
            address(to),
            address(to)
        );
    }
    (own.into(), Outlook::Seen(Box::new(lines::read(&(text + "end\n")).unwrap())))
}

fn offline(name: &str) -> (MachineName, Outlook) {
    (name.into(), Outlook::Offline("no route".to_owned()))
}

fn judged<const N: usize>(outlooks: [(MachineName, Outlook); N], of: &str) -> Judged {
    judged_in(&round(), outlooks, of)
}

fn judged_in<const N: usize>(round: &Round, outlooks: [(MachineName, Outlook); N], of: &str) -> Judged {
    Judge::of(round, &Outlooks::from(outlooks)).judge(&of.into(), &Limits::default())
}

fn sights(judged: &Judged) -> Vec<(&str, Sight)> {
    judged.seen.iter().map(|seen| (seen.to.as_str(), seen.sight)).collect()
}

#[test]
fn who_reaches_everybody_passes_and_is_measured() {
    let all = [seen("a", &["b", "c"], &[]), seen("b", &["a", "c"], &[]), seen("c", &["a", "b"], &[])];
    let judged = judged(all, "a");
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(sights(&judged), [("b", Sight::Reached), ("c", Sight::Reached)]);
    let number = |metric: &str, of: Option<&str>| {
        let found =
            judged.measurements.iter().find(|one| one.metric.as_str() == metric && one.of.as_deref() == of);
        found.map(|one| one.value.get())
    };
    assert_eq!(number("mesh/latency", Some("b over net")), Some(0.003));
    assert_eq!(number("mesh/latency-worst", None), Some(0.004));
    assert_eq!((number("mesh/loss", None), number("mesh/mtu", None)), (Some(0.0), Some(1420.0)));
    assert_eq!(number("mesh/handshake", Some("net")), Some(10.0));
}

#[test]
fn a_finding_names_the_pair_and_the_other_pair_is_seen_as_it_is() {
    let all = [seen("a", &["c"], &["b"]), seen("b", &["c"], &["a"]), seen("c", &["a", "b"], &[])];
    let judged = judged(all, "a");
    let rules: Vec<&str> = judged.verdict.findings().iter().map(|one| one.rule.as_str()).collect();
    assert_eq!(rules, ["mesh/handshake", "mesh/unreached"]);
    assert_eq!(sights(&judged), [("b", Sight::Apart), ("c", Sight::Reached)]);
    let of_b = |one: &Measurement| one.of.as_deref() == Some("b over net");
    assert!(!judged.measurements.iter().any(of_b), "what does not answer has no numbers");
}

#[test]
fn who_is_offline_is_skipped_and_nobody_is_blamed_for_it() {
    let all = || [seen("a", &["b"], &["c"]), seen("b", &["a"], &["c"]), offline("c")];
    assert!(
        matches!(judged(all(), "c").verdict, Verdict::Skipped { reason } if reason.contains("`c` is offline"))
    );
    let judged = judged(all(), "a");
    assert_eq!(judged.verdict, Verdict::Pass, "neither by its echoes nor by an old handshake");
    assert_eq!(sights(&judged), [("b", Sight::Reached), ("c", Sight::Untold)]);
}

/// A laptop that nobody has a way to and that sleeps is not told from one that is cut off, until somebody meets it.
#[test]
fn who_was_not_asked_is_there_if_it_answers_somebody() {
    let asleep = judged([seen("a", &["b"], &["c"]), seen("b", &["a"], &["c"])], "a");
    assert_eq!(asleep.verdict, Verdict::Pass, "neither by its echoes nor by an old handshake");
    assert_eq!(sights(&asleep), [("b", Sight::Reached), ("c", Sight::Untold)]);
    for c in [None, Some(offline("c"))] {
        let mut outlooks = Outlooks::from([seen("a", &["b"], &["c"]), seen("b", &["a", "c"], &[])]);
        outlooks.extend(c);
        let round = round();
        let cut = Judge::of(&round, &outlooks).judge(&"a".into(), &Limits::default());
        let rules: Vec<&str> = cut.verdict.findings().iter().map(|one| one.rule.as_str()).collect();
        assert_eq!(rules, ["mesh/handshake", "mesh/unreached"], "`b` meets it, and `a` does not");
    }
}

#[test]
fn where_nothing_can_be_told_nothing_passes() {
    let alone = judged([seen("a", &[], &["b", "c"]), offline("b"), offline("c")], "a");
    assert!(matches!(alone.verdict, Verdict::Skipped { .. }), "{alone:?}");
    let asleep = judged([seen("d", &[], &["a"]), offline("a")], "d");
    assert!(matches!(asleep.verdict, Verdict::Skipped { .. }), "who sleeps keeps nobody out: {asleep:?}");
    assert!(matches!(judged([], "a").verdict, Verdict::Skipped { .. }));
}

/// The owner states that `a` must reach `c`, whose address nobody knows: that all others are met does not show it.
#[test]
fn who_must_meet_one_without_an_address_is_held_by_it() {
    let mut round = round();
    for target in
        round.nets[0].targets.get_mut("a").unwrap().iter_mut().filter(|target| target.to == "c".into())
    {
        target.expectation.probe = None;
    }
    let judged = judged_in(&round, [seen("a", &["b", "c"], &[]), seen("b", &["a"], &[])], "a");
    assert_eq!(sights(&judged), [("b", Sight::Reached), ("c", Sight::Untold)]);
    let reason = "no address of `c` is known that could be asked".to_owned();
    assert_eq!(judged.verdict, Verdict::Skipped { reason });
}

#[test]
fn what_is_wrong_goes_before_what_could_not_be_told() {
    let late = Verdict::TimedOut { limit: std::time::Duration::ZERO };
    let fault =
        |what: &str| Verdict::Broken { fault: Fault { what: what.to_owned(), remedy: None, detail: vec![] } };
    let wrong = judged([seen("d", &["a"], &[])], "d").verdict;
    assert_eq!(wrong.findings()[0].rule, "mesh/leak");
    assert_eq!(together(fault("x"), vec![wrong.clone(), Verdict::Pass], None), wrong);
    assert_eq!(together(fault("x"), vec![late.clone()], None), late);
    let Verdict::Broken { fault: both } = together(fault("x"), vec![fault("y"), fault("x")], None) else {
        panic!("broken")
    };
    assert_eq!((both.what.as_str(), both.detail), ("x", vec!["y".to_owned()]));
}

/// A key that is not its own says that somebody else answers; who calls it, and who is where it is called, say who that is.
#[test]
fn whoever_answers_in_the_place_of_another_is_named() {
    let at = |name: &str, endpoint: &str, own: &str| {
        let text = format!(
            "{}\naddress {}\naddress {own}\nwireguard now 9000\n\
             wireguard peer wg KEY-b {endpoint} {}/128 8990 1 1 off\nend\n",
            lines::VERSION,
            address(name),
            address("b")
        );
        (MachineName::from(name), Outlook::Seen(Box::new(lines::read(&text).unwrap())))
    };
    let b = |what| ("b".into(), Outlook::Distrusted(what, String::new()));
    let found = |c_has: &str| {
        let (a, c) = (at("a", "198.18.0.3:51820", "198.18.0.2"), at("c", "(none)", c_has));
        let verdict = judged([a, b(Distrust::Changed), c], "b").verdict;
        verdict.findings().iter().map(|one| format!("{}: {}", one.rule, one.message)).collect::<Vec<_>>()
    };
    let changed = "mesh/host-key: `b` does not prove to be itself: its host key is not the one that is known";
    assert_eq!(found("198.18.0.4"), [changed]);
    assert_eq!(
        found("198.18.0.3"),
        [changed, "mesh/same-address: `c` has 198.18.0.3, at which others call `b`"]
    );
}
