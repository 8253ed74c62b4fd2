//! Each fault is found, named as what it is, and blamed on the right pair.

use std::time::Duration;

use lab::{
    fault::{Daemon, Fault},
    lab::Lab,
    probe::Plane,
    topology::{Host, Overlay, Topology},
};
use libtest_mimic::Trial;
use model::sighting::pair::Limits;

use crate::rig::{LIMIT, Rig, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let three = || Topology::of(["a", "b", "c"]);
    let certified = || Topology { certificates: true, ..three() };
    let over = |overlay| Topology { overlay, ..three() };
    let mut stranger = over(Overlay::Wireguard);
    stranger.hosts.insert("out".into(), Host { outsider: true, ..Host::default() });
    vec![
        trial("a_line_that_is_cut", three(), cut),
        trial("one_direction_that_is_cut", three(), one_way),
        trial("packets_that_are_lost", three(), lost),
        trial("a_line_that_is_slow", three(), slow),
        trial("a_certificate_that_has_expired", certified(), expired),
        trial("two_hosts_with_one_address", three(), same_address),
        trial("an_sshd_that_is_gone", three(), gone),
        trial("a_host_that_answers_no_ping", three(), no_ping),
        trial("a_host_without_ipv6", three(), no_ipv6),
        trial("an_outsider_that_is_let_in", stranger, outsider),
        trial("a_member_that_is_revoked", over(Overlay::Wireguard), revoked),
        trial("an_overlay_that_is_down", over(Overlay::Yggdrasil), down),
    ]
}

async fn begin(lab: &mut Lab, fault: Fault) {
    lab.begin(fault).await.unwrap();
}

async fn on(rig: &Rig, host: &str, line: &str) {
    let ran = rig.lab.host(host).unwrap().run(line, LIMIT).await.unwrap();
    assert_eq!(ran.status, Some(0), "{line}: {}", ran.err);
}

async fn cut(mut rig: Rig) {
    assert_eq!(rig.judged(Plane::Plain).await, [""; 0]);
    rig.lab.cut("a", "b").await.unwrap();
    assert_eq!(
        rig.judged(Plane::Plain).await,
        [
            "mesh/unreached: `a` does not reach `b` at 198.18.0.3: `b` hears nothing of it",
            "mesh/unreached: `b` does not reach `a` at 198.18.0.2: `a` hears nothing of it",
        ]
    );
    rig.lab.restore().await.unwrap();
    assert_eq!(rig.judged(Plane::Plain).await, [""; 0]);
    rig.lab.down().await;
}

/// Echoes fail both ways; who was heard tells which one is cut.
async fn one_way(mut rig: Rig) {
    begin(&mut rig.lab, Fault::Cut { from: "a".into(), to: "b".into(), one_way: true }).await;
    assert_eq!(
        rig.judged(Plane::Plain).await,
        [
            "mesh/unreached: `a` does not reach `b` at 198.18.0.3: `b` hears nothing of it",
            "mesh/one-way: `b` does not reach `a` at 198.18.0.2: what it sends arrives, and what `a` sends back does not",
        ]
    );
    rig.lab.down().await;
}

async fn lost(mut rig: Rig) {
    begin(&mut rig.lab, Fault::Lose { from: "b".into(), to: "c".into(), percent: 10 }).await;
    let matrix = rig.matrix(Plane::Plain);
    // A connection may need a second or third packet, and gets the time for it.
    let outlooks = rig
        .look(&matrix, |questions| {
            questions.count = 200;
            questions.interval = Duration::from_millis(20);
            questions.wait = Duration::from_secs(8);
        })
        .await;
    let wrong = rig.wrong(&matrix, &outlooks, &Limits { loss: 2, ..Limits::default() });
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("mesh/loss: between `b` and `c` "), "{wrong:?}");
    assert!(wrong[1].starts_with("mesh/loss: between `c` and `b` "), "{wrong:?}");
    rig.lab.down().await;
}

/// Nothing is wrong with it until somebody says how fast is fast enough.
async fn slow(mut rig: Rig) {
    let by = Duration::from_millis(60);
    begin(&mut rig.lab, Fault::Delay { from: "a".into(), to: "c".into(), by }).await;
    let matrix = rig.matrix(Plane::Plain);
    let outlooks = rig.look(&matrix, |_| {}).await;
    assert_eq!(rig.wrong(&matrix, &outlooks, &Limits::default()), [""; 0]);
    let limits = Limits { latency: Some(Duration::from_millis(100)), ..Limits::default() };
    let wrong = rig.wrong(&matrix, &outlooks, &limits);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong[0].starts_with("mesh/latency: `c` answers `a` after 1"), "{wrong:?}");
    assert!(wrong[1].starts_with("mesh/latency: `a` answers `c` after 1"), "{wrong:?}");
    rig.lab.restore().await.unwrap();
    let outlooks = rig.look(&matrix, |_| {}).await;
    assert_eq!(rig.wrong(&matrix, &outlooks, &limits), [""; 0]);
    rig.lab.down().await;
}

async fn expired(mut rig: Rig) {
    assert_eq!(rig.judged(Plane::Plain).await, [""; 0]);
    begin(&mut rig.lab, Fault::Expire { host: "b".into() }).await;
    assert_eq!(
        rig.judged(Plane::Plain).await,
        [
            "skipped: `b` was not asked: the certificate of its host key has run out",
            "skipped: `b` was not asked: the certificate of its host key has run out",
            "mesh/host-key: `b` does not prove to be itself: the certificate of its host key has run out",
        ]
    );
    rig.lab.down().await;
}

/// Whoever answers in the place of `b` is not believed, and the one who has its address is named.
async fn same_address(mut rig: Rig) {
    begin(&mut rig.lab, Fault::SameAddress { host: "c".into(), of: "b".into() }).await;
    let wrong = rig.judged(Plane::Plain).await;
    for expected in [
        "mesh/host-key: `b` does not prove to be itself: its host key is not the one that is known",
        "mesh/same-address: `c` has 198.18.0.3, which is `b`'s",
    ] {
        assert!(wrong.iter().any(|said| said == expected), "{wrong:#?}");
    }
    rig.lab.down().await;
}

/// The host is offline for us, which is no failure; the others miss its port.
async fn gone(mut rig: Rig) {
    begin(&mut rig.lab, Fault::Stop { host: "b".into(), daemon: Daemon::Sshd }).await;
    let wrong = rig.judged(Plane::Plain).await;
    let of = |rule: &str| wrong.iter().filter(|said| said.starts_with(rule)).collect::<Vec<_>>();
    assert_eq!(
        of("mesh/"),
        [
            "mesh/refused: `b` refuses `a` at 198.18.0.3:22: nothing listens, or a firewall says no",
            "mesh/refused: `b` refuses `c` at 198.18.0.3:22: nothing listens, or a firewall says no",
        ]
    );
    assert_eq!((of("skipped: `b` is offline").len(), wrong.len()), (3, 5), "{wrong:#?}");
    rig.lab.down().await;
}

async fn no_ping(rig: Rig) {
    on(&rig, "b", "echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all").await;
    assert_eq!(
        rig.judged(Plane::Plain).await,
        [
            "mesh/no-echo: `b` answers `a` no echo at 198.18.0.3, but other questions there",
            "mesh/no-echo: `b` answers `c` no echo at 198.18.0.3, but other questions there",
        ]
    );
    rig.lab.down().await;
}

async fn no_ipv6(rig: Rig) {
    on(&rig, "b", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6").await;
    let wrong = rig.judged(Plane::Plain6).await;
    assert_eq!(
        wrong,
        [
            "mesh/no-ipv6: `a` does not reach `b` at 2001:db8::3: `b` has no IPv6",
            "mesh/no-ipv6: `b` does not reach `a` at 2001:db8::2: `b` has no IPv6",
            "mesh/no-ipv6: `b` does not reach `c` at 2001:db8::4: `b` has no IPv6",
            "mesh/no-ipv6: `c` does not reach `b` at 2001:db8::3: `b` has no IPv6",
        ]
    );
    rig.lab.down().await;
}

async fn outsider(mut rig: Rig) {
    rig.whole().await;
    assert_eq!(rig.judged(Plane::Overlay).await, [""; 0]);
    begin(&mut rig.lab, Fault::Admit { host: "out".into() }).await;
    let wrong = rig.judged(Plane::Overlay).await;
    // By echo and by port, each member from the outsider and the outsider from each member.
    assert_eq!(wrong.iter().filter(|said| said.starts_with("mesh/leak: ")).count(), 12, "{wrong:#?}");
    assert!(wrong.iter().all(|said| said.contains("`out`")), "{wrong:#?}");
    rig.lab.down().await;
}

async fn revoked(mut rig: Rig) {
    rig.whole().await;
    begin(&mut rig.lab, Fault::Revoke { host: "c".into() }).await;
    let wrong = rig.judged(Plane::Overlay).await;
    let of = |rule: &str| wrong.iter().filter(|said| said.starts_with(rule)).collect::<Vec<_>>();
    assert_eq!(of("mesh/unreached: ").len(), 4, "{wrong:#?}");
    assert!(of("mesh/unreached: ").iter().all(|said| said.contains("`c`")), "{wrong:#?}");
    let c = rig.address("c", Plane::Overlay);
    let allowed = |of: &str| format!("mesh/allowed-ips: on `{of}` no allowed IPs hold {c} of `c`");
    assert_eq!(of("mesh/allowed-ips"), [&allowed("a"), &allowed("b")]);
    rig.lab.down().await;
}

async fn down(mut rig: Rig) {
    rig.whole().await;
    begin(&mut rig.lab, Fault::Stop { host: "c".into(), daemon: Daemon::Overlay }).await;
    let wrong = rig.judged(Plane::Overlay).await;
    assert!(wrong.iter().all(|said| said.contains("`c`")), "{wrong:#?}");
    assert!(
        wrong.iter().any(|said| said == "mesh/yggdrasil: Yggdrasil does not answer on `c`"),
        "{wrong:#?}"
    );
    let missing = wrong.iter().filter(|said| said.ends_with("`c` does not have this address"));
    assert_eq!(missing.count(), 2, "{wrong:#?}");
    rig.lab.down().await;
}
