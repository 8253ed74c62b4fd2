//! The steps as a Mac is sent them, carried out on a box: a shell, nix, ps and processes are there, and neither systemd nor flock is
//! used. What is a Mac's own, its BSD tools and launchd, is not there: these tests hold the scripts' order and their timer, no more.

use std::{sync::Arc, time::Duration};

use edge::deploy::{Deploy, System};
use lab::host::Reboot;
use libtest_mimic::Trial;
use model::rollout::{Closure, Step};

use crate::{
    faults::holder,
    health::check,
    rig::{LIMIT, LIMITS, Rig, done, look, system, take, trial, why},
    steps::{goes_off, leaves_eight},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("darwin::a_whole_deploy_and_the_way_back", &["a"], whole),
        trial("darwin::nobody_confirms_and_the_timer_goes_off", &["a"], nobody_confirms),
        trial("darwin::what_is_left_of_promotions_is_bounded", &["a"], is_bounded),
        trial("darwin::one_alone_is_at_work_and_who_was_killed_is_not", &["a"], one_alone),
        trial("darwin::an_activation_that_fails_hangs_or_is_cut_off_by_a_reboot", &["a"], troubles),
    ]
}

const TRIED: [Step; 3] = [Step::Build, Step::Copy, Step::Activate];

impl Rig {
    fn mac(&self, promotion: &str) -> Arc<Deploy> {
        self.deploy_to(System::Darwin, promotion, "us", Arc::clone(&self.ssh), LIMITS)
    }

    /// What runs, and what the profile names: a Mac activates that when it starts.
    async fn of_mac(&self) -> (Closure, Closure) {
        let boots = self.on("a", "readlink -f /nix/var/nix/profiles/system").await;
        (self.truth("a").await.0, Closure(boots))
    }

    async fn sleepers(&self) -> String {
        self.on("a", "pgrep -f '/var/lib/seaworthy/.*[u]ndo' || :").await
    }
}

async fn whole(rig: Rig) {
    let (old, new) = (rig.old.clone(), system("new", "", ""));
    let (deploy, change) = (rig.mac("p1"), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.profile, seen.timer), (Some(new.clone()), old.clone(), true));
    assert_eq!((rig.answers("a").await.as_str(), rig.of_mac().await), ("new", (new.clone(), old.clone())));
    assert!(why(take(&deploy, "a", &change, Step::SetProfile).await).contains("nobody confirmed"));
    // Each may be taken twice.
    done(&deploy, "a", &change, &[Step::Activate, Step::Confirm, Step::Confirm]).await;
    assert_eq!((look(&deploy, "a", &change).await.timer, rig.sleepers().await.as_str()), (false, ""));
    done(&deploy, "a", &change, &[Step::Examine]).await;
    rig.on("a", &check("port", "echo nobody listens; exit 1")).await;
    let said = why(take(&deploy, "a", &change, Step::Examine).await);
    assert_eq!(said, "check port: nobody listens");
    done(&deploy, "a", &change, &[Step::SetProfile, Step::SetProfile]).await;
    assert_eq!(rig.of_mac().await, (new.clone(), new));
    done(&deploy, "a", &change, &[Step::RollBack, Step::RollBack]).await;
    assert_eq!((rig.answers("a").await.as_str(), rig.of_mac().await), ("old", (old.clone(), old)));
    assert!(why(take(&deploy, "a", &change, Step::Activate).await).contains("was tried there before"));
    rig.lab.down().await;
}

async fn nobody_confirms(rig: Rig) {
    goes_off(&rig, &rig.mac("p1")).await;
    rig.lab.down().await;
}

async fn is_bounded(rig: Rig) {
    leaves_eight(&rig, |promotion| rig.mac(promotion)).await;
    rig.lab.down().await;
}

async fn one_alone(rig: Rig) {
    let begun = "until [ -e /var/lib/seaworthy/p1.begun ]; do sleep 0.05; done";
    // Whose number that was is somebody else's now, or was never written down.
    for number in ["1", ""] {
        let slow = system("slow", "sleep 4", "");
        let (ours, theirs, change) = (rig.mac("p1"), rig.mac("p2"), rig.to(&slow));
        done(&ours, "a", &change, &TRIED[..2]).await;
        let meanwhile = async {
            rig.on("a", begun).await;
            let by = holder(take(&theirs, "a", &change, Step::Activate).await);
            let left = format!("cd /var/lib/seaworthy; [ ! -d lock ] || echo {number} >lock/pid");
            rig.on("a", &format!("pkill -KILL -f '[s]h -s'; {left}")).await;
            by
        };
        let (_cut_off, by) = tokio::join!(take(&ours, "a", &change, Step::Activate), meanwhile);
        assert_eq!(by, "us, who is at step activate of promotion p1");
        // It waits for the end of the activation, and for nobody else.
        let seen = look(&ours, "a", &change).await;
        assert_eq!((seen.running, seen.timer), (Some(slow), true), "{number}");
        done(&ours, "a", &change, &[Step::RollBack]).await;
        rig.reset("a").await;
    }
    rig.lab.down().await;
}

async fn troubles(rig: Rig) {
    let old = (rig.old.clone(), rig.old.clone());
    let fails = system("fails", "exit 4", "");
    let (deploy, change) = (rig.mac("p1"), rig.to(&fails));
    done(&deploy, "a", &change, &TRIED[..2]).await;
    assert!(why(take(&deploy, "a", &change, Step::Activate).await).contains("did not go through"));
    assert_eq!(look(&deploy, "a", &change).await.running, None);
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!((rig.of_mac().await, rig.sleepers().await.as_str()), (old.clone(), ""));

    // One that hangs is ended by the timer, all of it.
    let hangs = system("hangs", "sleep 987", "");
    let (deploy, change) = (rig.mac("p2"), rig.to(&hangs));
    done(&deploy, "a", &change, &TRIED[..2]).await;
    assert!(why(take(&deploy, "a", &change, Step::Activate).await).contains("did not go through"));
    let end = tokio::time::Instant::now() + LIMIT;
    while look(&deploy, "a", &change).await.running != Some(rig.old.clone()) {
        assert!(tokio::time::Instant::now() < end, "it does not go back");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(rig.on("a", "pgrep -f 'sleep 98[7]' || :").await, "");
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.of_mac().await, old);

    // A number of a process from before a reboot is nobody's now.
    let new = system("new", "", "");
    let (deploy, change) = (rig.mac("p3"), rig.to(&new));
    done(&deploy, "a", &change, &TRIED).await;
    rig.lab.host("a").unwrap().reboot(Reboot::PowerCut, LIMIT).await.unwrap();
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.running, seen.timer, seen.tried), (Some(rig.old.clone()), false, true));
    assert_eq!(why(take(&deploy, "a", &change, Step::Confirm).await), "the timer has gone off");
    done(&deploy, "a", &change, &[Step::RollBack]).await;
    assert_eq!(rig.of_mac().await, old);
    rig.lab.down().await;
}
