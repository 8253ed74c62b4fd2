//! What machines say of themselves, to verdicts.

use super::*;
use crate::sighting::{lines, outlook::Distrust};

fn judged(kind: Option<OverlayKind>, lines: &str) -> Verdict {
    let text = format!("{}\naddress fd00::2\n{lines}\nend\n", lines::VERSION);
    let outlook = Outlook::Seen(Box::new(lines::read(&text).unwrap()));
    let (a, b): (MachineName, MachineName) = ("a".into(), "b".into());
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    let expected = Expected {
        owners: [(address("fd00::2"), a.clone()), (address("fd00::3"), b.clone())].into(),
        names: [("b.mesh".to_owned(), [address("fd00::3")].into())].into(),
        overlays: kind
            .into_iter()
            .map(|kind| {
                let members =
                    [(a.clone(), [address("fd00::2")].into()), (b.clone(), [address("fd00::3")].into())];
                (kind, members.into())
            })
            .collect(),
        ..Expected::default()
    };
    verdict(&a, &outlook, &expected, &Limits::default())
}

fn found(kind: Option<OverlayKind>, lines: &str) -> Vec<String> {
    judged(kind, lines).findings().iter().map(|one| format!("{}: {}", one.rule, one.message)).collect()
}

#[test]
fn addresses_and_names() {
    assert_eq!(judged(None, "name b.mesh fd00::3"), Verdict::Pass);
    assert_eq!(found(None, "address fd00::3"), ["mesh/same-address: `a` has fd00::3, which is `b`'s"]);
    assert_eq!(found(None, "name b.mesh nowhere"), ["mesh/name: on `a` the name `b.mesh` leads nowhere"]);
    assert_eq!(
        found(None, "name b.mesh fd00::9"),
        ["mesh/name: on `a` the name `b.mesh` leads to fd00::9, which is not its own"]
    );
}

#[test]
fn wireguard_greets_and_allows_whom_it_should() {
    let kind = Some(OverlayKind::Wireguard);
    let peer = |allowed: &str, at: u32| {
        format!("wireguard now 9000\nwireguard peer wg0 KEY (none) {allowed} {at} 0 0 off")
    };
    assert_eq!(judged(kind, &peer("fd00::/64", 8990)), Verdict::Pass);
    assert_eq!(
        found(kind, &peer("fd00::3/128", 1000)),
        ["mesh/handshake: between `a` and `b` the last handshake is 2 h 13 min old"]
    );
    assert_eq!(
        found(kind, &peer("fd00::3/128", 0)),
        ["mesh/handshake: between `a` and `b` there never was a handshake"]
    );
    assert_eq!(
        found(kind, &peer("fd00::9/128", 0)),
        ["mesh/allowed-ips: on `a` no allowed IPs hold fd00::3 of `b`"],
        "a peer that is nobody's may be away"
    );
}

#[test]
fn yggdrasil_has_peers_and_its_own_address() {
    let kind = Some(OverlayKind::Yggdrasil);
    let said = |address: &str, peers: &str| {
        format!(
            "yggdrasil self {{\"key\":\"ab\",\"address\":\"{address}\"}}\nyggdrasil peers {{\"peers\":[{peers}]}}"
        )
    };
    assert_eq!(judged(kind, &said("fd00::2", r#"{"remote":"tls://b"}"#)), Verdict::Pass);
    assert_eq!(found(kind, &said("fd00::2", "")), ["mesh/no-peers: Yggdrasil on `a` has no peer that is up"]);
    assert!(found(kind, &said("fd00::7", r#"{"up":true}"#))[0].starts_with("mesh/identity"));
    assert!(
        found(kind, &said("fd00::2", r#"{"up":true},{"up":false,"remote":"tls://b"}"#))[0]
            .starts_with("mesh/peer-down: Yggdrasil on `a` has no line to tls://b")
    );
}

#[test]
fn daemons_that_say_nothing() {
    let kind = Some(OverlayKind::Zerotier);
    assert_eq!(found(kind, "zerotier absent"), ["mesh/zerotier: ZeroTier is not there on `a`"]);
    assert!(matches!(
        judged(kind, "zerotier failed 1 authtoken.secret not readable"),
        Verdict::Broken { .. }
    ));
    assert!(matches!(judged(kind, "zerotier info {}"), Verdict::Broken { .. }));
    assert!(matches!(judged(kind, ""), Verdict::Broken { .. }));
    assert_eq!(
        found(kind, "zerotier failed 124 "),
        ["mesh/zerotier: ZeroTier gives no answer in time on `a`"]
    );
}

/// The networks of the three nodes of `zerotier_tests`, of which `a` is the one that says all this.
fn zerotier(info: &str, networks: &str, rest: &str) -> Vec<String> {
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    let all = [
        ("a", "fdab:1705:e7d3:0:199:93e8:fb43:5881"),
        ("b", "fdab:1705:e7d3:0:199:93ed:cb1b:2f1d"),
        ("c", "fdab:1705:e7d3:0:199:93ab:1705:e7d3"),
    ];
    let members = all.map(|(name, own)| (MachineName::from(name), [address(own)].into())).into();
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
    let info = |node: &str, online: bool| {
        format!(
            r#"{{"address":"{node}","publicIdentity":"{node}:0:ab","online":{online},"version":"1.14.1"}}"#
        )
    };
    let (me, ok) = (info("e8fb435881", true), r#"[{"id":"ab1705e7d3000001","status":"OK"}]"#);
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
        zerotier(&info("e8fb435881", false), denied, "zerotier peers []"),
        [
            "mesh/zerotier: ZeroTier on `a` is not online",
            "mesh/zerotier: `a` is not on the ZeroTier network ab1705e7d3000001: ACCESS_DENIED"
        ]
    );
    assert_eq!(
        zerotier(&info("0123456789", true), ok, "zerotier peers []"),
        ["mesh/identity: `a` is the ZeroTier node 0123456789, and its address is that of e8fb435881"]
    );
    let stolen = me.replace("e8fb435881:0", "edcb1b2f1d:0");
    assert_eq!(
        zerotier(&stolen, ok, "zerotier peers []"),
        ["mesh/identity: ZeroTier on `a` says that it is e8fb435881, with the key of another"]
    );
}

/// It controls a network whose number begins with its own, and has to admit all three to it.
#[test]
fn a_controller_admits_the_members() {
    let info =
        r#"{"address":"e8fb435881","publicIdentity":"e8fb435881:0:ab","online":true,"version":"1.14.1"}"#;
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
        zerotier(info, networks, &format!("zerotier peers []\n{members}"))
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

#[test]
fn a_machine_that_is_not_itself_fails_and_one_that_is_offline_does_not() {
    let of = |outlook| verdict(&"a".into(), &outlook, &Expected::default(), &Limits::default());
    let changed = of(Outlook::Distrusted(Distrust::Changed, "words".into()));
    assert_eq!(changed.findings()[0].rule, "mesh/host-key");
    assert!(matches!(of(Outlook::Offline(String::new())), Verdict::Skipped { .. }));
}
