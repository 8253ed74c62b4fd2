//! Waves and soaks.

use std::collections::BTreeSet;

use judge::promote::{Outlook, Why};
use model::rollout::Step;
use run::rollout::Rest;

use crate::fleet::{HOUR, STEPS, WEEK, fleet, through};

const SEED: [&[&str]; 5] = [
    &["cinnabar"],
    &["blackphos", "rosegold"],
    &["argentum", "orpiment", "realgar"],
    &["galena"],
    &["stibnite"],
];

#[tokio::test(start_paused = true)]
async fn eight_machines_go_wave_by_wave_and_the_primary_last() {
    let mut fleet = fleet(&SEED);
    fleet.course.waves.iter_mut().for_each(|leg| leg.soak = WEEK);
    fleet.course.primary = BTreeSet::from(["stibnite".into()]);
    fleet.course.primary_soak = WEEK * 6;
    through(&fleet.wait().await);
    for step in STEPS {
        assert!(fleet.changes.keys().all(|name| fleet.machines.times(&name.0, step) == 1), "{step}");
    }
    assert_eq!(fleet.machines.whole().0.len(), 8);
    for pair in SEED[..4].windows(2) {
        let settled = pair[0].iter().map(|name| fleet.when(name, Step::SetProfile)).max().expect("a machine");
        for name in pair[1] {
            let waited = fleet.began(name, Step::Build).duration_since(settled);
            let late = waited - jiff::SignedDuration::try_from(WEEK).expect("a week");
            assert!((0..=60).contains(&late.as_secs()), "{name} set out {waited:?} after the wave before it");
        }
    }
    let first = fleet.when("cinnabar", Step::SetProfile);
    let waited = fleet.began("stibnite", Step::Build).duration_since(first);
    assert!(waited.as_secs() >= 6 * 7 * 24 * 3600, "the primary set out after {waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wave_goes_all_at_once() {
    let fleet = fleet(&[&["a", "b", "c", "d", "e", "f", "g", "h"]]).at_once();
    let start = tokio::time::Instant::now();
    through(&fleet.go().await);
    assert_eq!(fleet.machines.most_at_a_time(), 8);
    assert_eq!(start.elapsed().as_secs(), 60, "six steps of ten seconds");
}

#[tokio::test(start_paused = true)]
async fn no_more_go_at_once_than_the_policy_says() {
    let mut fleet = fleet(&[&["a", "b", "c"]]).at_once();
    fleet.course.at_once = Some(1);
    through(&fleet.go().await);
    let under_way = |name: &str| (fleet.began(name, Step::Activate), fleet.when(name, Step::SetProfile));
    let [a, b, c] = ["a", "b", "c"].map(under_way);
    assert!(a.1 <= b.0 && b.1 <= c.0, "{a:?} {b:?} {c:?}");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_patience_is_told_when_to_come_back() {
    let fleet = fleet(&[&["a"], &["b"]]);
    let rested = fleet.go().await.expect("the journal is sound");
    let until = fleet.when("a", Step::SetProfile) + HOUR;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Waits { until: Some(until) }));
    tokio::time::advance(HOUR).await;
    let rested = fleet.go().await.expect("the journal is sound");
    let until = fleet.when("b", Step::SetProfile) + HOUR;
    assert_eq!(rested.rest, Rest::Idle(Outlook::Waits { until: Some(until) }), "the last wave soaks too");
    tokio::time::advance(HOUR).await;
    through(&fleet.go().await);
    fleet.is_sound("in three goes");
}

#[tokio::test(start_paused = true)]
async fn only_who_was_asked_for_sets_out() {
    let mut fleet = fleet(&[&["a", "b"]]).at_once();
    fleet.course.at_once = Some(1);
    fleet.course.only = Some(BTreeSet::from(["b".into()]));
    let rested = fleet.go().await;
    through(&rested);
    assert_eq!(fleet.machines.whole(), (vec!["b".to_owned()], vec!["a".to_owned()]));
    assert_eq!(fleet.reasons(&rested.expect("sound"))["a"], [Why::NotAsked]);
}

/// Who did not answer when the machines were asked serves no role, until it does.
#[tokio::test(start_paused = true)]
async fn one_of_a_role_does_not_go_while_the_other_is_silent() {
    let silent = |waves: &[&[&str]]| {
        let mut fleet = fleet(waves).at_once();
        fleet.course.roles = [("net/controller".to_owned(), ["a".into(), "b".into()].into())].into();
        fleet.course.silent = ["b".into()].into();
        fleet
    };
    let fleet = silent(&[&["a"], &["b"]]);
    let rested = fleet.go().await.expect("sound");
    assert_eq!(rested.rest, Rest::Idle(Outlook::Held));
    assert_eq!(fleet.machines.times("a", Step::Activate), 0);
    let together = silent(&[&["a", "b"]]);
    through(&together.go().await);
    assert_eq!(together.machines.whole().0, ["a", "b"], "b answers while it is copied to");
}
