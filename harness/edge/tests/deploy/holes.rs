//! Ways in which other tools' confirmed deployments have let a machine be lost or wrongly taken back, each closed here.

use std::time::Duration;

use lab::fault::{Daemon, Fault};
use libtest_mimic::Trial;
use model::rollout::{Change, Closure, Step};
use run::rollout::Told;
use tokio::time::sleep;

use crate::{
    rig::{LIMITS, Rig, done, look, system, take, trial, why},
    steps::runs,
};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("holes::{name}");
    vec![
        trial(&of("what_an_earlier_run_left_confirms_nothing"), &["a"], what_an_earlier_run_left),
        trial(&of("a_long_activation_may_still_be_confirmed"), &["a"], a_long_activation),
        trial(&of("confirming_shares_no_connection"), &["a"], confirming_shares_no_connection),
        trial(&of("the_way_back_leads_to_the_exact_path"), &["a"], the_exact_path),
        trial(&of("a_second_failure_of_one_closure_loses_no_generation"), &["a"], no_generation_is_lost),
        trial(&of("nothing_boots_before_it_is_confirmed"), &["a"], nothing_boots_unconfirmed),
        trial(&of("confirming_and_the_timer_never_both_win"), &["a", "b", "c"], never_both),
        trial(&of("a_timer_outlives_its_units_being_read_again"), &["a"], units_read_again),
    ]
}

const TRIED: [Step; 3] = [Step::Build, Step::Copy, Step::Activate];

/// deploy-rs names its canary by the closure: one that is left confirms the next run early, or takes it back.
async fn what_an_earlier_run_left(rig: Rig) {
    let new = system("new", "", "");
    let change = rig.to(&new);
    let first = rig.deploy("p1");
    done(&first, "a", &change, &TRIED).await;
    done(&first, "a", &change, &[Step::Confirm, Step::RollBack]).await;
    let second = rig.deploy("p2");
    done(&second, "a", &change, &[Step::Copy, Step::Activate]).await;
    assert!(look(&second, "a", &change).await.timer);
    assert_eq!(
        why(take(&second, "a", &change, Step::SetProfile).await),
        "nobody confirmed the new closure there"
    );
    // What comes late of the first run does nothing to the second.
    assert!(why(take(&first, "a", &change, Step::Confirm).await).contains("rolled back"));
    runs(&rig, "a", &rig.old).await;
    rig.lab.down().await;
}

/// deploy-rs gives up on what takes longer to activate than it waits for a confirmation.
async fn a_long_activation(rig: Rig) {
    let slow = system("long", &format!("sleep {}", LIMITS.confirm.as_secs() + 1), "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&slow));
    done(&deploy, "a", &change, &TRIED).await;
    done(&deploy, "a", &change, &[Step::Confirm, Step::SetProfile]).await;
    assert_eq!(rig.truth("a").await, (slow.clone(), slow));
    rig.lab.down().await;
}

/// A connection of the user's that is still up proves nothing about the next.
async fn confirming_shares_no_connection(mut rig: Rig) {
    let shares = rig.ssh_with(&format!(
        "ControlMaster auto\nControlPersist 60\nControlPath {}\n",
        rig.socket().display()
    ));
    let mut master = rig.master(&rig.socket());
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy_by("p1", "us", shares, LIMITS), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    rig.lab.begin(Fault::Stop { host: "a".into(), daemon: Daemon::Sshd }).await.unwrap();
    assert!(rig.socket().exists(), "the user's connection is up");
    assert_eq!(take(&deploy, "a", &change, Step::Confirm).await, Told::End(model::rollout::End::Unreachable));
    runs(&rig, "a", &rig.old).await;
    master.kill().unwrap();
    master.wait().unwrap();
    rig.lab.down().await;
}

/// `nix-env --rollback` goes to the generation before, whatever ran.
async fn the_exact_path(rig: Rig) {
    let (other, new) = (system("other", "", ""), system("new", "", ""));
    rig.copy("a", &other).await;
    let profile = "/nix/var/nix/profiles/system";
    // Generations 1 and 2: old, which runs, and other. What is set next is 3, so that the one before is not the old one.
    rig.on("a", &format!("nix-env -p {profile} --set {other}; nix-env -p {profile} --switch-generation 1"))
        .await;
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    done(&deploy, "a", &change, &[Step::Confirm, Step::SetProfile]).await;
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.on("a", &format!("readlink -f {profile}")).await, rig.old.0);
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.lab.down().await;
}

/// deploy-rs steps past the good generation, and deletes it, where the deployed closure made no new one.
async fn no_generation_is_lost(rig: Rig) {
    let new = system("new", "", "");
    let generations = "for link in /nix/var/nix/profiles/system-*-link; do readlink $link; done";
    let before = rig.on("a", generations).await;
    for promotion in ["p1", "p2"] {
        let (deploy, change) = (rig.deploy(promotion), rig.to(&new));
        done(&deploy, "a", &change, &TRIED).await;
        runs(&rig, "a", &rig.old).await;
        done(&deploy, "a", &change, &[Step::RollBack]).await;
        assert_eq!(rig.on("a", generations).await, before, "{promotion}");
    }
    // A closure that is deployed over itself.
    let (deploy, change) = (rig.deploy("p3"), Change { old: rig.old.clone(), new: rig.old.clone() });
    assert_eq!(look(&deploy, "a", &change).await.running, Some(rig.old.clone()));
    assert_eq!(rig.on("a", generations).await, before);
    rig.lab.down().await;
}

/// With profile and boot loader set first, a reboot in the window comes back with what nobody confirmed.
async fn nothing_boots_unconfirmed(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    let old = rig.old.clone();
    assert_eq!(rig.truth("a").await, (new.clone(), old.clone()));
    assert_eq!(rig.on("a", "readlink -f /nix/var/nix/profiles/system").await, old.0);
    done(&deploy, "a", &change, &[Step::Confirm]).await;
    assert_eq!(rig.truth("a").await, (new, old));
    rig.lab.down().await;
}

/// Confirmed at about the moment in which the timer goes off: whoever says that he won, the machine says so too.
async fn never_both(rig: Rig) {
    let new = system("new", "", "");
    let at = |name, after| confirmed_at(&rig, name, &new, Duration::from_millis(after));
    for after in [0, 300] {
        tokio::join!(at("a", after), at("b", after + 100), at("c", after + 200));
    }
    rig.lab.down().await;
}

async fn confirmed_at(rig: &Rig, name: &'static str, new: &Closure, after: Duration) {
    let (promotion, change) = (format!("p{}", after.as_millis()), rig.to(new));
    let deploy = rig.deploy(&promotion);
    done(&deploy, name, &change, &TRIED).await;
    let left = rig.left(name, &promotion).await;
    sleep((left + after).saturating_sub(Duration::from_millis(600))).await;
    let won = take(&deploy, name, &change, Step::Confirm).await == Told::End(model::rollout::End::Done);
    // Until what was begun has ended.
    let seen = look(&deploy, name, &change).await;
    assert!(!seen.timer);
    let expected = if won { new } else { &rig.old };
    assert_eq!((seen.running.as_ref(), &rig.truth(name).await.0), (Some(expected), expected), "{after:?}");
    rig.reset(name).await;
}

/// systemd 252 loses a transient service's arguments when it reads its units again, which every activation makes it do.
async fn units_read_again(rig: Rig) {
    let new =
        system("reads", "systemctl daemon-reload; systemctl daemon-reexec; systemctl daemon-reload", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    assert_eq!(rig.answers("a").await, "reads");
    runs(&rig, "a", &rig.old).await;
    assert!(why(take(&deploy, "a", &change, Step::Confirm).await).contains("gone off"));
    assert_eq!(rig.answers("a").await, "old");
    rig.lab.down().await;
}
