//! What people say while a promotion goes on.

use std::{sync::Arc, time::Duration};

use judge::promote::{Outlook, Why};
use model::rollout::{Happened, Step};
use run::rollout::Rest;
use tokio::{sync::mpsc, time::sleep};

use crate::fleet::{HOUR, fleet, through};

fn approved(by: &str) -> Happened {
    Happened::Approved { by: by.to_owned(), wave: "wave-1".to_owned(), signed: None, held: None }
}

#[tokio::test(start_paused = true)]
async fn a_wave_waits_until_enough_have_agreed_and_goes_at_once_then() {
    let fleet = Arc::new(fleet(&[&["a"], &["b"]]).agreed_by(1, &["ann", "bob"]));
    let there = Arc::clone(&fleet);
    let people = tokio::spawn(async move {
        sleep(5 * HOUR).await;
        there.says(approved("ann"));
        there.says(approved("eve"));
        sleep(HOUR).await;
        assert_eq!(there.machines.times("b", Step::Build), 0, "only one of two agreed");
        there.says(approved("bob"));
    });
    through(&fleet.wait().await);
    people.await.expect("the people are done");
    let agreed =
        fleet.log.entries().iter().rev().find(|entry| entry.what == approved("bob")).expect("bob").at;
    assert_eq!(fleet.began("b", Step::Build), agreed, "it goes as soon as bob has agreed");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_patience_does_not_wait_for_people() {
    let fleet = fleet(&[&["a"]]).agreed_by(0, &["ann"]);
    let rested = fleet.go().await.expect("the journal is sound");
    assert_eq!(rested.rest, Rest::Idle(Outlook::Waits { until: None }));
    let unapproved = Why::Unapproved { wave: "wave-0".to_owned(), have: 0, need: 1, refused: Vec::new() };
    assert_eq!(fleet.reasons(&rested)["a"], [unapproved]);
}

#[tokio::test(start_paused = true)]
async fn a_freeze_holds_what_is_not_activated_and_nothing_that_is() {
    let fleet = Arc::new(fleet(&[&["a"], &["b"]]));
    let there = Arc::clone(&fleet);
    let people = tokio::spawn(async move {
        // `a` is being activated.
        sleep(Duration::from_secs(25)).await;
        there.says(Happened::Frozen { by: "ann".to_owned(), reason: "an outage".to_owned() });
        sleep(9 * HOUR).await;
        assert_eq!(
            (there.machines.whole().0, there.machines.times("b", Step::Build)),
            (vec!["a".to_owned()], 0)
        );
        there.says(Happened::Thawed { by: "ann".to_owned() });
    });
    through(&fleet.wait().await);
    people.await.expect("the people are done");
}

/// A freeze is written between a decision and its first entry: the decision is made anew.
#[tokio::test(start_paused = true)]
async fn nothing_is_begun_on_a_state_that_has_changed() {
    for second in 0..60 {
        let fleet = Arc::new(fleet(&[&["a", "b"]]));
        let there = Arc::clone(&fleet);
        let people = tokio::spawn(async move {
            sleep(Duration::from_secs(second)).await;
            there.says(Happened::Frozen { by: "ann".to_owned(), reason: "an outage".to_owned() });
        });
        fleet.go().await.expect("the journal is sound");
        people.await.expect("the people are done");
        let entries = fleet.log.entries();
        let frozen = entries.iter().position(|entry| matches!(entry.what, Happened::Frozen { .. }));
        let late = |entry: &model::rollout::Entry| matches!(entry.what, Happened::Begun { step, .. } if step.sets_out());
        assert!(!entries[frozen.expect("it is there")..].iter().any(late), "at second {second}");
        fleet.is_sound(&format!("frozen at second {second}"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_interrupt_ends_what_is_under_way_and_the_second_waits_for_nothing() {
    for (seconds, twice, new) in [(15, false, vec![]), (25, false, vec!["a".to_owned()]), (25, true, vec![])]
    {
        let fleet = fleet(&[&["a"]]).at_once();
        let (user, interrupts) = mpsc::channel(2);
        tokio::spawn(async move {
            sleep(Duration::from_secs(seconds)).await;
            for _ in 0..=usize::from(twice) {
                user.send(()).await.expect("it listens");
            }
        });
        let rested =
            fleet.process(fleet.log.another(), true, interrupts).await.expect("the journal is sound");
        let through = Rest::Idle(Outlook::Through);
        assert_eq!(rested.rest, if new.is_empty() { Rest::Interrupted } else { through });
        assert_eq!(fleet.machines.whole().0, new);
        // Nobody comes back for two minutes: the timer of a machine that is not confirmed goes off.
        tokio::time::advance(Duration::from_secs(120)).await;
        fleet.is_sound("interrupted");
    }
}
