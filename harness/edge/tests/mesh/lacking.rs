//! Hosts that lack something, or whose daemons say something else: each is told as what it is.

use std::{net::IpAddr, time::Duration};

use lab::{
    fault::Fault,
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;
use model::sighting::{Icmp, Knock, Resolved, pair::Limits};

use crate::rig::{LIMIT, Rig, seen, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let two = |overlay| Topology { overlay, ..Topology::of(["a", "b"]) };
    vec![
        trial("a_host_without_perl_and_ping", two(Overlay::None), no_means),
        trial("a_host_without_perl_and_many_who_do_not_answer", two(Overlay::None), many_silent),
        trial("a_name_for_which_nobody_answers", two(Overlay::None), silent_name),
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

/// Somebody is there for the address, and says nothing.
async fn silent(rig: &Rig, addresses: &str) {
    let line = format!(
        "device=$(ip -o route get 198.18.0.3 | sed 's/.* dev \\([^ ]*\\).*/\\1/'); for it in {addresses}; do \
         ip neigh replace 198.18.0.$it lladdr 02:00:00:00:00:99 dev $device nud permanent || exit; done"
    );
    on(rig, "a", &line).await;
}

/// It ends near its limit, and what was seen until then is told; of those whom it did not come to nothing is.
async fn many_silent(rig: Rig) {
    on(&rig, "a", "mount --bind /dev/null \"$(readlink -f \"$(command -v perl)\")\"").await;
    silent(&rig, "$(seq 100 179)").await;
    let matrix = rig.matrix(Plane::Plain);
    let began = std::time::Instant::now();
    let outlooks = rig
        .look(&matrix, |questions| {
            questions.pings.extend((100..180).map(|last| IpAddr::from([198, 18, 0, last])));
            (questions.count, questions.limit) = (1, Duration::from_secs(2));
        })
        .await;
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    let a = seen(&outlooks, "a");
    assert_eq!(a.prober, "shell");
    assert!((1..40).contains(&a.echoes.len()), "{}", a.echoes.len());
    rig.lab.down().await;
}

/// The names behind it lead where they lead.
async fn silent_name(rig: Rig) {
    silent(&rig, "99").await;
    on(&rig, "a", "echo nameserver 198.18.0.99 >/etc/resolv.conf").await;
    let matrix = rig.matrix(Plane::Plain);
    let outlooks = rig
        .look(&matrix, |questions| {
            for number in 0..3 {
                questions.resolve(&format!("a{number}.silent")).unwrap();
            }
        })
        .await;
    let a = seen(&outlooks, "a");
    assert_eq!(a.prober, "perl");
    assert_eq!(a.names["a0.silent"], Resolved::Late);
    assert_eq!(
        a.names["b"],
        Resolved::To([IpAddr::from([198, 18, 0, 3]), rig.address("b", Plane::Plain6)].into())
    );
    // Of those who asked nobody is left, nor waited for.
    on(&rig, "a", "! pgrep perl").await;
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
