//! All runs of small fleets: with faults at every step, and with crashes at every point.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use model::{
    course::{Course, Leg},
    machine::MachineName,
    promotion::Approvals,
    stage::Stage,
};

use crate::{
    explore::{Found, explore},
    hosts::Runs,
    world::{Fleet, Habit, Left},
};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Two waves, each to be agreed to; the second waits for an hour's soak of the first. The machines of a wave share a role.
pub(crate) fn fleet(waves: [&[&str]; 2]) -> Fleet {
    let machines =
        |names: &[&str]| names.iter().map(|name| MachineName::from(*name)).collect::<BTreeSet<_>>();
    let approvals = || Some(Approvals { by: BTreeSet::from(["ann".to_owned()]), count: 1 });
    let leg = |index: usize, approvals| Leg {
        name: format!("{}", index + 1),
        machines: machines(waves[index]),
        before: (0..index).collect(),
        soak: HOUR,
        approvals,
    };
    let shared = waves.iter().find(|names| names.len() > 1);
    let law = Course {
        waves: vec![leg(0, None), leg(1, approvals())],
        gates: BTreeSet::from([Stage::Boot]),
        fresh: Some(HOUR),
        at_once: Some(1),
        roles: shared.map(|names| ("net/controller".to_owned(), machines(names))).into_iter().collect(),
        ..Course::default()
    };
    let names = waves.concat().into_iter().map(MachineName::from).collect();
    let late = BTreeSet::new();
    Fleet { names, course: law.clone(), law, habit: Habit::Sound, proven: None, late }
}

/// The same, with evidence for all of it from the first.
pub(crate) fn proven(waves: [&[&str]; 2]) -> Fleet {
    Fleet { proven: Some(0), ..fleet(waves) }
}

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "how much a search saw, and in what time, is part of what it tells"
)]
fn run(title: &str, fleet: &Fleet, left: Left) -> (Found, BTreeSet<Vec<Runs>>) {
    let (start, mut ends) = (Instant::now(), BTreeSet::new());
    let found = explore(fleet, fleet.first(left), |world| {
        ends.insert(world.truth.iter().map(|truth| truth.running).collect());
    });
    println!(
        "{title}: {} states, {} ends of {} kinds, {:.1?}",
        found.states,
        found.ends,
        ends.len(),
        start.elapsed()
    );
    (found, ends)
}

#[track_caller]
pub(crate) fn holds(title: &str, fleet: &Fleet, left: Left) {
    let (found, ends) = run(title, fleet, left);
    assert_eq!(found.wrong, None);
    let all = |runs| ends.contains(&vec![runs; fleet.names.len()]);
    assert!(all(Runs::New), "no run gets through: nothing was explored");
    assert!(all(Runs::Old), "no run goes back: nothing was explored");
}

#[test]
fn two_machines_in_two_waves() {
    let left = Left { faults: 2, crashes: 2, hours: 2, proofs: 3, ..Left::default() };
    holds("two machines, two waves, two faults, two crashes", &fleet([&["a"], &["b"]]), left);
}

#[test]
fn two_machines_of_one_role_before_a_third() {
    let left = Left { faults: 1, crashes: 1, hours: 1, words: 1, ..Left::default() };
    holds("three machines, two waves, a fault, a crash", &proven([&["a", "b"], &["c"]]), left);
}

#[test]
fn two_machines_of_one_role_with_no_other_limit() {
    let mut fleet = proven([&["a", "b"], &["c"]]);
    (fleet.law.at_once, fleet.course.at_once) = (None, None);
    let left = Left { faults: 1, crashes: 1, hours: 1, words: 1, ..Left::default() };
    holds("three machines, two waves, a fault, a crash, limited by their role", &fleet, left);
}

/// The first machine's wave is the only one that has to soak, so that what a reboot may come to is all that there is.
fn rebooting(names: &[&str]) -> Fleet {
    let mut fleet = proven([names, &[]]);
    for course in [&mut fleet.law, &mut fleet.course] {
        course.waves.truncate(1);
        course.reboots = true;
    }
    fleet
}

#[test]
fn a_machine_that_is_rebooted() {
    let left = Left { faults: 3, crashes: 2, hours: 1, words: 1, ..Left::default() };
    holds("a machine, reboots, three faults, two crashes", &rebooting(&["a"]), left);
}

#[test]
fn two_machines_of_one_role_that_are_rebooted() {
    let mut fleet = rebooting(&["a", "b"]);
    (fleet.law.at_once, fleet.course.at_once) = (None, None);
    let left = Left { faults: 2, crashes: 1, hours: 0, ..Left::default() };
    holds("two machines of a role, reboots, two faults, a crash", &fleet, left);
}

/// Enough for everything that is broken here to show.
const FEW: Left = Left { faults: 1, crashes: 1, hours: 2, proofs: 2, words: 0, freezes: 0 };

/// A machine that is broken on purpose is found out, with a way there.
#[track_caller]
#[expect(clippy::print_stdout, reason = "a counter-example is there to be read")]
pub(crate) fn finds(wrong: &str, fleet: &Fleet, left: Left) {
    let (found, _) = run(wrong, fleet, left);
    let (told, way) = found.wrong.expect("what is broken is found");
    println!("  {}", way.join("\n  "));
    assert_eq!(told, wrong);
}

#[test]
fn no_evidence_is_found_out() {
    let broken = Fleet { habit: Habit::AnyClosure, ..fleet([&["a"], &["b"]]) };
    finds("a is activated with no evidence for its closure", &broken, FEW);
}

#[test]
fn stale_evidence_is_found_out() {
    let mut broken = fleet([&["a"], &["b"]]);
    broken.course.fresh = None;
    finds("a is activated with stale evidence", &broken, FEW);
}

#[test]
fn a_missing_approval_is_found_out() {
    let mut broken = fleet([&["a"], &["b"]]);
    broken.course.waves[1].approvals = None;
    finds("b is activated although nobody agreed", &broken, FEW);
}

#[test]
fn a_wave_that_is_not_free_is_found_out() {
    let mut broken = fleet([&["a"], &["b"]]);
    broken.course.waves[0].soak = Duration::ZERO;
    finds("b is activated before its wave is free", &broken, FEW);
}

#[test]
fn too_many_at_once_are_found_out() {
    let mut broken = fleet([&["a", "b"], &["c"]]);
    broken.course.at_once = None;
    broken.course.roles.clear();
    broken.law.roles.clear();
    finds("2 machines are under way at once", &broken, FEW);
}

#[test]
fn a_role_that_is_gone_is_found_out() {
    let mut broken = fleet([&["a", "b"], &["c"]]);
    broken.course.at_once = None;
    broken.law.at_once = None;
    broken.course.roles.clear();
    finds("all of net/controller are under way at once", &broken, FEW);
}

#[test]
fn a_step_that_is_noted_too_late_is_done_twice() {
    let broken = Fleet { habit: Habit::NotesLate, ..fleet([&["a"], &["b"]]) };
    finds("build was done twice with a", &broken, FEW);
}

#[test]
fn a_machine_that_nobody_rolls_back_is_found_out() {
    let broken = Fleet { habit: Habit::NeverRollsBack, ..fleet([&["a"], &["b"]]) };
    finds("the run ends with a on neither its old nor its new closure", &broken, FEW);
}

#[test]
fn a_closure_that_boots_unexamined_is_found_out() {
    let broken = Fleet { habit: Habit::NeverExamines, ..fleet([&["a"], &["b"]]) };
    finds("a boots what nobody examined after confirming it", &broken, FEW);
}

#[test]
fn a_wave_that_opens_unexamined_is_found_out() {
    let broken = Fleet { habit: Habit::ExaminesOnce, ..fleet([&["a"], &["b"]]) };
    finds("b is activated before a was examined at the end of its soak", &broken, FEW);
}

#[test]
fn a_closure_that_boots_by_default_before_it_booted_once_is_found_out() {
    let broken = Fleet { habit: Habit::NeverReboots, ..rebooting(&["a"]) };
    finds("a boots by default what it never booted once", &broken, FEW);
}
