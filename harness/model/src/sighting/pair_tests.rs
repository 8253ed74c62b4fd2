//! Expectation and observation, to verdict and blame.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    overlay::{Overlay, OverlayKind},
    reach::Expectation,
    reason::Who,
    sighting::{lines, outlook::Distrust},
};

/// `a` is 198.18.0.2 and fd00::2, `b` is 198.18.0.3 and fd00::3.
fn seen(own: u8, lines: &str) -> Outlook {
    let text = format!(
        "{}\nprober perl\nicmp 4 raw\nicmp 6 raw\naddress 198.18.0.{own}\naddress fd00::{own}\n{lines}\nend\n",
        lines::VERSION
    );
    Outlook::Seen(Box::new(lines::read(&text).unwrap()))
}

fn judged(reason: Reason, a: Outlook, b: Option<Outlook>) -> Verdict {
    let probe =
        Probe { ping: vec!["198.18.0.3".parse().unwrap()], tcp: vec!["198.18.0.3:22".parse().unwrap()] };
    with(reason, &probe, a, b)
}

fn with(reason: Reason, probe: &Probe, a: Outlook, b: Option<Outlook>) -> Verdict {
    let overlay = Overlay { name: "mesh".into(), kind: OverlayKind::Wireguard, members: BTreeMap::new() };
    let expectation = Expectation { reason, probe: Some(Arc::new(probe.clone())) };
    let (from, to) = ("a".into(), "b".into());
    let pair = Pair { overlay: &overlay, from: &from, to: &to, at: (0, 1), expectation: &expectation };
    let mut outlooks = Outlooks::from([("a".into(), a)]);
    outlooks.extend(b.map(|b| ("b".into(), b)));
    let owners = ["198.18.0.3", "fd00::3"].map(|at| (at.parse().unwrap(), MachineName::from("b"))).into();
    let present = presence::present(&outlooks, &owners);
    verdict(
        &pair,
        &outlooks,
        &present,
        &Limits { latency: Some(Duration::from_millis(100)), ..Limits::default() },
    )
}

/// The rule of the one finding, and what it says.
fn found(verdict: Verdict) -> String {
    match verdict.findings() {
        [one] => format!("{}: {}", one.rule, one.message),
        _ => format!("{verdict:?}"),
    }
}

const GOOD: &str = "ping 198.18.0.3 400\nping 198.18.0.3 500\ntcp 198.18.0.3:22 open 300";
const SILENT: &str = "ping 198.18.0.3 lost\nping 198.18.0.3 lost\ntcp 198.18.0.3:22 silent";

#[test]
fn two_that_must_meet() {
    let cases = [
        (
            SILENT,
            "heard 198.18.0.2",
            "mesh/one-way: `a` does not reach `b` at 198.18.0.3: what it sends arrives",
        ),
        (SILENT, "", "mesh/unreached: `a` does not reach `b` at 198.18.0.3: `b` hears nothing of it"),
        (
            SILENT,
            "icmp 4 datagram",
            "mesh/unreached: `a` does not reach `b` at 198.18.0.3: nothing comes back",
        ),
        (
            "ping 198.18.0.3 lost\ntcp 198.18.0.3:22 open 1",
            "",
            "mesh/no-echo: `b` answers `a` no echo at 198.18.0.3",
        ),
        (
            "ping 198.18.0.3 1\ntcp 198.18.0.3:22 refused",
            "",
            "mesh/refused: `b` refuses `a` at 198.18.0.3:22",
        ),
        (
            "ping 198.18.0.3 1\ntcp 198.18.0.3:22 silent",
            "",
            "mesh/port-silent: `b` answers `a` at 198.18.0.3, but not at",
        ),
        (
            "ping 198.18.0.3 1\nping 198.18.0.3 lost\nping 198.18.0.3 1\ntcp 198.18.0.3:22 open 1",
            "",
            "mesh/loss: between `a` and `b` 1 of 2 echoes are lost",
        ),
        (
            "ping 198.18.0.3 200000\ntcp 198.18.0.3:22 open 1",
            "",
            "mesh/latency: `b` answers `a` after 200.0ms",
        ),
        (
            "ping 198.18.0.3 1\ntcp 198.18.0.3:22 open 1\nmtu 198.18.0.3 1000 1500",
            "",
            "mesh/mtu: packets of at most 1000 bytes pass between `a` and `b`",
        ),
    ];
    for (a, b, expected) in cases {
        let said = found(judged(Reason::Members, seen(2, a), Some(seen(3, b))));
        assert!(said.starts_with(expected), "{said}\n  is not: {expected}");
    }
    assert_eq!(judged(Reason::Members, seen(2, GOOD), Some(seen(3, ""))), Verdict::Pass);
}

#[test]
fn two_that_must_not_meet() {
    let outsider = Reason::Outsider(Who::From);
    let b = || Some(seen(3, ""));
    assert_eq!(judged(outsider.clone(), seen(2, SILENT), b()), Verdict::Pass);
    assert_eq!(judged(outsider.clone(), seen(2, GOOD), b()).findings().len(), 2);
    let refused = "ping 198.18.0.3 lost\ntcp 198.18.0.3:22 refused";
    assert!(found(judged(outsider, seen(2, refused), b())).starts_with("mesh/leak: `a` is refused by `b`"));
    assert_eq!(judged(Reason::Closed, seen(2, refused), b()), Verdict::Pass);
}

#[test]
fn what_was_not_seen_is_neither_good_nor_bad() {
    let broken = Outlook::Broken(Fault { what: "x".into(), remedy: None, detail: vec![] });
    for reason in [Reason::Members, Reason::Outsider(Who::To)] {
        let alone = |outlook| judged(reason.clone(), outlook, None);
        assert!(
            matches!(alone(Outlook::Offline("no route".into())), Verdict::Skipped { reason } if reason.contains("`a` is offline"))
        );
        assert!(matches!(
            alone(Outlook::Distrusted(Distrust::Changed, String::new())),
            Verdict::Skipped { .. }
        ));
        assert!(matches!(alone(Outlook::Denied(String::new())), Verdict::Broken { .. }));
        assert!(matches!(alone(Outlook::TimedOut(Duration::ZERO)), Verdict::TimedOut { .. }));
        assert!(matches!(alone(broken.clone()), Verdict::Broken { .. }));
        // Nothing was asked, and nothing could be.
        let there = |outlook| judged(reason.clone(), outlook, Some(seen(3, "")));
        assert!(matches!(there(seen(2, "")), Verdict::Broken { .. }), "{reason:?}");
        let means = seen(2, "icmp 4 none\ntcp 198.18.0.3:22 no-means");
        assert!(matches!(there(means), Verdict::Broken { .. }));
    }
    assert!(matches!(judged(Reason::NoPeering, seen(2, GOOD), None), Verdict::Skipped { .. }));
    assert!(matches!(with(Reason::Members, &Probe::default(), seen(2, GOOD), None), Verdict::Skipped { .. }));
}

#[test]
fn one_without_the_address_or_ipv6_is_to_blame() {
    let other = found(judged(Reason::Members, seen(2, SILENT), Some(seen(9, ""))));
    assert!(other.contains("`b` does not have this address"), "{other}");
    let probe = Probe { ping: vec!["fd00::3".parse().unwrap()], tcp: vec![] };
    let Outlook::Seen(mut old) = seen(2, "ping fd00::3 unsent Network is unreachable") else {
        unreachable!()
    };
    old.addresses.retain(IpAddr::is_ipv4);
    let said = found(with(Reason::Members, &probe, Outlook::Seen(old), Some(seen(3, ""))));
    assert!(said.ends_with("`a` has no IPv6"), "{said}");
    let Outlook::Seen(mut old) = seen(3, "") else { unreachable!() };
    old.addresses.retain(IpAddr::is_ipv4);
    let said = found(with(Reason::Members, &probe, seen(2, "ping fd00::3 lost"), Some(Outlook::Seen(old))));
    assert!(said.ends_with("`b` has no IPv6"), "{said}");
}

/// One who was not asked, went away while it was, or took too long may be as well asleep as one who is offline.
#[test]
fn of_the_way_to_one_who_may_be_away_nobody_can_tell() {
    let fault = Fault { what: "ssh ended without a word".into(), remedy: None, detail: vec![] };
    let away = [
        (Some(Outlook::Offline("no route".into())), "`b` is offline: no route"),
        (None, "`b` was not asked, and answers nobody else"),
        (
            Some(Outlook::TimedOut(Duration::ZERO)),
            "`b` gave no whole answer in time, and answers nobody else",
        ),
        (
            Some(Outlook::Broken(fault)),
            "`b` was not asked to the end, and answers nobody else: ssh ended without a word",
        ),
    ];
    for (b, told) in away {
        for reason in [Reason::Members, Reason::Outsider(Who::From)] {
            let untold = judged(reason, seen(2, SILENT), b.clone());
            assert_eq!(untold, Verdict::Skipped { reason: told.into() });
        }
        assert_eq!(judged(Reason::Members, seen(2, GOOD), b.clone()), Verdict::Pass, "the overlay meets it");
        assert_eq!(judged(Reason::Outsider(Who::From), seen(2, GOOD), b).findings().len(), 2);
    }
    // One who lets nobody in is there.
    let denied = judged(Reason::Members, seen(2, SILENT), Some(Outlook::Denied(String::new())));
    assert!(found(denied).ends_with("nothing comes back; `b` is there, and was not asked"));
}

/// Of one that is called at two addresses each is answered from the nearest: what is heard over one way says nothing of the other.
#[test]
fn a_direction_is_told_by_the_address_from_which_it_was_asked() {
    let own = |of: u8| -> Vec<IpAddr> {
        ["fd00:1::", "fd00:2::"].map(|net| format!("{net}{of}").parse().unwrap()).into()
    };
    let member = |of: u8| crate::overlay::Member { addresses: own(of), ..Default::default() };
    let members = BTreeMap::from([("a".into(), member(2)), ("b".into(), member(3))]);
    let overlay = Overlay { name: "mesh".into(), kind: OverlayKind::Wireguard, members };
    let probe = Probe { ping: own(3), tcp: vec![] };
    let expectation = Expectation { reason: Reason::Members, probe: Some(Arc::new(probe)) };
    let (from, to) = ("a".into(), "b".into());
    let pair = Pair { overlay: &overlay, from: &from, to: &to, at: (0, 1), expectation: &expectation };
    let told = |heard: &str| {
        let a = seen(2, "address fd00:1::2\naddress fd00:2::2\nping fd00:1::3 lost\nping fd00:2::3 400");
        let b = seen(3, &format!("address fd00:1::3\naddress fd00:2::3\n{heard}"));
        let outlooks = Outlooks::from([("a".into(), a), ("b".into(), b)]);
        found(verdict(&pair, &outlooks, &["a", "b"].map(MachineName::from).into(), &Limits::default()))
    };
    assert!(told("heard fd00:2::2").ends_with("`b` hears nothing of it"), "{}", told("heard fd00:2::2"));
    assert!(told("heard fd00:1::2").starts_with("mesh/one-way"), "{}", told("heard fd00:1::2"));
}
