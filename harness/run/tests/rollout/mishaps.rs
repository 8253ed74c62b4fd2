//! What goes wrong with machines while they are promoted to.

use judge::promote::{Outlook, Why};
use model::rollout::Step;
use run::rollout::Rest;
use testkit::rollout::Mishap;

use crate::fleet::{STEPS, fleet, held, through};

#[tokio::test(start_paused = true)]
async fn one_that_fails_goes_back_and_no_later_wave_begins() {
    for (step, mishap) in [
        (Step::Build, Mishap::Fails),
        (Step::Copy, Mishap::Fails),
        (Step::Activate, Mishap::Fails),
        (Step::Activate, Mishap::Half),
        (Step::Confirm, Mishap::Fails),
        (Step::Examine, Mishap::Fails),
        (Step::SetProfile, Mishap::Fails),
    ] {
        let fleet = fleet(&[&["a"], &["b", "c"], &["d"]]).with(|machines| machines.on("b", step, [mishap]));
        let rested = fleet.wait().await;
        held(&rested);
        let told = format!("{mishap:?} at {step}");
        fleet.is_sound(&told);
        assert_eq!(
            fleet.machines.whole().0,
            ["a", "c"].map(str::to_owned)[..if step < Step::Activate { 1 } else { 2 }],
            "{told}"
        );
        let reasons = fleet.reasons(&rested.expect("sound"));
        assert!(reasons["d"].contains(&Why::Halted { by: "b".into() }), "{told}: {reasons:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_lost_anywhere_is_looked_after_and_nothing_is_done_twice() {
    for step in STEPS {
        for mishap in [Mishap::Away, Mishap::Lost, Mishap::Panics] {
            let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.on("a", step, [mishap]));
            through(&fleet.wait().await);
            fleet.is_sound(&format!("{mishap:?} at {step}"));
            assert_eq!(fleet.machines.whole().0, ["a", "b"], "{mishap:?} at {step}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_out_of_reach_holds_nobody_and_is_left_after_a_while() {
    let away = |machines: testkit::rollout::ScriptedDeployer| {
        machines.on("b", Step::Copy, [Mishap::Away]).on("b", Step::Look, [Mishap::Away; 6])
    };
    let fleet = fleet(&[&["a", "b"]]).at_once().with(away);
    let start = tokio::time::Instant::now();
    let rested = fleet.go().await;
    held(&rested);
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
    assert_eq!(fleet.machines.whole(), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(fleet.reasons(&rested.expect("sound"))["b"], [Why::Doubt, Why::Away]);
    // It is back.
    through(&fleet.go().await);
    fleet.is_sound("caught up");
}

#[tokio::test(start_paused = true)]
async fn one_that_somebody_else_holds_is_waited_for_and_blamed_for_nothing() {
    for step in STEPS {
        let fleet = fleet(&[&["a"], &["b"]]).with(|machines| machines.on("a", step, [Mishap::Held; 3]));
        through(&fleet.wait().await);
        fleet.is_sound(&format!("held at {step}"));
    }
    // Before it is activated; what is to be confirmed goes back by itself.
    let fleet = fleet(&[&["a"]]).at_once().with(|it| it.on("a", Step::Activate, [Mishap::Held; 8]));
    let rested = fleet.go().await.expect("the journal is sound");
    assert!(matches!(rested.rest, Rest::Idle(Outlook::Waits { until: Some(_) })), "{:?}", rested.rest);
    assert_eq!(fleet.reasons(&rested)["a"], [Why::Held { by: "bob".to_owned() }]);
    assert_eq!(rested.state.machines()["a"].failed, None);
    through(&fleet.wait().await);
    fleet.is_sound("they are done");
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_back_while_others_soak_is_caught_up() {
    let away = |machines: testkit::rollout::ScriptedDeployer| {
        machines.on("b", Step::Build, [Mishap::Away]).on("b", Step::Look, [Mishap::Away; 8])
    };
    let fleet = fleet(&[&["a", "b"], &["c"]]).with(away);
    through(&fleet.wait().await);
    fleet.is_sound("caught up");
    assert_eq!(fleet.machines.whole().0, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_does_not_work_is_not_tried_for_ever() {
    let stuck = |machines: testkit::rollout::ScriptedDeployer| {
        machines.on("a", Step::SetProfile, [Mishap::Fails]).on("a", Step::RollBack, [Mishap::Fails; 50])
    };
    let fleet = fleet(&[&["a"]]).with(stuck);
    let start = tokio::time::Instant::now();
    let rested = fleet.go().await;
    held(&rested);
    assert!(start.elapsed().as_secs() < 300, "{:?}", start.elapsed());
    assert!(fleet.log.entries().len() < 50, "{} entries", fleet.log.entries().len());
    assert!(fleet.reasons(&rested.expect("sound"))["a"].contains(&Why::Doubt));
}
