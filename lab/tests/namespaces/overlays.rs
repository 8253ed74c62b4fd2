//! Overlays: real daemons, over the plain network of a lab.

use lab::{
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;

use crate::rig::{AWHILE, LIMIT, Rig, meet, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("yggdrasil::addresses_are_those_that_it_has_itself", Overlay::Yggdrasil, addresses_are_its_own),
        trial("yggdrasil::a_line_of_hosts_is_passed_along", Overlay::Yggdrasil, a_line_is_passed_along),
        trial("wireguard::who_is_no_peer_is_not_reached", Overlay::Wireguard, who_is_no_peer_is_not_reached),
    ];
    for overlay in [Overlay::Wireguard, Overlay::Yggdrasil, Overlay::Zerotier] {
        let name = |what: &str| format!("{}::{what}", overlay.as_str());
        trials.push(trial(&name("everybody_reaches_everybody"), overlay, move |rig| whole(rig, overlay)));
        trials.push(trial(&name("an_outsider_does_not_get_in"), overlay, move |rig| outsider(rig, overlay)));
    }
    trials
}

pub(crate) fn of(overlay: Overlay, names: &[&str]) -> Topology {
    Topology { overlay, ..Topology::of(names.iter().copied()) }
}

async fn whole(rig: Rig, overlay: Overlay) {
    let lab = rig.up(of(overlay, &["a", "b", "c"])).await;
    let reach = lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap();
    assert!(reach.is_whole(), "{:?}", reach.missing());
    let ping = lab.host("a").unwrap().run("ping -c 1 -W 5 c.overlay", LIMIT).await.unwrap();
    assert_eq!(ping.status, Some(0), "{ping:?}");
    lab.down().await;
}

/// It has keys, and dials: the members do not take it, and go on without it.
async fn outsider(rig: Rig, overlay: Overlay) {
    let mut topology = of(overlay, &["a", "b", "x"]);
    topology.hosts.get_mut("x").unwrap().outsider = true;
    let lab = rig.up(topology).await;
    let reach = lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap();
    assert_eq!((reach.names(), reach.is_whole()), (&["a".to_owned(), "b".to_owned()][..], true));
    assert_eq!(meet(&lab, "x", "a", Plane::Plain, LIMIT).await, (true, true));
    assert_eq!(meet(&lab, "x", "a", Plane::Overlay, AWHILE).await, (false, false));
    lab.down().await;
}

async fn addresses_are_its_own(rig: Rig) {
    let lab = rig.up(of(Overlay::Yggdrasil, &["a", "b"])).await;
    assert!(lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap().is_whole());
    for host in lab.hosts() {
        let command = "yggdrasilctl -json -endpoint=unix:///run/yggdrasil/yggdrasil.sock getSelf";
        let said = host.run(command, LIMIT).await.unwrap();
        let address = host.overlay_address().unwrap().to_string();
        assert!(said.out.contains(&format!("\"{address}\"")), "{address}: {said:?}");
    }
    lab.down().await;
}

async fn a_line_is_passed_along(rig: Rig) {
    let links = vec![["a".into(), "b".into()], ["b".into(), "c".into()]];
    let lab = rig.up(Topology { links, ..of(Overlay::Yggdrasil, &["a", "b", "c"]) }).await;
    assert_eq!(meet(&lab, "a", "c", Plane::Overlay, LIMIT).await, (true, true));
    lab.down().await;
}

async fn who_is_no_peer_is_not_reached(rig: Rig) {
    let links = vec![["a".into(), "b".into()], ["b".into(), "c".into()]];
    let lab = rig.up(Topology { links, ..of(Overlay::Wireguard, &["a", "b", "c"]) }).await;
    assert_eq!(meet(&lab, "a", "b", Plane::Overlay, LIMIT).await, (true, true));
    assert_eq!(meet(&lab, "a", "c", Plane::Overlay, AWHILE).await, (false, false));
    lab.down().await;
}
