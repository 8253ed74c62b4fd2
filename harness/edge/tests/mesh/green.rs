//! Eight hosts with a real overlay, where all is as it should be.

use edge::probe::{self, Means};
use lab::{
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;
use model::{
    machine::MachineName,
    matrix::Matrix,
    sighting::{
        Icmp, Knock, Resolved,
        outlook::Outlook,
        pair::{Limits, Outlooks},
    },
};

use crate::rig::{Rig, seen, to, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let eight = |overlay| Topology { overlay, ..Topology::of((0..8).map(|number| format!("h{number}"))) };
    vec![
        trial("eight_hosts_with_yggdrasil_are_all_green", eight(Overlay::Yggdrasil), all_green),
        trial("eight_hosts_with_wireguard_are_all_green", eight(Overlay::Wireguard), all_green),
        trial("whatever_a_host_has_it_sees_the_same", Topology::of(["a", "b"]), by_tools),
    ]
}

async fn all_green(rig: Rig) {
    rig.whole().await;
    let matrix = rig.matrix(Plane::Overlay);
    let mut outlooks = rig.look(&matrix, |_| {}).await;
    // A daemon that waits for a processor drops an echo now and then; a way that loses some does so each time.
    for _ in 1..LOOKS {
        if hears_all_echoes(&outlooks, &matrix) {
            break;
        }
        outlooks = rig.look(&matrix, |_| {}).await;
    }
    assert_eq!(rig.wrong(&matrix, &outlooks, &Limits::default()), [""; 0]);
    // Not vacuous: 56 pairs, and everything that can be measured of each was.
    assert_eq!(matrix.pairs().count(), 56);
    for name in &matrix.machines {
        let seen = seen(&outlooks, name.as_str());
        assert_eq!((seen.prober.as_str(), seen.icmp6), ("perl", Icmp::Raw));
        assert_eq!((seen.echoes.len(), seen.knocks.len(), seen.names.len()), (7, 7, 16));
        assert!(seen.knocks.values().all(|knock| matches!(knock, Knock::Open(Some(_)))), "{seen:?}");
        assert!(seen.mtus.values().all(|mtu| mtu.passed == Some(1420)), "{:?}", seen.mtus);
        assert!(seen.names.values().all(|name| matches!(name, Resolved::To(_))), "{seen:?}");
    }
    rig.lab.down().await;
}

/// So often is it looked whether nothing is lost.
const LOOKS: usize = 3;

fn hears_all_echoes(outlooks: &Outlooks, matrix: &Matrix) -> bool {
    let echoes = |name: &MachineName| seen(outlooks, name.as_str()).echoes.values();
    matrix.machines.iter().flat_map(echoes).all(|echoes| echoes.lost() == (0, 29))
}

/// Without perl, with the system's ping and bash: the same answers, with less in them.
async fn by_tools(rig: Rig) {
    let matrix = rig.matrix(Plane::Plain6);
    let questions = rig.questions(&matrix, "a");
    let outlook = probe::ask(&rig.ssh, &to("a"), &questions, Means::Tools).await.outlook;
    let outlooks = [("a".into(), outlook)].into();
    let looked = rig.look(&matrix, |_| {}).await;
    let (tools, perl) = (seen(&outlooks, "a"), seen(&looked, "a"));
    assert_eq!((tools.prober.as_str(), tools.icmp6), ("shell", Icmp::Program));
    assert_eq!((&tools.addresses, &tools.names), (&perl.addresses, &perl.names));
    let b = rig.address("b", Plane::Plain6);
    assert_eq!((tools.echoes[&b].lost(), perl.echoes[&b].lost()), ((0, 4), (0, 29)));
    assert_eq!(tools.knocks[&(b, 22).into()], Knock::Open(None));
    let wrong = rig.wrong(&matrix, &outlooks, &Limits::default());
    assert_eq!(wrong, ["skipped: `b` was not asked"]);
    assert!(matches!(looked["b"], Outlook::Seen(_)));
    rig.lab.down().await;
}
