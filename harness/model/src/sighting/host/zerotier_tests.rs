//! What ZeroTier says of itself, to verdicts.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::*;
use crate::{
    sighting::{
        host::{Expected, verdict},
        lines,
        outlook::Outlook,
        pair::Limits,
        zerotier::identity::NODES,
    },
    verdict::Verdict,
};

/// Who `a` and `b` are.
const A: &str = NODES[1];
const B: &str = NODES[2];

fn info(identity: &str, online: bool) -> String {
    let node = identity.split(':').next().unwrap_or_default();
    format!(r#"{{"address":"{node}","publicIdentity":"{identity}","online":{online},"version":"1.14.1"}}"#)
}

/// The three nodes of `zerotier_tests` on a network, of which `a` is the one that says all this.
const OF_C: [(&str, &str); 3] = [
    ("a", "fdab:1705:e7d3:0:199:93e8:fb43:5881"),
    ("b", "fdab:1705:e7d3:0:199:93ed:cb1b:2f1d"),
    ("c", "fdab:1705:e7d3:0:199:93ab:1705:e7d3"),
];

/// The same on the network that `a` controls.
const OF_A: [(&str, &str); 3] = [
    ("a", "fde8:fb43:5881:0:199:93e8:fb43:5881"),
    ("b", "fde8:fb43:5881:0:199:93ed:cb1b:2f1d"),
    ("c", "fde8:fb43:5881:0:199:93ab:1705:e7d3"),
];

fn zerotier(info: &str, networks: &str, rest: &str) -> Vec<String> {
    zerotier_of(&OF_C, info, networks, rest)
}

fn zerotier_of(all: &[(&str, &str)], info: &str, networks: &str, rest: &str) -> Vec<String> {
    let mut members: BTreeMap<MachineName, BTreeSet<IpAddr>> = BTreeMap::new();
    for (name, own) in all {
        members.entry((*name).into()).or_default().insert(own.parse().unwrap());
    }
    let expected = Expected { overlays: [(OverlayKind::Zerotier, members)].into(), ..Expected::default() };
    let text =
        format!("{}\nzerotier info {info}\nzerotier networks {networks}\n{rest}\nend\n", lines::VERSION);
    let outlook = Outlook::Seen(Box::new(lines::read(&text).unwrap()));
    match verdict(&"a".into(), &outlook, &expected, &Limits::default()) {
        Verdict::Broken { fault } => vec![format!("broken: {}", fault.what)],
        told => told.findings().iter().map(|one| format!("{}: {}", one.rule, one.message)).collect(),
    }
}

#[test]
fn zerotier_is_online_on_its_network_and_the_node_that_it_should_be() {
    let (me, ok) = (info(A, true), r#"[{"id":"ab1705e7d3000001","status":"OK"}]"#);
    let peers = |paths: &str| {
        format!(r#"zerotier peers [{{"address":"edcb1b2f1d","role":"LEAF","paths":[{paths}]}}]"#)
    };
    assert_eq!(zerotier(&me, ok, &peers(r#"{"active":true}"#)), [""; 0]);
    assert_eq!(
        zerotier(&me, ok, &peers("")),
        ["mesh/relayed: `a` meets `b` over ZeroTier only through somebody else"]
    );
    let denied = r#"[{"id":"ab1705e7d3000001","status":"ACCESS_DENIED"}]"#;
    assert_eq!(
        zerotier(&info(A, false), denied, "zerotier peers []"),
        [
            "mesh/zerotier: ZeroTier on `a` is not online",
            "mesh/zerotier: `a` is not on the ZeroTier network ab1705e7d3000001: ACCESS_DENIED"
        ]
    );
    assert_eq!(
        zerotier(&info(B, true), ok, "zerotier peers []"),
        ["mesh/identity: `a` is the ZeroTier node edcb1b2f1d, and its address is that of e8fb435881"]
    );
}

/// A node's word for its address is not taken, nor for that its keys come to it.
#[test]
fn a_zerotier_address_is_what_the_keys_come_to() {
    let ok = r#"[{"id":"ab1705e7d3000001","status":"OK"}]"#;
    let says = |own: &str, identity: &str| {
        let info = info(identity, true);
        zerotier(&info.replacen(&identity[..10], own, 1), ok, "zerotier peers []")
    };
    assert_eq!(says("e8fb435881", A), [""; 0]);
    let stolen =
        ["mesh/identity: ZeroTier on `a` says that it is e8fb435881, and its keys come to edcb1b2f1d"];
    assert_eq!(says("e8fb435881", B), stolen);
    assert_eq!(says("e8fb435881", &B.replace("edcb1b2f1d", "e8fb435881")), stolen);
    let made_up = format!("e8fb435881:0:{}", "ab".repeat(64));
    assert_eq!(
        says("e8fb435881", &made_up),
        ["mesh/identity: ZeroTier on `a` says that it is e8fb435881, and its keys come to no address"]
    );
    assert_eq!(
        says("e8fb435881", "e8fb435881:1:ab"),
        ["broken: the identity of ZeroTier on `a` is of a form that is not known here"]
    );
}

/// It controls a network whose number begins with its own, and has to admit all three to it.
#[test]
fn a_controller_admits_the_members() {
    let info = info(A, true);
    let networks = r#"[{"id":"ab1705e7d3000001","status":"OK"},{"id":"e8fb435881000001","status":"OK"}]"#;
    let member = |node: &str, authorized: bool| {
        format!(r#"{{"address":"{node}","nwid":"e8fb435881000001","authorized":{authorized}}}"#)
    };
    let judged = |members: &str| {
        let members = if members.is_empty() {
            String::new()
        } else {
            format!("zerotier members {{\"data\":[{members}]}}")
        };
        zerotier_of(&OF_A, &info, networks, &format!("zerotier peers []\n{members}"))
    };
    let [a, b, c] = ["e8fb435881", "edcb1b2f1d", "ab1705e7d3"].map(|node| member(node, true));
    assert_eq!(judged(&format!("{a},{b},{c}")), [""; 0]);
    let unadmitted = |name: &str, node: &str| {
        format!(
            "mesh/unadmitted: the controller on `a` does not admit `{name}`, node {node}, to e8fb435881000001"
        )
    };
    assert_eq!(judged(&format!("{a},{c}")), [unadmitted("b", "edcb1b2f1d")]);
    assert_eq!(judged(&format!("{a},{b},{}", member("ab1705e7d3", false))), [unadmitted("c", "ab1705e7d3")]);
    assert_eq!(judged(""), ["broken: the controller on `a` does not say whom it admits to e8fb435881000001"]);
}

/// A member of a network that it controls is not to be admitted to it for being on another one.
#[test]
fn only_those_on_a_network_are_admitted_to_it() {
    let networks = r#"[{"id":"ab1705e7d3000001","status":"OK"},{"id":"e8fb435881000001","status":"OK"}]"#;
    let admits =
        r#"zerotier members {"data":[{"address":"e8fb435881","nwid":"e8fb435881000001","authorized":true}]}"#;
    let rest = format!("zerotier peers []\n{admits}");
    assert_eq!(zerotier_of(&[OF_C[0], OF_C[1], OF_A[0]], &info(A, true), networks, &rest), [""; 0]);
}

/// What somebody joins beside the fleet's networks is no matter of the fleet.
#[test]
fn networks_of_others_are_not_judged() {
    let (me, ours) = (info(A, true), r#"{"id":"ab1705e7d3000001","status":"OK"}"#);
    let foreign = |status: &str| format!(r#"{{"id":"8056c2e21c123456","status":"{status}"}}"#);
    let denied = foreign("ACCESS_DENIED");
    assert_eq!(zerotier(&me, &format!("[{denied},{ours}]"), "zerotier peers []"), [""; 0]);
    for status in ["OK", "ACCESS_DENIED"] {
        let alone = zerotier(&me, &format!("[{}]", foreign(status)), "zerotier peers []");
        let told = "mesh/zerotier: `a` has joined no ZeroTier network on which its address fdab:1705:e7d3:0:199:93e8:fb43:5881 lies";
        assert_eq!(alone, [told]);
    }
    let given = r#"[{"id":"8056c2e21c123456","status":"OK","assignedAddresses":["fd00::5/64"]}]"#;
    assert_eq!(zerotier_of(&[("a", "fd00::5")], &me, given, "zerotier peers []"), [""; 0], "it was given it");
}
