//! All runs of small fleets under one part of a policy each: freezes, hours, primary machines, limits, machines that answer late.

use std::{collections::BTreeSet, time::Duration};

use model::promotion::Hours;

use crate::{
    runs::{HOUR, finds, holds, proven},
    world::{Fleet, Habit, Left},
};

/// The law and what is decided by, changed alike.
fn with(mut fleet: Fleet, change: impl Fn(&mut model::course::Course)) -> Fleet {
    [&mut fleet.law, &mut fleet.course].into_iter().for_each(change);
    fleet
}

#[test]
fn everything_may_be_stopped_and_allowed_again_at_any_time() {
    let left = Left { faults: 1, crashes: 1, hours: 1, freezes: 2, ..Left::default() };
    holds("two machines, two waves, two freezes, a fault, a crash", &proven([&["a"], &["b"]]), left);
}

#[test]
fn what_sets_out_while_everything_is_stopped_is_found_out() {
    let broken = Fleet { habit: Habit::Deaf, ..proven([&["a"], &["b"]]) };
    let left = Left { freezes: 1, ..Left::default() };
    finds("a sets out while everything is stopped", &broken, left);
}

/// The first hour, and the third: in the second, in which the first wave has soaked, nothing may set out.
fn in_hours() -> Fleet {
    let hours = |from, until| Hours { days: [true; 7], from, until };
    with(proven([&["a"], &["b"]]), |course| {
        course.hours = Some(vec![hours(0, 60), hours(120, 180)]);
        course.fresh = Some(3 * HOUR);
    })
}

#[test]
fn hours_open_and_close_at_any_time() {
    let left = Left { faults: 1, crashes: 1, hours: 3, ..Left::default() };
    holds("two machines, two waves, hours, a fault, a crash", &in_hours(), left);
}

#[test]
fn what_sets_out_out_of_hours_is_found_out() {
    let mut broken = in_hours();
    broken.course.hours = None;
    finds("a sets out out of hours", &broken, Left { hours: 1, ..Left::default() });
}

/// Two waves side by side, and a primary machine behind both.
fn primary() -> Fleet {
    let mut fleet = proven([&["a"], &["b"]]);
    fleet.names.push("c".into());
    with(fleet, |course| {
        let mut last = course.waves[1].clone();
        (last.name, last.machines, last.before) = ("3".to_owned(), ["c".into()].into(), [0, 1].into());
        course.waves[1].before.clear();
        course.waves.iter_mut().for_each(|leg| leg.approvals = None);
        course.waves.push(last);
        course.waves[2].approvals = None;
        course.primary = ["c".into()].into();
        course.fresh = Some(4 * HOUR);
    })
}

#[test]
fn a_primary_machine_goes_last() {
    let left = Left { faults: 1, hours: 2, ..Left::default() };
    holds("two waves side by side, a primary machine, a fault", &primary(), left);
    let left = Left { crashes: 1, hours: 2, ..Left::default() };
    holds("two waves side by side, a primary machine, a crash", &primary(), left);
}

#[test]
fn a_primary_machine_that_does_not_wait_for_all_soaks_together_is_found_out() {
    let mut broken = primary();
    broken.course.primary.clear();
    finds(
        "c is activated before all others have soaked together",
        &broken,
        Left { hours: 1, ..Left::default() },
    );
}

/// Machines of one wave that nothing limits yet.
fn crowd(names: &[&str]) -> Fleet {
    with(proven([names, &[]]), |course| {
        course.waves.truncate(1);
        course.waves[0].soak = Duration::ZERO;
        course.at_once = None;
        course.roles.clear();
    })
}

fn two_at_once() -> Fleet {
    with(crowd(&["a", "b", "c"]), |course| course.at_once = Some(2))
}

/// Two of three serve a role.
fn serving() -> Fleet {
    let members = ["a".into(), "b".into()];
    with(crowd(&["a", "b", "c"]), |course| {
        course.roles = [("net/controller".to_owned(), members.clone().into())].into();
    })
}

#[test]
fn never_more_at_once_than_allowed() {
    let left = Left { crashes: 1, ..Left::default() };
    holds("three machines, two at once, a crash", &two_at_once(), left);
    let one = with(crowd(&["a", "b"]), |course| course.at_once = Some(1));
    let left = Left { faults: 1, crashes: 1, ..Left::default() };
    holds("two machines, one at once, a fault, a crash", &one, left);
}

#[test]
fn never_all_of_a_role() {
    let left = Left { faults: 1, ..Left::default() };
    holds("three machines, two of a role, a fault", &serving(), left);
}

#[test]
fn three_at_once_are_found_out() {
    let mut broken = two_at_once();
    broken.course.at_once = None;
    finds("3 machines are under way at once", &broken, Left::default());
}

#[test]
fn all_of_a_role_of_a_wider_wave_are_found_out() {
    let mut broken = serving();
    broken.course.roles.clear();
    finds("all of net/controller are under way at once", &broken, Left::default());
}

/// Some of which do not answer at first.
fn late(waves: [&[&str]; 2], names: &[&str]) -> Fleet {
    let late: BTreeSet<_> = names.iter().map(|name| (*name).into()).collect();
    Fleet { late, ..proven(waves) }
}

#[test]
fn who_joins_late_passes_what_all_others_pass() {
    let left = Left { faults: 1, crashes: 2, hours: 2, ..Left::default() };
    holds("two machines, two waves, the first is late", &late([&["a"], &["b"]], &["a"]), left);
    holds("two machines, two waves, the second is late", &late([&["a"], &["b"]], &["b"]), left);
    let left = Left { crashes: 2, hours: 1, ..Left::default() };
    let fleet = late([&["a", "b"], &["c"]], &["b"]);
    holds("three machines, two waves, one of the first is late", &fleet, left);
}

#[test]
fn a_promotion_that_begins_anew_for_who_joins_late_is_found_out() {
    let broken = Fleet { habit: Habit::BeginsAnew, ..late([&["a"], &["b"]], &["b"]) };
    finds("build was done twice with a", &broken, Left { crashes: 1, ..Left::default() });
}
