//! What goes wrong on a machine or on the way to it, a step at a time. Each ends old or new, and is told.

use std::{sync::Arc, time::Duration};

use edge::ssh::Ssh;
use lab::{
    fault::{Daemon, Fault},
    host::Reboot,
};
use libtest_mimic::Trial;
use model::rollout::{Change, End, Step};
use run::rollout::Told;
use tokio::time::timeout;

use crate::{
    rig::{LIMIT, LIMITS, Rig, done, look, settings, system, take, trial, why},
    steps::runs,
};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("faults::{name}");
    vec![
        trial(&of("a_reboot_in_the_window_comes_back_old"), &["a"], a_reboot_in_the_window),
        trial(&of("an_activation_that_hangs_is_stopped"), &["a"], an_activation_hangs),
        trial(&of("a_way_back_that_takes_long_is_not_stopped"), &["a"], a_long_way_back),
        trial(&of("an_activation_that_fails_half_way_is_half_and_goes_back"), &["a"], an_activation_fails),
        trial(&of("an_activation_that_kills_sshd_goes_back_by_itself"), &["a"], |rig| {
            cut_off(rig, "finally() { systemctl stop sshd; pkill -KILL sshd; }")
        }),
        trial(&of("an_activation_that_drops_the_network_goes_back_by_itself"), &["a"], |rig| {
            cut_off(rig, "finally() { ip link set eth0 down; }")
        }),
        trial(&of("an_activation_that_reboots_comes_back_old"), &["a"], an_activation_reboots),
        trial(&of("a_connection_that_ends_ends_no_activation"), &["a"], a_connection_ends),
        trial(&of("a_full_disk_is_told_and_nothing_is_changed"), &["a"], a_full_disk),
        trial(&of("a_closure_that_vanished_is_not_activated"), &["a"], a_closure_vanished),
        trial(&of("a_host_with_another_key_is_told_nothing"), &["a", "b"], another_key),
        trial(&of("two_operators_are_kept_apart_and_told_of_each_other"), &["a"], two_operators),
        trial(&of("a_look_waits_for_what_is_at_work"), &["a"], a_look_waits),
        trial(&of("what_nobody_reaches_is_in_doubt"), &["a"], what_nobody_reaches),
    ]
}

const UNREACHABLE: Told = Told::End(End::Unreachable);
const TO_ACTIVATE: [Step; 2] = [Step::Build, Step::Copy];

async fn a_reboot_in_the_window(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    for how in [Reboot::Ordered, Reboot::PowerCut] {
        rig.on("a", "rm -rf /var/lib/seaworthy").await;
        done(&deploy, "a", &change, &[Step::Activate]).await;
        assert_eq!(rig.answers("a").await, "new");
        rig.lab.host("a").unwrap().reboot(how, LIMIT).await.unwrap();
        assert_eq!(rig.answers("a").await, "old");
        let seen = look(&deploy, "a", &change).await;
        assert_eq!((seen.running, seen.timer, seen.tried), (Some(rig.old.clone()), false, true), "{how:?}");
        let refused = why(take(&deploy, "a", &change, Step::Confirm).await);
        assert!(refused.contains("started anew"), "{refused}");
        done(&deploy, "a", &change, &[Step::RollBack]).await;
    }
    rig.lab.down().await;
}

async fn an_activation_hangs(rig: Rig) {
    let hangs = system("hangs", "sleep 1000", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&hangs));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let said = why(take(&deploy, "a", &change, Step::Activate).await);
    assert_eq!(said, "the activation was stopped before it ended, after 6 s at most");
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (None, true, true));
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(
        (rig.truth("a").await, rig.answers("a").await.as_str()),
        ((rig.old.clone(), rig.old.clone()), "old")
    );
    assert_eq!(rig.on("a", "pgrep -c sleep || :").await, "0");
    rig.lab.down().await;
}

/// The timer's is the last way back that there is: whoever stops it leaves a machine on neither closure.
async fn a_long_way_back(rig: Rig) {
    let seconds = LIMITS.activate.as_secs() + 2;
    let (slow, new) = (system("slow-back", &format!("sleep {seconds}"), ""), system("new", "", ""));
    rig.copy("a", &slow).await;
    let switch = format!(
        "nix-env -p /nix/var/nix/profiles/system --set {slow}; {slow}/bin/switch-to-configuration switch"
    );
    rig.on("a", &switch).await;
    let (deploy, change) = (rig.deploy("p1"), Change { old: slow.clone(), new });
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    done(&deploy, "a", &change, &[Step::Activate]).await;
    runs(&rig, "a", &slow).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(slow), false, true));
    rig.lab.down().await;
}

/// Whoever does not roll back leaves it to the timer.
async fn an_activation_fails(rig: Rig) {
    let fails = system("fails", "echo unit x failed >&2; exit 4", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&fails));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let said = why(take(&deploy, "a", &change, Step::Activate).await);
    assert_eq!(said, "switch-to-configuration ended with 4: unit x failed");
    assert_eq!(look(&deploy, "a", &change).await.running, None);
    let said = why(take(&deploy, "a", &change, Step::Confirm).await);
    assert_eq!(said, "the new closure does not run there");
    runs(&rig, "a", &rig.old).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(rig.old.clone()), false, true));
    rig.lab.down().await;
}

/// The link may be lost in the activation or after it; nobody can get in to confirm; the timer brings the way in back.
async fn cut_off(rig: Rig, trouble: &str) {
    let new = system("cuts-off", trouble, "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let brief = Duration::from_secs(5);
    // Dropped where it does not end: as if we were killed.
    let _whatever = timeout(brief, take(&deploy, "a", &change, Step::Activate)).await;
    if let Ok(told) = timeout(brief, take(&deploy, "a", &change, Step::Confirm)).await {
        assert_ne!(told, Told::End(End::Done));
    }
    runs(&rig, "a", &rig.old).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(rig.old.clone()), false, true));
    assert_eq!(rig.answers("a").await, "old");
    rig.lab.down().await;
}

async fn an_activation_reboots(rig: Rig) {
    let reboots = system("reboots", "systemd-run -q --no-block systemctl reboot; sleep 5", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&reboots));
    let boots = rig.lab.host("a").unwrap().boots();
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let told = take(&deploy, "a", &change, Step::Activate).await;
    assert_ne!(told, Told::End(End::Done));
    rig.lab.host("a").unwrap().booted(boots, LIMIT).await.unwrap();
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.tried), (Some(rig.old.clone()), true));
    assert_eq!(rig.answers("a").await, "old");
    rig.lab.down().await;
}

async fn a_connection_ends(rig: Rig) {
    let slow = system("slow", "sleep 2", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&slow));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let kill = async {
        rig.on(
            "a",
            "until [ -e /run/seaworthy/p1/begun ]; do sleep 0.05; done; pkill -KILL -f '[s]shd: root'",
        )
        .await;
    };
    let (told, ()) = tokio::join!(take(&deploy, "a", &change, Step::Activate), kill);
    assert_eq!(told, UNREACHABLE);
    // It waits for the end of the activation.
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(slow.clone()), true, true));
    done(&deploy, "a", &change, &[Step::Confirm, Step::SetProfile]).await;
    assert_eq!(rig.truth("a").await, (slow.clone(), slow));
    rig.lab.down().await;
}

async fn a_full_disk(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    rig.on("a", "mkdir -p /var/lib/seaworthy; dd if=/dev/zero of=/nix/full bs=1M 2>/dev/null || :").await;
    let said = why(take(&deploy, "a", &change, Step::Copy).await);
    assert!(said.contains("No space left") || said.contains("full"), "{said}");
    assert!(!look(&deploy, "a", &change).await.copied);
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.on("a", "rm /nix/full").await;
    done(&deploy, "a", &change, &[Step::Copy]).await;
    // There is room for the copy, and none for the mark: nothing is activated without one.
    rig.on("a", "dd if=/dev/zero of=/nix/full bs=1M 2>/dev/null || :; dd if=/dev/zero of=/nix/fuller bs=4k 2>/dev/null || :").await;
    let said = why(take(&deploy, "a", &change, Step::Activate).await);
    assert!(said.starts_with("no mark can be left in /var/lib/seaworthy"), "{said}");
    assert!(!look(&deploy, "a", &change).await.tried);
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.on("a", "rm /nix/full*").await;
    rig.lab.down().await;
}

async fn a_closure_vanished(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    // What was copied is kept from whatever collects garbage; a person can still take it away.
    rig.on("a", "nix-store --gc").await;
    assert!(look(&deploy, "a", &change).await.copied);
    rig.on("a", &format!("rm /nix/var/nix/gcroots/seaworthy/new; nix-store --delete {new}")).await;
    assert!(!look(&deploy, "a", &change).await.copied);
    let said = why(take(&deploy, "a", &change, Step::Activate).await);
    assert_eq!(said, "the new closure is not there any more");
    assert!(!look(&deploy, "a", &change).await.tried);
    rig.lab.down().await;
}

/// Behind a's name stands b.
async fn another_key(rig: Rig) {
    let new = system("new", "", "");
    let ports = ["a", "b"].map(|name| format!("Port {}\n", rig.lab.port(name).unwrap()));
    let config = std::fs::read_to_string(rig.lab.ssh_config()).unwrap();
    let swapped = rig.config("swapped", &config.replacen(&ports[0], &ports[1], 1));
    let ssh = Arc::new(Ssh::new(edge::process::Spawner::new(), settings(swapped)).unwrap());
    let (deploy, change) = (rig.deploy_by("p1", "us", ssh, LIMITS), rig.to(&new));
    done(&deploy, "a", &change, &[Step::Build]).await;
    for step in [Step::Look, Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile, Step::RollBack] {
        let said = why(take(&deploy, "a", &change, step).await);
        assert!(said.contains("HAS CHANGED") || said.contains("verification failed"), "{step}: {said}");
    }
    assert_eq!(rig.on("b", "ls /var/lib/seaworthy /run/seaworthy 2>/dev/null || :").await, "");
    rig.lab.down().await;
}

async fn two_operators(rig: Rig) {
    let (slow, other) = (system("slow", "sleep 2", ""), system("other", "", ""));
    let ours = rig.deploy_by("p1", "anna on desk", Arc::clone(&rig.ssh), LIMITS);
    let theirs = rig.deploy_by("p2", "ben on sofa", Arc::clone(&rig.ssh), LIMITS);
    let (our, their) = (rig.to(&slow), rig.to(&other));
    done(&ours, "a", &our, &TO_ACTIVATE).await;
    done(&theirs, "a", &their, &TO_ACTIVATE).await;
    // Who holds the machine is told to whoever finds it held.
    let hold = "mkdir -p /run/seaworthy; echo carl >/run/seaworthy/who; mkfifo /run/go; \
        systemd-run -q flock /run/seaworthy/lock sh -c 'echo held >/run/go; until [ -e /run/let-go ]; do sleep 0.1; done'; \
        cat /run/go";
    rig.on("a", hold).await;
    assert_eq!(holder(take(&ours, "a", &our, Step::Activate).await), "carl");
    rig.on("a", "touch /run/let-go").await;
    assert!(!look(&ours, "a", &our).await.tried);
    // While one activates, the other gets no hold of the machine.
    let meanwhile = async {
        rig.on("a", "until [ -e /run/seaworthy/p1/begun ]; do sleep 0.05; done").await;
        holder(take(&theirs, "a", &their, Step::Activate).await)
    };
    let (told, said) = tokio::join!(take(&ours, "a", &our, Step::Activate), meanwhile);
    assert_eq!(told, Told::End(End::Done));
    assert!(said.starts_with("anna on desk, who"), "{said}");
    // Nor in the window that follows.
    let said = holder(take(&theirs, "a", &their, Step::Activate).await);
    assert_eq!(said, "anna on desk, whose promotion p1 is being tried there");
    done(&ours, "a", &our, &[Step::Confirm, Step::SetProfile]).await;
    // Nor afterwards: what was to be replaced is not there any more.
    let said = why(take(&theirs, "a", &their, Step::Activate).await);
    assert!(said.ends_with("runs there, which is not what was to be replaced"), "{said}");
    // Nothing was begun there, so that there is nothing to take back: a look tells so, and a roll back touches nothing.
    let seen = look(&theirs, "a", &their).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(slow.clone()), false, false));
    let said = why(take(&theirs, "a", &their, Step::RollBack).await);
    assert!(said.contains("runs there, which is neither"), "{said}");
    assert_eq!(rig.truth("a").await, (slow.clone(), slow));
    rig.lab.down().await;
}

/// Who is at work there.
pub(crate) fn holder(told: Told) -> String {
    match told {
        Told::End(End::Held { by }) => by,
        other => panic!("nobody is said to hold it: {other:?}"),
    }
}

async fn a_look_waits(rig: Rig) {
    let slow = system("slow", "sleep 3", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&slow));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    let given_up = timeout(Duration::from_millis(1500), take(&deploy, "a", &change, Step::Activate)).await;
    assert!(given_up.is_err());
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer), (Some(slow), true));
    rig.lab.down().await;
}

async fn what_nobody_reaches(mut rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TO_ACTIVATE).await;
    rig.lab.begin(Fault::Stop { host: "a".into(), daemon: Daemon::Sshd }).await.unwrap();
    for step in [Step::Look, Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile, Step::RollBack] {
        assert_eq!(take(&deploy, "a", &change, step).await, UNREACHABLE, "{step}");
    }
    rig.lab.restore().await.unwrap();
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.tried), (Some(rig.old.clone()), false));
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.lab.down().await;
}
