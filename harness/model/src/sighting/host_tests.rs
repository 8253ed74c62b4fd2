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
        machines: [a.clone(), b.clone()].into(),
        places: [address("198.18.0.2"), address("198.18.0.3"), address("fd00::3")].into(),
        names: [("b.mesh".parse().unwrap(), [address("fd00::3")].into())].into(),
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
    assert_eq!(
        found(None, "name b.mesh nowhere"),
        ["mesh/name: on `a` the name `b.mesh` of `b` leads nowhere, and is to lead to fd00::3"]
    );
    assert_eq!(
        found(None, "name b.mesh fd00::9"),
        ["mesh/name: on `a` the name `b.mesh` of `b` leads to fd00::9, and is to lead to fd00::3"]
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

/// A hub is given the whole network, and leads to everybody but the one who is called by itself.
#[test]
fn a_peer_is_who_has_its_key_and_not_whoever_its_allowed_ips_hold() {
    let kind = Some(OverlayKind::Wireguard);
    let peers = "wireguard now 9000\n\
        wireguard peer wg0 HUB (none) fd00::/64 8990 0 0 off\n\
        wireguard peer wg0 B (none) fd00::3/128 8990 0 0 off";
    assert_eq!(judged(kind, peers), Verdict::Pass);
    // The hub alone is silent; that its networks hold the address of `b` does not make it `b`.
    let silent = peers.replacen("8990", "0", 1);
    assert_eq!(judged(kind, &silent), Verdict::Pass, "nobody that is to be met is behind it");
    let b_by_the_hub = "wireguard now 9000\nwireguard peer wg0 HUB (none) fd00::/64 0 0 0 off";
    assert_eq!(
        found(kind, b_by_the_hub),
        ["mesh/handshake: between `a` and `b` there never was a handshake"],
        "whose the key is nobody said"
    );
    assert_eq!(
        with_key("HUB", "hub", b_by_the_hub),
        ["mesh/handshake: between `a` and `hub` there never was a handshake"]
    );
    assert_eq!(with_key("HUB", "stranger", b_by_the_hub), [""; 0], "whom it need not meet");
    assert_eq!(found(kind, "wireguard now 9000"), ["mesh/wireguard: no interface of WireGuard is up on `a`"]);
}

/// What `a` finds, where a key is known to be somebody's: it is to meet `b` and `hub`.
fn with_key(key: &str, owner: &str, lines: &str) -> Vec<String> {
    let text = format!("{}\naddress fd00::2\n{lines}\nend\n", lines::VERSION);
    let outlook = Outlook::Seen(Box::new(lines::read(&text).unwrap()));
    let address = |text: &str| -> IpAddr { text.parse().unwrap() };
    let members = [("a", "fd00::2"), ("b", "fd00::3"), ("hub", "fd00::1")]
        .map(|(name, own)| (MachineName::from(name), [address(own)].into()));
    let expected = Expected {
        keys: [(key.to_owned(), owner.into())].into(),
        overlays: [(OverlayKind::Wireguard, members.into())].into(),
        ..Expected::default()
    };
    let verdict = verdict(&"a".into(), &outlook, &expected, &Limits::default());
    verdict.findings().iter().map(|one| format!("{}: {}", one.rule, one.message)).collect()
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

/// More hangs on it than the machine itself.
#[test]
fn of_a_controller_it_is_said_that_it_is_one() {
    let seen = lines::read(&format!("{}\nzerotier failed 1 gone\nend\n", lines::VERSION)).unwrap();
    let of = |controls: &[OverlayKind]| {
        let kind = OverlayKind::Zerotier;
        let overlays = [(kind, [("a".into(), [].into())].into())].into();
        let expected =
            Expected { overlays, controls: controls.iter().copied().collect(), ..Expected::default() };
        let outlook = Outlook::Seen(Box::new(seen.clone()));
        verdict(&"a".into(), &outlook, &expected, &Limits::default()).findings()[0].message.clone()
    };
    let told = "ZeroTier does not answer on `a`";
    assert_eq!(of(&[OverlayKind::Wireguard]), told);
    assert_eq!(of(&[OverlayKind::Zerotier]).split_once(", ").unwrap().0, told);
    assert!(of(&[OverlayKind::Zerotier]).contains("the network's controller: "));
}

#[test]
fn a_machine_that_is_not_itself_fails_and_one_that_is_offline_does_not() {
    let of = |outlook| verdict(&"a".into(), &outlook, &Expected::default(), &Limits::default());
    let changed = of(Outlook::Distrusted(Distrust::Changed, "words".into()));
    assert_eq!(changed.findings()[0].rule, "mesh/host-key");
    assert!(matches!(of(Outlook::Offline(String::new())), Verdict::Skipped { .. }));
}

/// One whose configuration does not run the overlay has an address on it in the inventory alone.
#[test]
fn an_address_is_missed_where_the_overlay_is_to_run() {
    let missing = |kind: Option<OverlayKind>| {
        let (a, own): (MachineName, IpAddr) = ("a".into(), "fd00::2".parse().unwrap());
        let overlays = kind.map(|kind| (kind, [(a.clone(), [own].into())].into()));
        let expected = Expected {
            owners: [(own, a.clone())].into(),
            overlays: overlays.into_iter().collect(),
            ..Expected::default()
        };
        let said = format!("{}\naddress fd00::9\nwireguard now 9000\nend\n", lines::VERSION);
        let outlook = Outlook::Seen(Box::new(lines::read(&said).unwrap()));
        let verdict = verdict(&a, &outlook, &expected, &Limits::default());
        verdict.findings().iter().map(|one| one.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(missing(Some(OverlayKind::Wireguard)), ["`a` does not have its address fd00::2"]);
    assert_eq!(missing(None), [""; 0]);
}

/// A node is met by one line as well as by two, and those of strangers are their own matter.
#[test]
fn a_line_that_is_down_counts_where_it_was_the_last_to_a_machine_of_the_fleet() {
    let found = |peers: &str| {
        let kind = Some(OverlayKind::Yggdrasil);
        let itself = r#"yggdrasil self {"key":"ab","address":"fd00::2"}"#;
        found(kind, &format!("{itself}\nyggdrasil peers {{\"peers\":[{peers}]}}"))
    };
    let up = |more: &str| format!(r#"{{"up":true,"remote":"tls://198.18.0.3:7743"{more}}}"#);
    let down = |remote: &str, more: &str| format!(r#"{{"up":false,"remote":"{remote}"{more}}}"#);
    let both = |up: &str, down: &str| found(&format!("{up},{down}"));
    for remote in
        ["tls://b:1", "tcp://[fd00::3]:6443?priority=20", "quic://B.example.org:1", "tls://198.18.0.2:1"]
    {
        let told = format!("mesh/peer-down: Yggdrasil on `a` has no line to {remote}");
        assert_eq!(both(&up(""), &down(remote, "")), [told]);
    }
    let by_key = both(&up(r#","key":"cd""#), &down("tls://b:1", r#","key":"cd""#));
    let by_address = both(&up(r#","address":"200::3""#), &down("tls://b:1", r#","address":"200::3""#));
    let by_host = both(&up(""), &down("tcp://198.18.0.3:6443?priority=20", ""));
    let stranger = both(&up(""), &down("tls://ygg.example.org:443", ""));
    assert_eq!([by_key, by_address, by_host, stranger], [const { Vec::<String>::new() }; 4]);
}
