//! The process is killed at every entry of the journal, and another goes on.

use std::time::Duration;

use model::rollout::Step;
use testkit::rollout::{Death, Mishap, ScriptedDeployer};
use tokio::sync::mpsc;

use crate::fleet::{Fleet, fleet};

fn three_waves(mishap: Option<(Step, Mishap)>) -> Fleet {
    let on = |machines: ScriptedDeployer| match mishap {
        Some((step, mishap)) => machines.on("b", step, [mishap]),
        None => machines,
    };
    let mut fleet = fleet(&[&["a"], &["b", "c"], &["d"]]).with(on);
    // So short that each is examined once more, at its end.
    fleet.course.waves.iter_mut().for_each(|leg| leg.soak = Duration::from_secs(30));
    fleet.course.reboots = true;
    fleet
}

/// How many entries the journal of a promotion has that nobody kills.
async fn entries(mishap: Option<(Step, Mishap)>) -> usize {
    let fleet = three_waves(mishap);
    fleet.wait().await.expect("the journal is sound");
    fleet.log.entries().len()
}

/// Every process dies so many entries after it has begun; the last lives. Each time, that much later, another goes on.
async fn killed(mishap: Option<(Step, Mishap)>, death: Death, later: Duration) -> Fleet {
    let fleet = three_waves(mishap);
    let log = fleet.log.another().dies(death);
    let ended = fleet.process(log, true, mpsc::channel(1).1).await;
    assert!(ended.is_err(), "{death:?}: nobody died");
    tokio::time::advance(later).await;
    fleet.wait().await.expect("the journal is sound");
    fleet
}

#[tokio::test(start_paused = true)]
async fn killed_anywhere_and_resumed_at_once_all_get_through_and_nothing_is_done_twice() {
    for at in 1..entries(None).await {
        for death in [Death::Before(at), Death::After(at)] {
            let fleet = killed(None, death, Duration::ZERO).await;
            fleet.is_sound(&format!("{death:?}"));
            assert_eq!(fleet.machines.whole().0, ["a", "b", "c", "d"], "{death:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_anywhere_and_resumed_late_each_is_old_or_new_and_nothing_is_done_twice() {
    let (mut went_back, mut all) = (0, 0);
    for at in 1..entries(None).await {
        for death in [Death::Before(at), Death::After(at)] {
            let fleet = killed(None, death, Duration::from_secs(600)).await;
            fleet.is_sound(&format!("{death:?}"));
            all += 1;
            went_back += usize::from(fleet.machines.whole().0.len() < 4);
        }
    }
    assert!(went_back > 0 && went_back < all / 2, "timers went off in {went_back} of {all}");
}

#[tokio::test(start_paused = true)]
async fn killed_anywhere_beside_a_mishap_each_is_old_or_new_and_nothing_is_done_twice() {
    let steps = [
        Step::Build,
        Step::Copy,
        Step::Activate,
        Step::Confirm,
        Step::Examine,
        Step::Reboot,
        Step::SetProfile,
    ];
    for mishap in steps.iter().flat_map(|step| [(*step, Mishap::Fails), (*step, Mishap::Lost)]) {
        for at in 1..entries(Some(mishap)).await {
            for death in [Death::Before(at), Death::After(at)] {
                let fleet = killed(Some(mishap), death, Duration::ZERO).await;
                fleet.is_sound(&format!("{mishap:?}, {death:?}"));
            }
        }
    }
}
