//! Faults: what worked before does not work then, and works again once it is undone.

use std::time::Duration;

use lab::{
    fault::{Daemon, Fault},
    lab::{Lab, LabError},
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;

use crate::{
    overlays::of,
    rig::{AWHILE, LIMIT, Rig, meet, out, ssh, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    let name = |what: &str| format!("faults::{what}");
    let mut trials = vec![
        trial(&name("a_pair_is_cut_and_nobody_else"), Overlay::None, a_pair_is_cut),
        trial(&name("one_direction_is_cut"), Overlay::None, one_direction_is_cut),
        trial(&name("the_operator_is_cut_off"), Overlay::None, the_operator_is_cut_off),
        trial(&name("a_tenth_is_lost"), Overlay::None, a_tenth_is_lost),
        trial(&name("a_line_is_slow"), Overlay::None, a_line_is_slow),
        trial(&name("sshd_stops"), Overlay::None, sshd_stops),
        trial(&name("a_certificate_expires"), Overlay::None, a_certificate_expires),
        trial(&name("two_hosts_have_one_address"), Overlay::None, two_hosts_have_one_address),
        trial(&name("what_makes_no_sense_is_refused"), Overlay::None, what_makes_no_sense),
    ];
    for overlay in [Overlay::Wireguard, Overlay::Yggdrasil, Overlay::Zerotier] {
        let name = |what: &str| format!("faults::{}::{what}", overlay.as_str());
        trials.push(trial(&name("a_daemon_stops"), overlay, move |rig| a_daemon_stops(rig, overlay)));
        trials
            .push(trial(&name("a_member_is_revoked"), overlay, move |rig| a_member_is_revoked(rig, overlay)));
        trials.push(trial(&name("an_outsider_is_admitted"), overlay, move |rig| {
            an_outsider_is_admitted(rig, overlay)
        }));
    }
    trials
}

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);

/// Whom nobody accepts. In ZeroTier it goes on hearing others, and is heard by none.
fn put_out(overlay: Overlay) -> (bool, bool) {
    if overlay == Overlay::Zerotier { (true, false) } else { NEITHER }
}

fn cut(from: &str, to: &str, one_way: bool) -> Fault {
    Fault::Cut { from: from.into(), to: to.into(), one_way }
}

async fn a_pair_is_cut(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b", "c"])).await;
    for plane in [Plane::Plain, Plane::Plain6] {
        assert_eq!(meet(&lab, "a", "b", plane, LIMIT).await, BOTH);
        lab.cut("a", "b").await.unwrap();
        let reach = lab.reach(&[], plane, AWHILE).await.unwrap();
        assert_eq!(reach.missing(), [("a", "b"), ("b", "a")], "{plane:?}");
        lab.undo(&cut("a", "b", false)).await.unwrap();
        assert!(lab.reach(&[], plane, LIMIT).await.unwrap().is_whole());
    }
    lab.down().await;
}

async fn one_direction_is_cut(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b"])).await;
    assert_eq!(meet(&lab, "a", "b", Plane::Plain, LIMIT).await, BOTH);
    lab.begin(cut("a", "b", true)).await.unwrap();
    assert_eq!(meet(&lab, "a", "b", Plane::Plain, AWHILE).await, (false, true));
    // The one does not undo the other.
    lab.begin(cut("b", "a", true)).await.unwrap();
    assert_eq!(meet(&lab, "a", "b", Plane::Plain, AWHILE).await, NEITHER);
    lab.undo(&cut("a", "b", true)).await.unwrap();
    assert_eq!(meet(&lab, "a", "b", Plane::Plain, AWHILE).await, (true, false));
    lab.restore().await.unwrap();
    assert_eq!((meet(&lab, "a", "b", Plane::Plain, LIMIT).await, lab.faults()), (BOTH, &[][..]));
    lab.down().await;
}

async fn the_operator_is_cut_off(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b"])).await;
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    lab.cut("operator", "a").await.unwrap();
    assert_eq!(ssh(&lab, "a", "hostname").await.status.code(), Some(255));
    assert_eq!(out(&ssh(&lab, "b", "hostname").await), "b\n");
    lab.restore().await.unwrap();
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    lab.down().await;
}

/// Of 2,000 with a chance of 0.1 each, 200 are lost; 67 more or less is five times the deviation.
async fn a_tenth_is_lost(rig: Rig) {
    const COUNT: u32 = 2000;
    let mut lab = rig.up(Topology::of(["a", "b"])).await;
    assert_eq!(lab.arrivals("a", "b", Plane::Plain, COUNT).await.unwrap(), 2000);
    let fault = Fault::Lose { from: "a".into(), to: "b".into(), percent: 10 };
    lab.begin(fault.clone()).await.unwrap();
    for (from, to) in [("a", "b"), ("b", "a")] {
        let arrived = lab.arrivals(from, to, Plane::Plain, COUNT).await.unwrap();
        assert!((1733..=1867).contains(&arrived), "{arrived}");
    }
    lab.undo(&fault).await.unwrap();
    assert_eq!(lab.arrivals("a", "b", Plane::Plain, COUNT).await.unwrap(), 2000);
    lab.down().await;
}

/// Each way, and nobody else's line; what it carries stays whole.
async fn a_line_is_slow(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b", "c"])).await;
    let slow = |from: &str, to: &str, by| Fault::Delay { from: from.into(), to: to.into(), by };
    let fault = slow("a", "b", Duration::from_millis(40));
    lab.begin(fault.clone()).await.unwrap();
    for to in ["b", "-6 b"] {
        let took = round_trip(&lab, "a", to).await;
        assert!((80.0..160.0).contains(&took), "{to}: {took} ms");
    }
    assert!(round_trip(&lab, "a", "c").await < 40.0);
    // A second line with a time of its own; what passes over the first takes as long as before.
    lab.begin(slow("c", "b", Duration::from_millis(200))).await.unwrap();
    let took = (round_trip(&lab, "b", "c").await, round_trip(&lab, "b", "a").await);
    assert!(took.0 >= 400.0 && (80.0..400.0).contains(&took.1), "{took:?}");
    assert_eq!(lab.arrivals("a", "b", Plane::Plain, 2000).await.unwrap(), 2000);
    // Loss is not twice what it is to be, though packets pass the hub twice.
    let lose = Fault::Lose { from: "a".into(), to: "b".into(), percent: 10 };
    lab.begin(lose).await.unwrap();
    let arrived = lab.arrivals("a", "b", Plane::Plain, 2000).await.unwrap();
    assert!((1733..=1867).contains(&arrived), "{arrived}");
    lab.undo(&fault).await.unwrap();
    assert!(round_trip(&lab, "b", "c").await >= 400.0);
    lab.restore().await.unwrap();
    for to in ["b", "-6 b"] {
        assert!(round_trip(&lab, "a", to).await < 40.0);
    }
    // It can begin anew.
    lab.begin(fault).await.unwrap();
    assert!(round_trip(&lab, "b", "a").await >= 80.0);
    lab.down().await;
}

/// The shortest of three, in milliseconds; no number when none came back.
async fn round_trip(lab: &Lab, from: &str, to: &str) -> f64 {
    let ping = format!("ping -c 3 -i 0.05 -W 5 {to}");
    let said = lab.host(from).unwrap().run(&ping, LIMIT).await.unwrap();
    let times = said.out.split("time=").skip(1).filter_map(|rest| rest.split_once(' ')?.0.parse().ok());
    times.reduce(f64::min).unwrap_or(f64::NAN)
}

async fn sshd_stops(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a"])).await;
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    let fault = Fault::Stop { host: "a".into(), daemon: Daemon::Sshd };
    lab.begin(fault.clone()).await.unwrap();
    assert_eq!(ssh(&lab, "a", "hostname").await.status.code(), Some(255));
    lab.undo(&fault).await.unwrap();
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    lab.down().await;
}

async fn a_certificate_expires(rig: Rig) {
    let mut lab = rig.up(Topology { certificates: true, ..Topology::of(["a", "b"]) }).await;
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    let fault = Fault::Expire { host: "a".into() };
    lab.begin(fault.clone()).await.unwrap();
    let said = ssh(&lab, "a", "hostname").await;
    assert!(said.status.code() == Some(255) && out(&said).contains("expired"), "{}", out(&said));
    assert_eq!(out(&ssh(&lab, "b", "hostname").await), "b\n");
    lab.undo(&fault).await.unwrap();
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    lab.down().await;
}

/// Who comes by the address of one meets the other, and its key tells.
async fn two_hosts_have_one_address(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b", "c"])).await;
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    for plane in [Plane::Plain, Plane::Plain6] {
        assert_eq!(meet(&lab, "c", "a", plane, LIMIT).await, BOTH);
    }
    let fault = Fault::SameAddress { host: "b".into(), of: "a".into() };
    lab.begin(fault.clone()).await.unwrap();
    let said = ssh(&lab, "a", "hostname").await;
    assert!(out(&said).contains("IDENTIFICATION HAS CHANGED"), "{}", out(&said));
    for plane in [Plane::Plain, Plane::Plain6] {
        assert_eq!(meet(&lab, "c", "a", plane, AWHILE).await, (false, true), "{plane:?}");
    }
    lab.undo(&fault).await.unwrap();
    assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    for plane in [Plane::Plain, Plane::Plain6] {
        assert!(lab.reach(&[], plane, LIMIT).await.unwrap().is_whole());
    }
    lab.down().await;
}

async fn what_makes_no_sense(rig: Rig) {
    let mut lab = rig.up(Topology::of(["a", "b"])).await;
    let a = || "a".to_owned();
    let cases = [
        (cut("a", "z", false), "no host `z`: there are a, b, operator"),
        (cut("a", "a", false), "name two hosts"),
        (Fault::Lose { from: a(), to: "b".into(), percent: 0 }, "between 1 and 100"),
        (Fault::Delay { from: a(), to: "b".into(), by: Duration::ZERO }, "between 1 ms and 10 s"),
        (Fault::Revoke { host: a() }, "no overlay"),
        (Fault::Expire { host: a() }, "no certificates"),
        (
            Fault::Stop { host: "operator".into(), daemon: Daemon::Sshd },
            "nothing runs on the operator's side",
        ),
    ];
    for (fault, expected) in cases {
        let said = lab.begin(fault).await.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    assert!(matches!(lab.undo(&cut("a", "b", false)).await, Err(LabError::NotThere(_))));
    lab.cut("a", "b").await.unwrap();
    assert!(matches!(lab.cut("a", "b").await, Err(LabError::Already(_))));
    lab.down().await;
}

async fn whole_then(lab: &mut Lab, fault: &Fault, pair: (&str, &str), then: (bool, bool)) {
    assert!(lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap().is_whole());
    lab.begin(fault.clone()).await.unwrap();
    assert_eq!(meet(lab, pair.0, pair.1, Plane::Overlay, AWHILE).await, then);
    // The others' overlay goes on.
    assert_eq!(meet(lab, "a", "b", Plane::Overlay, LIMIT).await, BOTH);
    lab.undo(fault).await.unwrap();
    assert!(lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap().is_whole());
}

async fn a_daemon_stops(rig: Rig, overlay: Overlay) {
    let mut lab = rig.up(of(overlay, &["a", "b", "c"])).await;
    let fault = Fault::Stop { host: "c".into(), daemon: Daemon::Overlay };
    whole_then(&mut lab, &fault, ("a", "c"), NEITHER).await;
    lab.down().await;
}

async fn a_member_is_revoked(rig: Rig, overlay: Overlay) {
    let mut lab = rig.up(of(overlay, &["a", "b", "c"])).await;
    whole_then(&mut lab, &Fault::Revoke { host: "c".into() }, ("a", "c"), put_out(overlay)).await;
    lab.down().await;
}

async fn an_outsider_is_admitted(rig: Rig, overlay: Overlay) {
    let mut topology = of(overlay, &["a", "b", "x"]);
    topology.hosts.get_mut("x").unwrap().outsider = true;
    let mut lab = rig.up(topology).await;
    assert!(lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap().is_whole());
    assert_eq!(meet(&lab, "a", "x", Plane::Overlay, AWHILE).await, NEITHER);
    let fault = Fault::Admit { host: "x".into() };
    lab.begin(fault.clone()).await.unwrap();
    assert_eq!(meet(&lab, "a", "x", Plane::Overlay, LIMIT).await, BOTH);
    lab.undo(&fault).await.unwrap();
    assert_eq!(meet(&lab, "a", "x", Plane::Overlay, AWHILE).await, put_out(overlay));
    lab.down().await;
}
