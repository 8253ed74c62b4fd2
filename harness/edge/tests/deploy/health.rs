//! How a machine does under its new closure is compared with how it did before, and what is worse takes it back.

use std::time::Duration;

use judge::promote::{Outlook, Phase, State};
use libtest_mimic::Trial;
use model::{
    machine::MachineName,
    rollout::{Closure, End, Entry, Happened, Step},
};
use run::rollout::{Rest, Told};
use testkit::rollout::MemoryLog;

use crate::{
    promotion::{Came, came, course, go, journal},
    rig::{LIMIT, Rig, done, system, take, trial, why},
};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("health::{name}");
    vec![
        trial(&of("a_unit_that_fails_only_now_takes_the_machine_back"), &["a"], a_unit_fails),
        trial(&of("a_unit_that_restarts_again_and_again_takes_it_back"), &["a"], a_unit_restarts),
        trial(&of("what_failed_before_is_not_worse_even_after_a_reboot"), &["a"], failed_before),
        trial(&of("a_check_of_the_machines_own_takes_it_back"), &["a"], a_check_fails),
        trial(&of("a_check_that_turns_bad_in_the_soak_takes_it_back"), &["a"], a_check_turns_bad),
        trial(&of("what_starts_late_is_waited_for"), &["a"], starts_late),
        trial(&of("a_peer_that_is_lost_takes_the_machine_back"), &["a", "b"], a_peer_is_lost),
        trial(&of("a_peer_that_sleeps_is_lost_by_nobody"), &["a", "b"], a_peer_sleeps),
        trial(&of("who_cannot_tell_has_not_told_that_it_is_worse"), &["a"], cannot_tell),
    ]
}

/// A service that ends as it is told, and says so.
fn service(name: &str, properties: &str, ends: &str) -> String {
    format!(
        "systemd-run -q --no-block --unit={name} {properties} sh -c 'echo no room for {name} >&2; {ends}'"
    )
}

/// A health check with a text.
pub(crate) fn check(name: &str, text: &str) -> String {
    format!(
        "mkdir -p /etc/seaworthy/health; printf '#!/bin/sh\\n%s\\n' '{text}' >/etc/seaworthy/health/{name}; \
         chmod +x /etc/seaworthy/health/{name}"
    )
}

/// Promotes a to this closure, with a soak, and returns how it came to rest.
async fn promoted(rig: &Rig, new: &Closure, soak: Duration) -> (State, Rest, MemoryLog) {
    let mut log = journal("a", &rig.to(new), []);
    let rested = go(&course(&[&["a"]], soak), rig.deploy("p1"), &mut log).await;
    (rested.state, rested.rest, log)
}

/// It is on its old closure, for this reason, and what boots was not set.
#[track_caller]
fn went_back(state: &State, log: &MemoryLog, because: &str) {
    let host = &state.machines()[&MachineName::from("a")];
    assert_eq!((&host.phase, host.failed.as_deref()), (&Phase::Back, Some(because)), "{:#?}", log.entries());
    let set = |entry: &Entry| matches!(entry.what, Happened::Begun { step: Step::SetProfile, .. });
    assert!(!log.entries().iter().any(set), "{:#?}", log.entries());
}

async fn is_old(rig: &Rig) {
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    assert_eq!((rig.answers("a").await.as_str(), rig.timers("a").await.as_str()), ("old", ""));
    assert_eq!(rig.on("a", "readlink -f /nix/var/nix/profiles/system").await, rig.old.0);
}

async fn a_unit_fails(rig: Rig) {
    let new = system("ill", &service("web", "", "exit 3"), "");
    let (state, _, log) = promoted(&rig, &new, Duration::ZERO).await;
    went_back(&state, &log, "examine: unit web.service: no room for web");
    is_old(&rig).await;
    rig.lab.down().await;
}

/// It never fails for systemd.
async fn a_unit_restarts(rig: Rig) {
    let restarts = "-p Restart=always -p RestartSec=30";
    let new = system("loops", &service("web", restarts, "exit 3"), "");
    let (state, _, log) = promoted(&rig, &new, Duration::ZERO).await;
    went_back(&state, &log, "examine: unit web.service: it starts again and again: no room for web");
    is_old(&rig).await;
    rig.lab.down().await;
}

async fn failed_before(rig: Rig) {
    let fails = format!("{}; sleep 0.2", service("web", "", "exit 3"));
    rig.on("a", &format!("{fails}; {}", check("disk", "exit 1"))).await;
    let new = system("new", "", "");
    let (state, rest, log) = promoted(&rig, &new, Duration::ZERO).await;
    assert_eq!((came(&state, "a"), rest), (Came::New, Rest::Idle(Outlook::Through)), "{:#?}", log.entries());
    rig.lab.host("a").unwrap().reboot(lab::host::Reboot::Ordered, LIMIT).await.unwrap();
    rig.on("a", &fails).await;
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &[Step::Examine]).await;
    // Another is worse.
    rig.on("a", &format!("{}; sleep 0.2", service("mail", "", "exit 3"))).await;
    let said = why(take(&deploy, "a", &change, Step::Examine).await);
    assert_eq!(said, "unit mail.service: no room for mail");
    rig.lab.down().await;
}

async fn a_check_fails(rig: Rig) {
    rig.on("a", &check("old", "exit 0")).await;
    let hangs = check("late", "sleep 30");
    let new = system("unchecked", &format!("{}; {hangs}", check("port", "echo nobody listens; exit 1")), "");
    let (state, _, log) = promoted(&rig, &new, Duration::ZERO).await;
    let because = "examine: check late: it did not end within 1 s; check port: nobody listens";
    went_back(&state, &log, because);
    is_old(&rig).await;
    rig.lab.down().await;
}

async fn a_check_turns_bad(rig: Rig) {
    let new = system("rots", &check("rot", "! cat /run/rot"), "");
    let rots = async {
        rig.on("a", &format!("until [ $(readlink /boot/init) = {new}/init ]; do sleep 0.1; done")).await;
        rig.on("a", "echo all is rotten >/run/rot").await;
    };
    let ((state, rest, log), ()) = tokio::join!(promoted(&rig, &new, Duration::from_secs(2)), rots);
    let host = &state.machines()[&MachineName::from("a")];
    assert_eq!(host.failed.as_deref(), Some("examine: check rot: all is rotten"), "{:#?}", log.entries());
    assert_eq!((&host.phase, rest), (&Phase::Back, Rest::Idle(Outlook::Held)));
    let done = |step| {
        let end = End::Done;
        log.entries()
            .iter()
            .any(|entry| entry.what == Happened::Ended { machine: "a".into(), step, end: end.clone() })
    };
    assert!(done(Step::SetProfile) && done(Step::RollBack), "{:#?}", log.entries());
    is_old(&rig).await;
    rig.lab.down().await;
}

async fn starts_late(rig: Rig) {
    let slow = service("web", "-p Type=oneshot -p RemainAfterExit=yes", "sleep 1; touch /run/web");
    let new = system("slow", &format!("{slow}; {}", check("web", "test -e /run/web")), "");
    let (state, _, log) = promoted(&rig, &new, Duration::ZERO).await;
    assert_eq!(came(&state, "a"), Came::New, "{:#?}", log.entries());
    rig.lab.down().await;
}

/// A system of a under which packets to b go nowhere.
fn parted(rig: &Rig) -> Closure {
    let b = rig.lab.host("b").unwrap().seat().v4;
    system("parted", &format!("ip route replace blackhole {b}/32"), "")
}

async fn a_peer_is_lost(rig: Rig) {
    let (new, deploy) = (parted(&rig), rig.deploy_peers("p1"));
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&course(&[&["a"]], Duration::ZERO), deploy, &mut log).await;
    went_back(&rested.state, &log, "examine: peer b over plain: it is not reached");
    is_old(&rig).await;
    // Whom it did not reach before, it does not lose.
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&course(&[&["a"]], Duration::ZERO), rig.deploy_peers("p2"), &mut log).await;
    assert_eq!(came(&rested.state, "a"), Came::New, "{:#?}", log.entries());
    rig.lab.down().await;
}

async fn a_peer_sleeps(rig: Rig) {
    let (new, deploy) = (parted(&rig), rig.deploy_peers("p1"));
    let change = rig.to(&new);
    done(&deploy, "a", &change, &[Step::Build, Step::Copy, Step::Activate, Step::Confirm]).await;
    rig.on("b", "systemctl stop sshd").await;
    done(&deploy, "a", &change, &[Step::Examine]).await;
    rig.on("b", "systemctl start sshd").await;
    let said = why(take(&deploy, "a", &change, Step::Examine).await);
    assert_eq!(said, "peer b over plain: it is not reached");
    rig.lab.down().await;
}

async fn cannot_tell(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    let steps = [Step::Build, Step::Copy, Step::Activate, Step::Confirm];
    done(&deploy, "a", &change, &steps).await;
    // Somebody else has put something else there.
    rig.on("a", &format!("ln -sfn {} /run/current-system", rig.old)).await;
    let told = take(&deploy, "a", &change, Step::Examine).await;
    assert_eq!(told, Told::End(End::Unreachable));
    rig.lab.down().await;
}
