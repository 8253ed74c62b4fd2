//! Each step, and what is on the machine after it.

use std::time::Duration;

use edge::deploy::Deploy;
use libtest_mimic::Trial;
use model::rollout::{Closure, Sight, Step};
use tokio::time::{Instant, sleep};

use crate::rig::{LIMIT, Rig, done, look, system, take, trial, why};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("steps::{name}");
    vec![
        trial(&of("a_whole_deploy"), &["a"], a_whole_deploy),
        trial(&of("a_whole_way_back"), &["a"], a_whole_way_back),
        trial(&of("nobody_confirms_and_the_timer_goes_off"), &["a"], nobody_confirms),
        trial(&of("every_step_may_be_taken_twice"), &["a"], every_step_twice),
        trial(&of("what_is_left_of_promotions_is_bounded"), &["a"], is_bounded),
        trial(&of("a_boot_loader_that_fails_is_set_back"), &["a"], a_boot_loader_fails),
        trial(&of("what_is_set_while_a_machine_goes_down_is_not_said_to_boot"), &["a"], goes_down),
        trial(&of("whoever_is_let_in_need_not_be_root"), &["a"], by_sudo),
        trial(&of("what_was_built_has_to_be_what_was_proven"), &["a"], what_was_built),
    ]
}

const ALL: [Step; 6] =
    [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile];

/// Waits until the box runs this, and nothing of ours is at work there.
pub(crate) async fn runs(rig: &Rig, name: &str, closure: &Closure) {
    let end = Instant::now() + LIMIT;
    while rig.truth(name).await.0 != *closure || !rig.timers(name).await.is_empty() {
        assert!(Instant::now() < end, "it does not run {closure}");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn a_whole_deploy(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    let (old, seen) = (
        rig.old.clone(),
        Sight {
            built: true,
            copied: false,
            running: Some(rig.old.clone()),
            profile: rig.old.clone(),
            timer: false,
            tried: false,
        },
    );
    assert_eq!(rig.answers("a").await, "old");
    assert_eq!(look(&deploy, "a", &change).await, seen);
    done(&deploy, "a", &change, &[Step::Build, Step::Copy]).await;
    let seen = Sight { copied: true, ..seen };
    assert_eq!(look(&deploy, "a", &change).await, seen);
    done(&deploy, "a", &change, &[Step::Activate]).await;
    let seen = Sight { running: Some(new.clone()), timer: true, tried: true, ..seen };
    assert_eq!(look(&deploy, "a", &change).await, seen);
    assert_eq!((rig.answers("a").await.as_str(), rig.truth("a").await), ("new", (new.clone(), old)));
    done(&deploy, "a", &change, &[Step::Confirm]).await;
    let seen = Sight { timer: false, ..seen };
    assert_eq!(look(&deploy, "a", &change).await, seen);
    done(&deploy, "a", &change, &[Step::Examine]).await;
    assert_eq!(look(&deploy, "a", &change).await, seen);
    done(&deploy, "a", &change, &[Step::SetProfile]).await;
    assert_eq!(look(&deploy, "a", &change).await, Sight { profile: new.clone(), ..seen });
    assert_eq!(rig.truth("a").await, (new.clone(), new.clone()));
    rig.lab.host("a").unwrap().reboot(lab::host::Reboot::Ordered, LIMIT).await.unwrap();
    assert_eq!((rig.answers("a").await.as_str(), rig.truth("a").await), ("new", (new.clone(), new)));
    assert_eq!(rig.timers("a").await, "");
    rig.lab.down().await;
}

async fn a_whole_way_back(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    for steps in [&ALL[..3], &ALL[..4], &ALL] {
        rig.reset("a").await;
        done(&deploy, "a", &change, steps).await;
        assert_eq!(rig.answers("a").await, "new");
        done(&deploy, "a", &change, &[Step::RollBack]).await;
        assert_eq!(
            (rig.answers("a").await.as_str(), rig.truth("a").await),
            ("old", (rig.old.clone(), rig.old.clone()))
        );
        let seen = look(&deploy, "a", &change).await;
        assert_eq!(
            (seen.running, seen.profile, seen.timer, seen.tried),
            (Some(rig.old.clone()), rig.old.clone(), false, true)
        );
        assert!(why(take(&deploy, "a", &change, Step::Activate).await).contains("was tried there before"));
        assert!(why(take(&deploy, "a", &change, Step::SetProfile).await).contains("does not run there"));
    }
    rig.lab.down().await;
}

async fn nobody_confirms(rig: Rig) {
    goes_off(&rig, &rig.deploy("p1")).await;
    rig.lab.down().await;
}

/// What is activated and not confirmed goes back by itself.
pub(crate) async fn goes_off(rig: &Rig, deploy: &Deploy) {
    let change = rig.to(&system("new", "", ""));
    done(deploy, "a", &change, &ALL[..3]).await;
    assert_eq!(rig.answers("a").await, "new");
    runs(rig, "a", &rig.old).await;
    let seen = look(deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(rig.old.clone()), false, true));
    assert_eq!(rig.answers("a").await, "old");
    assert_eq!(why(take(deploy, "a", &change, Step::Confirm).await), "the timer has gone off");
    done(deploy, "a", &change, &[Step::RollBack]).await;
}

async fn every_step_twice(rig: Rig) {
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    for step in ALL {
        done(&deploy, "a", &change, &[step, step]).await;
    }
    let generations = "ls -d /nix/var/nix/profiles/system-*-link | wc -l";
    assert_eq!(rig.on("a", generations).await, "2");
    done(&deploy, "a", &change, &[Step::RollBack, Step::RollBack]).await;
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.lab.down().await;
}

async fn is_bounded(rig: Rig) {
    leaves_eight(&rig, |promotion| rig.deploy(promotion)).await;
    // What is known of a promotion for this boot goes with the rest.
    assert_eq!(rig.on("a", "ls -d /run/seaworthy/*/ | wc -l").await, "8");
    rig.lab.down().await;
}

/// Of ten promotions the last eight are known to a machine, and one of those may be gone on with late.
pub(crate) async fn leaves_eight<D: AsRef<Deploy>>(rig: &Rig, deployer: impl Fn(&str) -> D) {
    let change = rig.to(&system("new", "", ""));
    let names: Vec<_> = (0..10).map(|number| format!("p{number}")).collect();
    let tried = async |name: &str| {
        done(deployer(name).as_ref(), "a", &change, &ALL[..3]).await;
        done(deployer(name).as_ref(), "a", &change, &[Step::RollBack]).await;
    };
    tried("p0").await;
    // Seven more have left the same since.
    let same = "for past in 1 2 3 4 5 6 7; do for all in /var/lib/seaworthy /run/seaworthy; do \
        [ -d $all ] || continue; for of in $all/p0 $all/p0.*; do [ ! -e $of ] || cp -r $of $all/p$past${of#$all/p0}; done; \
        done; sleep 0.02; done";
    rig.on("a", same).await;
    tried("p8").await;
    tried("p9").await;
    let left = "cd /var/lib/seaworthy; ls | grep '^p[0-9]' | sed 's/[.].*//' | sort -u | xargs";
    assert_eq!(rig.on("a", left).await, names[2..].join(" "));
    assert!(look(deployer("p2").as_ref(), "a", &change).await.tried);
    let late = why(take(deployer("p2").as_ref(), "a", &change, Step::Activate).await);
    assert!(late.contains("was tried there before"), "{late}");
    // How the machine did before is there for whoever examines under it late.
    rig.on("a", "cd /var/lib/seaworthy; ls p2.before p2.reached p9.before p9.reached").await;
}

/// Between the profile and the boot loader neither closure boots for sure.
async fn a_boot_loader_fails(rig: Rig) {
    let new = system("unbootable", "", "echo no room in /boot >&2; exit 1");
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &ALL[..4]).await;
    let why = why(take(&deploy, "a", &change, Step::SetProfile).await);
    assert_eq!(why, "the boot loader was not set: no room in /boot");
    assert_eq!(look(&deploy, "a", &change).await.profile, rig.old);
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.on("a", "readlink -f /nix/var/nix/profiles/system").await, rig.old.0);
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.lab.down().await;
}

/// What is written once `/boot` is no mount any more is gone with the boot that wrote it.
async fn goes_down(rig: Rig) {
    // Something in /var that will not end, so that this is still there when /boot is not.
    let trouble = "systemd-run -q -p DefaultDependencies=no -p Conflicts=shutdown.target -p Before=shutdown.target \
                   -p WorkingDirectory=/var sh -c \"trap '' TERM; while :; do sleep 0.1; done\"; \
                   kill -s INT 1; while mountpoint -q /boot; do sleep 0.02; done";
    let new = system("late", "", trouble);
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    done(&deploy, "a", &change, &ALL[..4]).await;
    let a = rig.lab.host("a").unwrap();
    let boots = a.boots();
    let told = take(&deploy, "a", &change, Step::SetProfile).await;
    a.booted(boots, LIMIT).await.unwrap();
    assert_eq!(why(told), "the boot loader was not set: the machine goes down");
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    assert_eq!(look(&deploy, "a", &change).await.profile, rig.old);
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.on("a", "readlink -f /nix/var/nix/profiles/system").await, rig.old.0);
    rig.lab.down().await;
}

async fn what_was_built(rig: Rig) {
    let absent = Closure("/nix/store/0c5fq6vwa5mfmhhp2jyxqbzdm2kikzj3-absent".to_owned());
    let (deploy, change) = (rig.deploy("p1"), rig.to(&absent));
    assert!(!look(&deploy, "a", &change).await.built);
    assert!(
        why(take(&deploy, "a", &change, Step::Build).await)
            .contains("0c5fq6vwa5mfmhhp2jyxqbzdm2kikzj3-absent")
    );
    rig.lab.down().await;
}

/// Whoever is let in need not be root, where `sudo` asks for nothing.
async fn by_sudo(rig: Rig) {
    let admin = "echo 'admin:x:1000:1000::/var/admin:/bin/sh' >>/etc/passwd; echo 'admin:*:20000::::::' >>/etc/shadow; \
                 echo 'admin:x:1000:' >>/etc/group; mkdir -p /var/admin /etc/pam.d; chown 1000:1000 /var/admin; \
                 for what in auth account session; do echo \"$what required pam_permit.so\"; done >/etc/pam.d/sudo; \
                 chmod 711 /run/host; chmod 644 /run/host/authorized_keys";
    rig.on("a", admin).await;
    let new = system("new", "", "");
    let (deploy, change) = (rig.deploy_at("admin@a"), rig.to(&new));
    // Nobody said that he may.
    assert!(why(take(&deploy, "a", &change, Step::Copy).await).starts_with("sudo: "));
    rig.on("a", "echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers; chmod 440 /etc/sudoers").await;
    done(&deploy, "a", &change, &ALL).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.profile), (Some(new.clone()), new.clone()));
    assert_eq!(rig.on("a", &format!("stat -c %U {new}; whoami")).await, "root\nroot");
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.truth("a").await, (rig.old.clone(), rig.old.clone()));
    rig.lab.down().await;
}
