//! The rules about what nobody here did: machines that somebody else switched, that do not answer, that were taken out of the fleet, or
//! that change nothing.

use std::collections::BTreeSet;

use model::{
    course::Course,
    machine::MachineName,
    rollout::{Change, Closure, End, Happened, Sight, Step},
};

use crate::{
    rules::{NOW, change, course, ended, later, proofs, runs, started, state, told, up_to},
    world::at,
};

/// An activation may have been refused, so that nothing was begun there: what is there says what is to be done.
#[test]
fn one_whose_activation_failed_is_looked_at_before_anything_is_taken_back() {
    let course = course(&[&["a"]]);
    let failed = || {
        let refused = ended("a", Step::Activate, End::Failed { why: "no".to_owned() });
        started(&["a"]).into_iter().chain(up_to("a", Step::Copy)).chain(refused)
    };
    let seen = |running: Option<&str>, timer, tried| {
        let running = running.map(|running| Closure(running.to_owned()));
        let profile = if running == Some(Closure("by hand".to_owned())) { "by hand" } else { "a-old" };
        let profile = Closure(profile.to_owned());
        let sight = Sight { built: true, copied: true, running, profile, timer, tried };
        let state = state(failed().chain([Happened::Saw { machine: "a".into(), sight }]));
        told(&course, &proofs(&["a"]), &state, at(NOW)).remove(0)
    };
    let looks = told(&course, &proofs(&["a"]), &state(failed()), at(NOW)).remove(0);
    assert!(looks.starts_with("a Closed: look; activate: no"), "{looks}");
    let strayed = "a Closed: nothing; activate: no; neither its old nor its new closure is there";
    assert_eq!(seen(Some("by hand"), false, false), strayed);
    assert_eq!(seen(Some("a-old"), false, false), "a Closed: nothing; activate: no", "nothing was begun");
    assert_eq!(seen(None, true, true), "a Closed: roll back; activate: no", "it stopped half-way");
    assert_eq!(seen(Some("a-new"), true, true), "a Closed: roll back; activate: no");
}

/// Two people may promote the same, each from a journal of their own.
#[test]
fn one_that_somebody_else_brought_its_new_closure_is_not_taken_back() {
    let course = course(&[&["a"]]);
    let refused = End::Failed { why: "a-new runs there".to_owned() };
    let machine = || MachineName::from("a");
    let seen = |meanwhile: Option<Happened>| {
        let begun = Happened::Begun { machine: machine(), step: Step::Activate };
        let ended = Happened::Ended { machine: machine(), step: Step::Activate, end: refused.clone() };
        let sight = runs(change("a").new, false);
        let saw = Happened::Saw { machine: machine(), sight };
        let what = started(&["a"]).into_iter().chain(up_to("a", Step::Copy)).chain([begun]);
        let state = state(what.chain(meanwhile).chain([ended, saw]));
        told(&course, &proofs(&["a"]), &state, at(NOW)).remove(0)
    };
    assert_eq!(seen(None), "a Open: examine; it has soaked, and is to be examined");
    let ails = Happened::Ailing { machine: machine(), why: "ann took it back".to_owned() };
    assert_eq!(seen(Some(ails)), "a Closed: roll back; ann took it back");
}

#[test]
fn who_does_not_answer_serves_no_role() {
    let mut course = course(&[&["a"], &["b"]]);
    course.roles = [("net/controller".to_owned(), ["a".into(), "b".into()].into())].into();
    let state = |names: &[&str]| state(started(names).into_iter().chain(up_to("a", Step::Copy)));
    let a = |course: &Course, names| told(course, &proofs(&["a", "b"]), &state(names), at(NOW)).remove(0);
    assert_eq!(a(&course, &["a", "b"]), "a Open: activate; ");
    let last = "a Closed: nothing; nobody else of net/controller would be left";
    let asleep = Course { silent: ["b".into()].into(), ..course.clone() };
    assert_eq!(a(&asleep, &["a", "b"]), last, "its wave has not come");
    let never_seen = Course { absent: ["b".into()].into(), ..course.clone() };
    assert_eq!(a(&never_seen, &["a"]), last);
    let itself = Course { silent: ["a".into()].into(), ..course };
    assert_eq!(a(&itself, &["a", "b"]), "a Open: activate; ", "b serves");
}

#[test]
fn who_is_in_no_wave_any_more_takes_no_room() {
    let what = started(&["a", "b"]).into_iter().chain(up_to("a", Step::Copy));
    let state = state(what.chain(ended("b", Step::Activate, End::Unreachable)));
    let a = |waves| {
        let course = Course { at_once: Some(1), ..course(waves) };
        told(&course, &proofs(&["a", "b"]), &state, at(NOW)).remove(0)
    };
    assert_eq!(a(&[&["a", "b"]]), "a Closed: nothing; 1 are under way already");
    assert_eq!(a(&[&["a"]]), "a Open: activate; ");
}

/// What runs as before tells nothing of what is new.
#[test]
fn a_primary_machine_counts_from_the_first_that_was_changed() {
    let mut course = course(&[&["u", "v"], &["c"]]);
    course.primary = BTreeSet::from(["c".into()]);
    course.primary_soak = std::time::Duration::from_secs(12 * 3600);
    let same = |name| Change { old: change(name).new, new: change(name).new };
    let c = |v: Change, hour| {
        let is_new = v.old != v.new;
        let changes = [("u".into(), same("u")), ("v".into(), v), ("c".into(), change("c"))].into();
        let mut state = state([Happened::Started { changes, back: false }]);
        if is_new {
            later(&mut state, 30, up_to("v", Step::SetProfile));
        }
        told(&course, &proofs(&["v", "c"]), &state, at(NOW + hour)).remove(0)
    };
    assert_eq!(c(change("v"), 35), "c Closed: nothing; all before it soak together for 7h more");
    assert_eq!(c(change("v"), 42), "c Open: build; ");
    assert_eq!(c(same("v"), 12), "c Open: build; ", "nothing is new: it counts from the beginning");
    assert_eq!(c(same("v"), 11), "c Closed: nothing; all before it soak together for 1h more");
}
