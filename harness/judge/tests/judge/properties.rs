//! What holds of every run.

use model::{
    decision::{Decision, GateState, Outcome},
    stage::Stage,
    verdict::Verdict,
    waiver::Waiver,
};
use proptest::{prelude::*, sample::Index};

use crate::story::{Story, Told, broken, check, fail, skipped, timed_out, unanswered, waiver};

const MACHINES: [&str; 3] = ["fleet", "a", "b"];

fn verdict() -> impl Strategy<Value = Option<Verdict>> {
    prop_oneof![
        4 => Just(Some(Verdict::Pass)),
        1 => prop::collection::vec(0..3_usize, 0..3).prop_map(|about| {
            let findings: Vec<_> = about.into_iter().map(|at| ("x/y", MACHINES[at])).collect();
            Some(fail(&findings))
        }),
        1 => Just(Some(broken())),
        1 => Just(Some(timed_out())),
        1 => Just(Some(skipped("held"))),
        1 => Just(None),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    (0..3_usize, verdict(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(about, verdict, warning, absent, low)| {
            let told = unanswered("x/y", MACHINES[about]);
            let told = if warning { told.warning() } else { told };
            let told = if absent { told.absent() } else { told };
            Told { verdict, ..if low { told.on(Stage::Expressions) } else { told } }
        },
    )
}

fn a_waiver() -> impl Strategy<Value = Waiver> {
    let about = prop_oneof![Just(None), Just(Some("a")), Just(Some("fleet"))];
    (about, prop_oneof![Just("x/y"), Just("x/z")]).prop_map(|(about, rule)| waiver(rule, about))
}

/// Runs of up to eight checks, each with an id of its own.
fn story() -> impl Strategy<Value = Story> {
    let told = prop::collection::vec(told(), 0..8).prop_map(|mut told| {
        told.iter_mut().enumerate().for_each(|(at, told)| told.check.id.0.push_str(&format!("::{at}")));
        told
    });
    let waivers = prop::collection::vec(a_waiver(), 0..3);
    (told, waivers, any::<bool>()).prop_map(|(told, waivers, interrupted)| Story {
        told,
        waivers,
        interrupted,
        idle: false,
        partial: false,
    })
}

/// A gate that is not there has not been proven, which is no better than undecided.
fn state(decision: &Decision, stage: Stage, subject: &model::subject::Subject) -> GateState {
    let gate = decision.gates.iter().find(|gate| gate.stage == stage && gate.subject == *subject);
    gate.map_or(GateState::Undecided, |gate| gate.state)
}

proptest! {
    #[test]
    fn a_worse_answer_never_opens(mut story in story(), at in any::<Index>(), worse in verdict()) {
        prop_assume!(!story.told.is_empty());
        let at = at.index(story.told.len());
        story.told[at].verdict = Some(Verdict::Pass);
        let with_pass = story.decide();
        let Told { check, verdict } = &mut story.told[at];
        (*verdict, check.skip) = (worse, None);
        let without = story.decide();
        prop_assert!(without.outcome >= with_pass.outcome, "{:?} after {:?}", without.outcome, with_pass.outcome);
        for gate in &without.gates {
            prop_assert!(gate.state >= state(&with_pass, gate.stage, &gate.subject));
        }
    }

    #[test]
    fn open_means_that_something_passed_and_nothing_counts_against_it(story in story()) {
        let decision = story.decide();
        if decision.outcome == Outcome::Open {
            prop_assert!(!story.interrupted);
            prop_assert!(!decision.gates.is_empty());
            prop_assert!(decision.gates.iter().all(|gate| gate.state == GateState::Open));
            let answered = |told: &Told| matches!(told.verdict, Some(Verdict::Pass | Verdict::Fail { .. }));
            prop_assert!(story.told.iter().any(answered));
        }
    }

    #[test]
    fn a_gate_that_is_not_open_says_why(story in story()) {
        for gate in story.decide().gates {
            prop_assert!(gate.state == GateState::Open || !gate.reasons.is_empty());
        }
    }

    #[test]
    fn an_expired_waiver_is_as_good_as_none(mut story in story()) {
        story.waivers.iter_mut().for_each(|waiver| waiver.expires = jiff::civil::date(2026, 6, 14));
        let expired = story.decide();
        story.waivers.clear();
        prop_assert_eq!(expired, story.decide());
    }

    #[test]
    fn a_waiver_never_closes_and_waives_only_its_rule_and_subject(mut story in story(), more in a_waiver()) {
        let before = story.decide();
        story.waivers.push(more);
        let after = story.decide();
        prop_assert!(after.outcome <= before.outcome);
        for (finding, waiver) in &after.waived {
            prop_assert!(waiver.rule == finding.rule);
            prop_assert!(waiver.subject.as_ref().is_none_or(|subject| *subject == finding.subject));
        }
    }

    #[test]
    fn every_finding_is_told_once(story in story()) {
        let found: usize = story.told.iter().filter_map(|told| told.verdict.as_ref()).map(|verdict| verdict.findings().len()).sum();
        let decision = story.decide();
        let closing: usize = story.told.iter().filter(|told| told.check.severity == model::suite::Severity::Error)
            .filter_map(|told| told.verdict.as_ref()).map(|verdict| verdict.findings().len()).sum();
        let told = decision.waived.len() + decision.warnings.len();
        prop_assert!(told <= found && found <= told + closing);
    }
}

#[test]
fn answers_to_checks_outside_the_plan_count_for_nothing() {
    let story = Story { told: vec![check("x/y", "a", Verdict::Pass)], ..Story::default() };
    let mut stray = story.clone();
    stray.told.push(check("x/z", "a", fail(&[("x/z", "a")])));
    let decided = stray.decide_without_planning("x::z::a");
    assert_eq!(decided, story.decide());
}
