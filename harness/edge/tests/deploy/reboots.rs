//! A new closure that needs a reboot is booted once, and boots by default only when it came up and was examined.

use std::{sync::Arc, time::Duration};

use edge::deploy::Deploy;
use judge::promote::{Outlook, State};
use lab::host::Reboot;
use libtest_mimic::Trial;
use model::{
    course::Course,
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
};
use run::rollout::{Rest, Told};
use testkit::rollout::MemoryLog;

use crate::{
    promotion::{Came, came, course, go, journal},
    rig::{LIMIT, Rig, done, look, system_of, take, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("reboots::{name}");
    vec![
        trial(&of("another_kernel_is_booted_once_and_then_by_default"), &["a"], another_kernel),
        trial(&of("one_that_comes_back_old_is_rolled_back"), &["a"], comes_back_old),
        trial(&of("nothing_is_booted_where_all_is_in_use"), &["a"], nothing_to_reboot),
        trial(&of("nothing_is_booted_where_nothing_boots_once"), &["a"], cannot_boot_once),
        trial(&of("a_power_cut_while_it_is_set_comes_back_old"), &["a"], cut_while_it_is_set),
        trial(&of("a_power_cut_when_it_is_set_comes_back_new"), &["a"], cut_when_it_is_set),
        trial(&of("another_goes_on_while_the_machine_is_down"), &["a"], another_goes_on),
        trial(&of("what_was_to_be_booted_once_is_forgotten_on_the_way_back"), &["a"], forgotten),
    ]
}

const BEFORE: [Step; 5] = [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine];

fn with_reboots() -> Course {
    Course { reboots: true, ..course(&[&["a"]], Duration::ZERO) }
}

/// A system with a kernel of its own.
fn another(version: &str, more: &[(&str, &str)]) -> Closure {
    let own = [("version", version), ("kernel", "6.12")];
    system_of(&own.into_iter().chain(more.iter().copied()).collect::<Vec<_>>())
}

/// How often each step ended so.
fn times(log: &MemoryLog, step: Step, fits: impl Fn(&End) -> bool) -> usize {
    let counts = |entry: &Entry| match &entry.what {
        Happened::Ended { step: of, end, .. } => *of == step && fits(end),
        _ => false,
    };
    log.entries().iter().filter(|entry| counts(entry)).count()
}

fn is_done(end: &End) -> bool {
    *end == End::Done
}

/// Both run and boot, by default and by what the machine was started with, and nothing is left to boot once.
async fn settled(rig: &Rig, closure: &Closure, booted: &Closure) {
    assert_eq!(rig.truth("a").await, (closure.clone(), closure.clone()));
    let line = "readlink -f /run/booted-system; readlink -f /nix/var/nix/profiles/system; \
                ls /boot/once /var/lib/seaworthy/setting /var/lib/seaworthy/*.once 2>/dev/null || :";
    assert_eq!(rig.on("a", line).await, format!("{booted}\n{closure}"));
    assert_eq!(rig.timers("a").await, "");
}

#[track_caller]
fn went_back(state: &State, log: &MemoryLog) -> String {
    assert_eq!(came(state, "a"), Came::Old, "{:#?}", log.entries());
    assert_eq!(times(log, Step::SetProfile, |_| true), 0, "{:#?}", log.entries());
    assert_eq!(times(log, Step::RollBack, is_done), 1, "{:#?}", log.entries());
    state.machines()[&MachineName::from("a")].failed.clone().unwrap()
}

async fn another_kernel(rig: Rig) {
    let new = another("new", &[]);
    let boots = rig.lab.host("a").unwrap().boots();
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&with_reboots(), rig.deploy("p1"), &mut log).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:#?}", log.entries());
    assert_eq!(rig.lab.host("a").unwrap().boots(), boots + 1);
    assert_eq!((times(&log, Step::Reboot, is_done), times(&log, Step::Examine, is_done)), (1, 2));
    settled(&rig, &new, &new).await;
    assert_eq!(rig.answers("a").await, "new");
    // Nothing is activated anew: it was booted.
    assert_eq!(rig.on("a", "grep -c ^test /root/switched").await, "1");
    rig.lab.down().await;
}

async fn comes_back_old(rig: Rig) {
    let new = another("new", &[("initTrouble", "exit 1")]);
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&with_reboots(), rig.deploy("p1"), &mut log).await;
    let because = went_back(&rested.state, &log);
    assert_eq!(because, format!("reboot: it came back with {}", rig.old));
    settled(&rig, &rig.old, &rig.old).await;
    rig.lab.down().await;
}

async fn nothing_to_reboot(rig: Rig) {
    let new = system_of(&[("version", "new")]);
    let boots = rig.lab.host("a").unwrap().boots();
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&with_reboots(), rig.deploy("p1"), &mut log).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:#?}", log.entries());
    assert_eq!(rig.lab.host("a").unwrap().boots(), boots);
    settled(&rig, &new, &rig.old).await;
    rig.lab.down().await;
}

/// It goes on without, and says so.
async fn cannot_boot_once(rig: Rig) {
    let new = another("new", &[("loader", "another")]);
    let boots = rig.lab.host("a").unwrap().boots();
    let mut log = journal("a", &rig.to(&new), []);
    let rested = go(&with_reboots(), rig.deploy("p1"), &mut log).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:#?}", log.entries());
    assert_eq!(rig.lab.host("a").unwrap().boots(), boots);
    let why = "its boot loader cannot boot a closure only once".to_owned();
    assert_eq!(times(&log, Step::Reboot, |end| *end == End::Skipped { why: why.clone() }), 1);
    settled(&rig, &new, &rig.old).await;
    rig.lab.down().await;
}

/// Cuts the power of a as soon as this goes through.
async fn cut(rig: &Rig, line: &str) {
    rig.on("a", &format!("until {line}; do sleep 0.02; done")).await;
    rig.lab.host("a").unwrap().reboot(Reboot::PowerCut, LIMIT).await.unwrap();
}

/// The old closure's own script is at work.
async fn cut_while_it_is_set(mut rig: Rig) {
    rig.old = system_of(&[("version", "old"), ("bootTrouble", "sleep 1")]);
    rig.reset("a").await;
    let new = another("new", &[]);
    let mut log = journal("a", &rig.to(&new), []);
    let all = with_reboots();
    let (rested, ()) =
        tokio::join!(go(&all, rig.deploy("p1"), &mut log), cut(&rig, "[ -e /var/lib/seaworthy/setting ]"));
    went_back(&rested.state, &log);
    settled(&rig, &rig.old, &rig.old).await;
    rig.lab.down().await;
}

async fn cut_when_it_is_set(rig: Rig) {
    let new = another("new", &[]);
    let mut log = journal("a", &rig.to(&new), []);
    let all = with_reboots();
    let set = "systemctl is-active -q seaworthy-promotion-p1-reboot";
    let (rested, ()) = tokio::join!(go(&all, rig.deploy("p1"), &mut log), cut(&rig, set));
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:#?}", log.entries());
    settled(&rig, &new, &new).await;
    rig.lab.down().await;
}

async fn another_goes_on(rig: Rig) {
    let new = another("new", &[("initTrouble", "sleep 1.5")]);
    let log = journal("a", &rig.to(&new), []);
    let (all, mut first, mut second) = (with_reboots(), log.another(), log.another());
    let a = rig.lab.host("a").unwrap();
    let before = a.first_process();
    let down = async {
        while a.first_process() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        rested = go(&all, rig.deploy("p1"), &mut first) => panic!("it was not rebooted: {rested:?}"),
        () = down => {}
    }
    let rested = go(&all, rig.deploy("p1"), &mut second).await;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Through), "{:#?}", log.entries());
    let looks = |entry: &Entry| matches!(entry.what, Happened::Begun { step: Step::Look, .. });
    assert!(log.entries().iter().any(looks), "{:#?}", log.entries());
    settled(&rig, &new, &new).await;
    rig.lab.down().await;
}

/// Whoever ordered the reboot is gone before the machine is, and somebody takes the machine back.
async fn forgotten(rig: Rig) {
    let new = another("new", &[]);
    let (deploy, change): (Arc<Deploy>, Change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &BEFORE).await;
    // Nothing makes it reboot: what is set stays.
    rig.on("a", "mkdir -p /run/systemd/system && ln -sfn /dev/null /run/systemd/system/reboot.target && systemctl daemon-reload")
        .await;
    let told = take(&deploy, "a", &change, Step::Reboot).await;
    assert!(
        matches!(&told, Told::End(End::Failed { why }) if why.starts_with("it does not go down")),
        "{told:?}"
    );
    assert_eq!(rig.on("a", "readlink /boot/once").await, format!("{new}/init"));
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.profile), (Some(new), rig.old.clone()));
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    settled(&rig, &rig.old, &rig.old).await;
    rig.lab.down().await;
}
