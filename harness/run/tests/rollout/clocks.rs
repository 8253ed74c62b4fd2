//! The host's wall clock is set while a promotion goes on. Soaks last for weeks and outlive processes and reboots, so they are
//! counted by it; what was waited for is never counted twice, and nobody is let through unseen.

use std::time::Duration;

use judge::promote::Why;
use model::{rollout::Step, stage::Stage};
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, HOUR, fleet, held, through};

const MINUTE: Duration = Duration::from_secs(60);

/// Two waves, by a process that waits while the clock is set after half an hour.
async fn set_by(seconds: i64) -> (Fleet, Duration) {
    let fleet = fleet(&[&["a"], &["b"]]);
    let start = Instant::now();
    let set = async {
        sleep(HOUR / 2).await;
        fleet.clock.set_by(seconds);
    };
    let (rested, ()) = tokio::join!(fleet.wait(), set);
    through(&rested);
    fleet.is_sound("a clock that was set");
    (fleet, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_makes_a_soak_longer() {
    let (fleet, took) = set_by(-20 * 60).await;
    assert!(took >= HOUR * 2 + MINUTE * 20, "{took:?}");
    let soaked = fleet.began("b", Step::Build).duration_since(fleet.when("a", Step::SetProfile));
    assert!(soaked.as_secs() >= 3600, "{soaked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_forward_lets_nobody_through_unexamined() {
    let (fleet, took) = set_by(24 * 3600).await;
    assert!(took < HOUR * 2, "{took:?}");
    let over = fleet.when("a", Step::SetProfile) + HOUR;
    let examined = fleet.examined("a").into_iter().find(|at| *at >= over).expect("examined when it was over");
    assert!(examined <= fleet.began("b", Step::Build));
}

/// What was proven later than now was proven by another clock, or this one is wrong.
#[tokio::test(start_paused = true)]
async fn evidence_from_the_future_opens_no_gate() {
    let fleet = fleet(&[&["a"]]);
    fleet.clock.set_by(-24 * 3600);
    let rested = fleet.go().await;
    held(&rested);
    assert_eq!(fleet.reasons(&rested.expect("sound"))["a"], [Why::FromTheFuture { stage: Stage::Boot }]);
    assert_eq!(fleet.machines.effects(), []);
    fleet.clock.set_by(0);
    through(&fleet.wait().await);
}
