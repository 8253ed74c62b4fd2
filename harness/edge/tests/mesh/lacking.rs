//! Hosts that lack something, or whose daemons say something else: each is told as what it is.

use lab::{
    fault::Fault,
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;
use model::sighting::{Icmp, Knock, pair::Limits};

use crate::rig::{LIMIT, Rig, seen, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let two = |overlay| Topology { overlay, ..Topology::of(["a", "b"]) };
    vec![
        trial("a_host_without_perl_and_ping", two(Overlay::None), no_means),
        trial("a_line_that_loses_everything", two(Overlay::None), all_lost),
        trial("a_daemon_of_another_version", two(Overlay::Yggdrasil), another_version),
        trial("a_daemon_that_is_not_there", two(Overlay::Yggdrasil), absent),
        trial("a_daemon_that_tells_nothing_to_this_user", two(Overlay::Wireguard), not_permitted),
    ]
}

async fn on(rig: &Rig, host: &str, line: &str) {
    let ran = rig.lab.host(host).unwrap().run(line, LIMIT).await.unwrap();
    assert_eq!(ran.status, Some(0), "{line}: {}", ran.err);
}

/// Ports are still asked by bash; what cannot be asked is no answer, good or bad.
async fn no_means(rig: Rig) {
    on(
        &rig,
        "a",
        "for it in perl ping; do mount --bind /dev/null \"$(readlink -f \"$(command -v $it)\")\"; done",
    )
    .await;
    let mut matrix = rig.matrix(Plane::Plain);
    let outlooks = rig.look(&matrix, |_| {}).await;
    let a = seen(&outlooks, "a");
    assert_eq!((a.prober.as_str(), a.icmp4, a.echoes.len()), ("shell", Icmp::None, 0));
    assert!(a.knocks.values().all(|knock| *knock == Knock::Open(None)), "{a:?}");
    assert_eq!(rig.wrong(&matrix, &outlooks, &Limits::default()), [""; 0]);
    // Who is only to be reached by echo is not known to be reached.
    for expectation in &mut matrix.meshes[0].expectations {
        let mut probe = expectation.probe.as_deref().unwrap().clone();
        probe.tcp.clear();
        expectation.probe = Some(probe.into());
    }
    let wrong = rig.wrong(&matrix, &outlooks, &Limits::default());
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("Broken") && wrong[0].contains("whether `a` reaches `b` cannot be told"),
        "{wrong:?}"
    );
    rig.lab.down().await;
}

async fn all_lost(mut rig: Rig) {
    rig.lab.begin(Fault::Lose { from: "a".into(), to: "b".into(), percent: 100 }).await.unwrap();
    assert_eq!(
        rig.judged(Plane::Plain).await,
        [
            "mesh/unreached: `a` does not reach `b` at 198.18.0.3: `b` hears nothing of it",
            "mesh/unreached: `b` does not reach `a` at 198.18.0.2: `a` hears nothing of it",
        ]
    );
    rig.lab.down().await;
}

/// What it says is not known here: that is no fault of the host's, and no pass.
async fn another_version(rig: Rig) {
    rig.whole().await;
    let odd = "printf '%s\\n' '#!/bin/sh' \"echo '{\\\"node\\\":{\\\"publicKey\\\":\\\"ab\\\"}}'\" >/tmp/odd; chmod 755 /tmp/odd; \
        mount --bind /tmp/odd \"$(command -v yggdrasilctl)\"";
    on(&rig, "b", odd).await;
    let wrong = rig.judged(Plane::Overlay).await;
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("Broken") && wrong[0].contains("what Yggdrasil on `b` says cannot be read"),
        "{wrong:?}"
    );
    assert!(wrong[0].contains("getSelf of another form"), "{wrong:?}");
    rig.lab.down().await;
}

async fn absent(rig: Rig) {
    rig.whole().await;
    on(&rig, "b", "mount --bind /dev/null \"$(command -v yggdrasilctl)\"").await;
    assert_eq!(rig.judged(Plane::Overlay).await, ["mesh/yggdrasil: Yggdrasil is not there on `b`"]);
    rig.lab.down().await;
}

/// Whoever logs in there is not root: it sees all that others see, but for what the tunnels say.
async fn not_permitted(rig: Rig) {
    rig.whole().await;
    let shell = "printf '%s\\n' '#!/bin/sh' 'exec setpriv --reuid 65534 --clear-groups --bounding-set -net_admin /bin/sh \"$@\"' >/run/host/shell; \
        chmod 755 /run/host/shell; sed 's|:/root:/bin/sh|:/root:/run/host/shell|' /etc/passwd >/tmp/passwd; cat /tmp/passwd >/etc/passwd";
    on(&rig, "b", shell).await;
    let wrong = rig.judged(Plane::Overlay).await;
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(
        wrong[0].contains("Broken") && wrong[0].contains("WireGuard on `b` tells nothing to this user"),
        "{wrong:?}"
    );
    rig.lab.down().await;
}
