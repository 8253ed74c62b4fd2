//! ZeroTier for real, where there is a `zerotier-one`: three members, of which `a` is the controller, and a stranger.

use std::time::Duration;

use lab::{
    fault::{Daemon, Fault},
    probe::Plane,
    topology::{Host, Overlay, Topology},
};
use libtest_mimic::Trial;

use crate::rig::{LIMIT, Rig, seen, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let topology = || {
        let mut topology = Topology { overlay: Overlay::Zerotier, ..Topology::of(["a", "b", "c"]) };
        topology.hosts.insert("out".into(), Host { outsider: true, ..Host::default() });
        topology
    };
    vec![
        trial("zerotier_members_are_all_green", topology(), green),
        trial("a_zerotier_member_that_is_revoked", topology(), revoked),
        trial("a_zerotier_controller_that_is_stopped", topology(), stopped),
        trial("an_outsider_that_zerotier_admits", topology(), outsider),
    ]
}

fn of<'a>(wrong: &'a [String], rule: &str) -> Vec<&'a str> {
    wrong.iter().map(String::as_str).filter(|said| said.starts_with(rule)).collect()
}

async fn green(rig: Rig) {
    rig.whole().await;
    let matrix = rig.matrix(Plane::Overlay);
    let outlooks = rig.look(&matrix, |_| {}).await;
    assert_eq!(rig.wrong(&matrix, &outlooks, &Default::default()), [""; 0]);
    // Not vacuous: the controller said whom it admits, and the stranger asked too.
    let said = seen(&outlooks, "a").zerotier.said().unwrap();
    let admitted = said.members.iter().filter(|member| member.authorized).count();
    assert_eq!((said.members.len(), admitted), (4, 3), "{:?}", said.members);
    let node = |name| seen(&outlooks, name).zerotier.said().unwrap().node.address.clone();
    let direct = said.peers.iter().filter(|peer| peer.is_direct()).map(|peer| peer.address.clone());
    assert!([node("b"), node("c")].iter().all(|node| direct.clone().any(|peer| peer == *node)), "{said:?}");
    rig.lab.down().await;
}

/// Its own node goes on saying that all is well: the controller knows better.
async fn revoked(mut rig: Rig) {
    rig.whole().await;
    rig.lab.begin(Fault::Revoke { host: "c".into() }).await.unwrap();
    // The controller knows at once, and tells the others by and by.
    let told = async {
        let heard = || rig.lab.reach(&["b", "c"], Plane::Overlay, Duration::from_millis(300));
        while heard().await.unwrap().from_to("c", "b") {}
    };
    tokio::time::timeout(LIMIT, told).await.unwrap();
    let wrong = rig.judged(Plane::Overlay).await;
    let unadmitted = of(&wrong, "mesh/unadmitted: the controller on `a` does not admit `c`, node ");
    assert_eq!(unadmitted.len(), 1, "{wrong:#?}");
    // What others send still arrives there; what it sends is taken by nobody.
    assert_eq!(of(&wrong, "mesh/one-way: ").len(), 2, "{wrong:#?}");
    assert_eq!(of(&wrong, "mesh/unreached: `c` does not reach ").len(), 2, "{wrong:#?}");
    assert!(wrong.iter().all(|said| said.contains("`c`")), "{wrong:#?}");
    rig.lab.restore().await.unwrap();
    rig.whole().await;
    assert_eq!(rig.judged(Plane::Overlay).await, [""; 0]);
    rig.lab.down().await;
}

/// The others go on meeting each other without it.
async fn stopped(mut rig: Rig) {
    rig.whole().await;
    rig.lab.begin(Fault::Stop { host: "a".into(), daemon: Daemon::Overlay }).await.unwrap();
    let wrong = rig.judged(Plane::Overlay).await;
    assert_eq!(of(&wrong, "mesh/zerotier: "), ["mesh/zerotier: ZeroTier does not answer on `a`"]);
    assert_eq!(of(&wrong, "mesh/no-address: ").len(), 1, "{wrong:#?}");
    assert_eq!(of(&wrong, "mesh/unreached: ").len(), 4, "{wrong:#?}");
    assert!(wrong.iter().all(|said| said.contains("`a`")), "{wrong:#?}");
    rig.lab.down().await;
}

async fn outsider(mut rig: Rig) {
    rig.whole().await;
    rig.lab.begin(Fault::Admit { host: "out".into() }).await.unwrap();
    let met = rig.lab.reach(&["a", "out"], Plane::Overlay, LIMIT).await.unwrap();
    assert!(met.is_whole(), "{:?}", met.missing());
    let wrong = rig.judged(Plane::Overlay).await;
    // By echo and by port, from the members and from the stranger.
    assert_eq!(of(&wrong, "mesh/leak: ").len(), 12, "{wrong:#?}");
    assert!(wrong.iter().all(|said| said.contains("`out`")), "{wrong:#?}");
    rig.lab.down().await;
}
