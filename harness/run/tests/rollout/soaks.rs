//! Machines are examined while they soak.

use std::time::Duration;

use judge::promote::Why;
use model::rollout::Step;

use crate::fleet::{HOUR, fleet, held, through};

const MINUTE: Duration = Duration::from_secs(60);

/// How long after its new closure boots it was examined, in minutes.
fn minutes(fleet: &crate::fleet::Fleet, machine: &str) -> Vec<i64> {
    let settled = fleet.when(machine, Step::SetProfile);
    fleet.examined(machine).iter().map(|at| at.duration_since(settled).as_mins()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_waits_examines_again_and_again_and_at_the_end_before_a_later_wave() {
    let mut fleet = fleet(&[&["a"], &["b"]]);
    fleet.course.waves[0].soak = 24 * HOUR;
    fleet.course.waves[1].soak = Duration::ZERO;
    through(&fleet.wait().await);
    let examined = minutes(&fleet, "a");
    // One before what boots is set, then a hundred, or a few less for what they take, then one at the end.
    assert!((98..=102).contains(&examined.len()), "{examined:?}");
    assert!(examined[1..].windows(2).all(|pair| pair[1] - pair[0] <= 15), "{examined:?}");
    assert_eq!(examined.last(), Some(&(24 * 60)));
    assert_eq!(minutes(&fleet, "b").len(), 1, "it does not soak");
    let end = *fleet.examined("a").last().expect("it was examined");
    assert!(fleet.began("b", Step::Build) > end);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_worse_in_its_soak_goes_back_and_no_later_wave_begins() {
    let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.ailing("a", 20 * MINUTE));
    let rested = fleet.wait().await;
    held(&rested);
    fleet.is_sound("it ailed");
    assert_eq!(fleet.machines.whole().1, ["a", "b"]);
    assert!(fleet.machines.times("a", Step::SetProfile) == 1 && fleet.machines.times("b", Step::Build) == 0);
    let took = minutes(&fleet, "a");
    assert!((18..=21).contains(took.last().expect("it was examined")), "{took:?}");
    assert_eq!(
        fleet.reasons(&rested.expect("sound"))["a"],
        [Why::Failed { why: "examine: it ails".to_owned() }]
    );
}

/// The first process ends when it can do no more; whoever goes on finds out.
#[tokio::test(start_paused = true)]
async fn one_that_did_worse_while_nobody_watched_goes_back_before_anything_else_is_done() {
    for (later, what) in [(30 * MINUTE, "in its soak"), (3 * HOUR, "long after it")] {
        let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.ailing("a", 20 * MINUTE));
        fleet.go().await.expect("the journal is sound");
        tokio::time::advance(later).await;
        held(&fleet.go().await);
        assert_eq!(fleet.machines.whole().1, ["a", "b"], "{what}");
        assert_eq!(fleet.machines.times("b", Step::Build), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_sleeps_in_its_soak_does_not_ail() {
    let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.sleeping("a", 10 * MINUTE..50 * MINUTE));
    through(&fleet.wait().await);
    fleet.is_sound("it slept");
    assert_eq!(fleet.machines.whole().0, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_sleeps_at_the_end_of_its_soak_is_waited_for() {
    let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.sleeping("a", 10 * MINUTE..5 * HOUR));
    let rested = fleet.wait().await;
    held(&rested);
    let reasons = fleet.reasons(&rested.expect("the journal is sound"));
    assert_eq!(reasons["a"], [Why::Away, Why::Unexamined]);
    assert_eq!(fleet.machines.times("b", Step::Build), 0);
    tokio::time::advance(5 * HOUR).await;
    through(&fleet.wait().await);
    assert_eq!(fleet.machines.whole().0, ["a", "b"]);
}
