//! Whether the last promotion goes on, or another begins.

use std::{collections::BTreeMap, time::Duration};

use judge::promote::{Changes, Intent, LeftOut, State};
use model::{
    course::{Course, Leg},
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Standing, Step},
};

use crate::world::at;

/// By a policy without soaks.
fn intend(
    last: Option<&State>,
    wanted: &BTreeMap<MachineName, Closure>,
    there: &BTreeMap<MachineName, Standing>,
) -> Intent {
    judge::promote::intend(last, &Course::default(), wanted, there)
}

fn closure(text: &str) -> Closure {
    Closure(text.to_owned())
}

/// Machines with what is wanted of them.
fn wanted(all: &[(&str, &str)]) -> BTreeMap<MachineName, Closure> {
    all.iter().map(|(name, new)| ((*name).into(), closure(new))).collect()
}

/// Machines with what runs and boots there.
fn there(all: &[(&str, &str)]) -> BTreeMap<MachineName, Standing> {
    let both = |text: &str| Standing { running: closure(text), profile: closure(text) };
    all.iter().map(|(name, text)| ((*name).into(), both(text))).collect()
}

/// A promotion of `a` from 1 to 2 in which these steps were begun, and ended so.
fn last(steps: &[(Step, Option<End>)]) -> State {
    let change = Change { old: closure("1"), new: closure("2") };
    let mut what = vec![Happened::Started { changes: [("a".into(), change)].into(), back: false }];
    for (step, end) in steps {
        what.push(Happened::Begun { machine: "a".into(), step: *step });
        what.extend(end.clone().map(|end| Happened::Ended { machine: "a".into(), step: *step, end }));
    }
    State::of(&what.into_iter().map(|what| Entry { at: at(1), what }).collect::<Vec<_>>())
}

fn done(steps: &[Step]) -> Vec<(Step, Option<End>)> {
    steps.iter().map(|step| (*step, Some(End::Done))).collect()
}

const ALL: [Step; 6] =
    [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile];

fn from_to(old: &str, new: &str) -> Changes {
    let change = Change { old: closure(old), new: closure(new) };
    Changes { changes: [("a".into(), change)].into(), left_out: BTreeMap::new() }
}

#[test]
fn the_first_promotion_begins() {
    let intent = intend(None, &wanted(&[("a", "2")]), &there(&[("a", "1")]));
    assert_eq!(intent, Intent::Start(from_to("1", "2")));
    assert_eq!(
        intend(None, &wanted(&[("a", "1")]), &there(&[("a", "1")])),
        Intent::Nothing(from_to("1", "1"))
    );
}

#[test]
fn one_to_the_same_closures_goes_on_until_all_is_settled() {
    for count in 0..ALL.len() {
        let last = last(&done(&ALL[..count]));
        assert_eq!(
            intend(Some(&last), &wanted(&[("a", "2")]), &there(&[])),
            Intent::GoOn(Changes::default()),
            "after {count}"
        );
    }
    let last = last(&done(&ALL));
    let intent = intend(Some(&last), &wanted(&[("a", "2")]), &there(&[("a", "2")]));
    assert_eq!(intent, Intent::Nothing(from_to("2", "2")));
    let drifted = intend(Some(&last), &wanted(&[("a", "2")]), &there(&[("a", "x")]));
    assert_eq!(drifted, Intent::Start(from_to("x", "2")), "somebody changed it since");
}

#[test]
fn one_whose_last_wave_soaks_goes_on_until_that_was_examined() {
    let leg = Leg { machines: ["a".into()].into(), soak: Duration::from_secs(3600), ..Leg::default() };
    let course = Course { waves: vec![leg], ..Course::default() };
    let all = |last: &State| {
        judge::promote::intend(Some(last), &course, &wanted(&[("a", "2")]), &there(&[("a", "2")]))
    };
    let mut last = last(&done(&ALL));
    assert_eq!(all(&last), Intent::GoOn(Changes::default()));
    let step = Step::Examine;
    last.apply(&Entry { at: at(2), what: Happened::Begun { machine: "a".into(), step } });
    assert_eq!(all(&last), Intent::GoOn(Changes::default()), "a dead process may have begun it");
    last.apply(&Entry { at: at(2), what: Happened::Ended { machine: "a".into(), step, end: End::Done } });
    assert_eq!(all(&last), Intent::Nothing(from_to("2", "2")));
}

#[test]
fn what_was_begun_is_ended_before_another_begins() {
    for (count, intent) in
        [(2, Intent::Start(from_to("1", "3"))), (3, Intent::End), (4, Intent::End), (5, Intent::End)]
    {
        let last = last(&done(&ALL[..count]));
        assert_eq!(
            intend(Some(&last), &wanted(&[("a", "3")]), &there(&[("a", "1")])),
            intent,
            "after {count}"
        );
    }
    let cut_off = last(&[(Step::Build, None)]);
    assert_eq!(intend(Some(&cut_off), &wanted(&[("a", "3")]), &there(&[("a", "1")])), Intent::End);
}

#[test]
fn one_that_failed_is_begun_again_by_whoever_promotes_again() {
    let mut steps = done(&ALL[..2]);
    steps.push((Step::Activate, Some(End::Failed { why: "no".to_owned() })));
    let failing = last(&steps);
    assert_eq!(
        intend(Some(&failing), &wanted(&[("a", "2")]), &there(&[("a", "1")])),
        Intent::GoOn(Changes::default())
    );
    steps.push((Step::RollBack, Some(End::Done)));
    let intent = intend(Some(&last(&steps)), &wanted(&[("a", "2")]), &there(&[("a", "1")]));
    assert_eq!(intent, Intent::Start(from_to("1", "2")));
}

#[test]
fn one_that_is_offline_goes_back_to_what_it_was_left_with() {
    let intent = intend(Some(&last(&done(&ALL))), &wanted(&[("a", "3")]), &there(&[]));
    assert_eq!(intent, Intent::Start(from_to("2", "3")));
}

#[test]
fn one_that_answers_at_last_joins_the_promotion_that_is_there() {
    let both = wanted(&[("a", "2"), ("b", "2")]);
    let joins = Change { old: closure("1"), new: closure("2") };
    let joined = Changes { changes: [("b".into(), joins)].into(), left_out: BTreeMap::new() };
    for count in 0..=ALL.len() {
        let last = last(&done(&ALL[..count]));
        let asleep = intend(Some(&last), &both, &there(&[("a", "2")]));
        assert_eq!(asleep.never_seen(), ["b".into()].into(), "after {count}");
        let awake = intend(Some(&last), &both, &there(&[("a", "2"), ("b", "1")]));
        assert_eq!(awake, Intent::GoOn(joined.clone()), "after {count}");
    }
    let last = last(&done(&ALL));
    let same = intend(Some(&last), &both, &there(&[("a", "2"), ("b", "2")]));
    assert!(matches!(same, Intent::Nothing(_)), "there is nothing to change: {same:?}");
}

#[test]
fn who_has_nothing_to_go_back_to_is_left_out() {
    let split = Standing { running: closure("1"), profile: closure("2") };
    let there = [("a".into(), split.clone())].into();
    let Intent::Nothing(found) = intend(None, &wanted(&[("a", "3"), ("b", "3")]), &there) else {
        panic!("nothing can be changed")
    };
    assert_eq!(found.left_out[&MachineName::from("a")], LeftOut::Split(split));
    assert_eq!(found.left_out[&MachineName::from("b")], LeftOut::NeverSeen);
}

#[test]
fn a_promotion_is_over_when_nothing_more_comes_of_it() {
    let course = Course::default();
    assert!(!last(&[]).is_over(&course), "it has to begin");
    assert!(!last(&done(&ALL[..3])).is_over(&course), "it is half way");
    assert!(last(&done(&ALL)).is_over(&course), "all is through");
    let failed = [(Step::Build, Some(End::Failed { why: "no".to_owned() }))];
    assert!(last(&failed).is_over(&course), "whoever promotes again begins again");
}
