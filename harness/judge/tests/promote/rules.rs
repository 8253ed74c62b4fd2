//! The rules of a promotion, one by one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::date};
use judge::promote::{Phase, Proof, Proofs, Proven, State, decide};
use model::{
    course::{Course, Leg},
    decision::GateState,
    machine::MachineName,
    promotion::{Approvals, Freeze, Hours},
    rollout::{Change, Closure, End, Entry, Happened, Sight, Step},
    stage::Stage,
};

use crate::world::at;

pub(crate) const NOW: u8 = 100;

pub(crate) fn change(name: &str) -> Change {
    Change { old: Closure(format!("{name}-old")), new: Closure(format!("{name}-new")) }
}

fn leg(index: usize, names: &[&str]) -> Leg {
    let machines = names.iter().map(|name| MachineName::from(*name)).collect();
    Leg { name: index.to_string(), machines, before: (0..index).collect(), ..Leg::default() }
}

pub(crate) fn course(waves: &[&[&str]]) -> Course {
    let waves = waves.iter().enumerate().map(|(index, names)| leg(index, names)).collect();
    Course { waves, gates: BTreeSet::from([Stage::Boot]), ..Course::default() }
}

fn proof(name: &str, state: GateState) -> (MachineName, Proof) {
    let stages = BTreeMap::from([(Stage::Boot, Proven { state, at: at(NOW) })]);
    (name.into(), Proof { closure: change(name).new, stages })
}

pub(crate) fn proofs(names: &[&str]) -> Proofs {
    names.iter().map(|name| proof(name, GateState::Open)).collect()
}

/// A machine that runs and boots one closure, without a timer.
pub(crate) fn runs(closure: Closure, tried: bool) -> Sight {
    Sight { built: true, copied: true, running: Some(closure.clone()), profile: closure, timer: false, tried }
}

pub(crate) fn started(names: &[&str]) -> Vec<Happened> {
    let changes = names.iter().map(|name| (MachineName::from(*name), change(name))).collect();
    vec![Happened::Started { changes, back: false }]
}

pub(crate) fn ended(name: &str, step: Step, end: End) -> [Happened; 2] {
    let machine = MachineName::from(name);
    [Happened::Begun { machine: machine.clone(), step }, Happened::Ended { machine, step, end }]
}

pub(crate) fn state(what: impl IntoIterator<Item = Happened>) -> State {
    State::of(&what.into_iter().map(|what| Entry { at: at(NOW), what }).collect::<Vec<_>>())
}

/// Each machine with its state, its reasons and its next step, a line each.
pub(crate) fn told(course: &Course, proofs: &Proofs, state: &State, now: Timestamp) -> Vec<String> {
    let board = decide(course, proofs, state, now);
    let line = |(name, word): (&&MachineName, &judge::promote::Word)| {
        let reasons: Vec<_> = word.reasons.iter().map(ToString::to_string).collect();
        let step = board.next.iter().find(|permit| permit.machine() == *name).map(|permit| permit.step());
        let step = step.map_or("nothing".to_owned(), |step| step.to_string());
        format!("{name} {:?}: {step}; {}", word.state, reasons.join("; "))
    };
    board.machines.iter().map(line).collect()
}

pub(crate) fn up_to(name: &str, last: Step) -> impl Iterator<Item = Happened> + '_ {
    let steps = [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile];
    steps.into_iter().filter(move |step| *step <= last).flat_map(|step| ended(name, step, End::Done))
}

#[test]
fn a_machine_goes_step_by_step_and_a_later_wave_waits() {
    let (course, proofs) = (course(&[&["a"], &["b"]]), proofs(&["a", "b"]));
    let mut what = started(&["a", "b"]);
    for step in [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile] {
        let lines = told(&course, &proofs, &state(what.clone()), at(NOW));
        assert_eq!(lines, [format!("a Open: {step}; "), "b Closed: nothing; wave 0 waits for a".to_owned()]);
        what.extend(ended("a", step, End::Done));
    }
    assert_eq!(told(&course, &proofs, &state(what), at(NOW)), ["a Open: nothing; ", "b Open: build; "]);
}

#[test]
fn what_is_not_proven_of_this_closure_goes_nowhere() {
    let course = course(&[&["a", "b", "c", "d"]]);
    let mut proofs: Proofs = [proof("b", GateState::Closed), proof("c", GateState::Undecided)].into();
    proofs.insert("d".into(), Proof { closure: Closure("x".to_owned()), ..proof("d", GateState::Open).1 });
    let lines = told(&course, &proofs, &state(started(&["a", "b", "c", "d"])), at(NOW));
    let expected = [
        "a Closed: nothing; boot: not proven",
        "b Closed: nothing; boot: closed",
        "c Undecided: nothing; boot: undecided",
        "d Closed: nothing; what is proven is x",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn evidence_from_the_future_is_no_evidence() {
    let course = course(&[&["a"]]);
    let lines = told(&course, &proofs(&["a"]), &state(started(&["a"])), at(NOW - 1));
    assert_eq!(lines, ["a Closed: nothing; boot: proven later than now; a clock is wrong"]);
}

#[test]
fn one_that_fails_goes_back_and_holds_the_others_but_not_what_is_under_way() {
    let course = course(&[&["a", "b", "c"]]);
    let mut what = started(&["a", "b", "c"]);
    what.extend(up_to("a", Step::Copy).chain(up_to("b", Step::Activate)));
    what.extend(ended("a", Step::Activate, End::Failed { why: "no".to_owned() }));
    let lines = told(&course, &proofs(&["a", "b", "c"]), &state(what), at(NOW));
    let doubt = "a step was cut off, and nobody has looked how far it came";
    let a = format!("a Closed: look; activate: no; {doubt}");
    assert_eq!(lines, [&a, "b Open: confirm; ", "c Closed: nothing; a failed"]);
}

#[test]
fn one_that_ails_in_its_soak_goes_back_and_holds_the_others() {
    let course = course(&[&["a"], &["b"]]);
    let mut what = started(&["a", "b"]);
    what.extend(up_to("a", Step::SetProfile));
    what.push(Happened::Ailing { machine: "a".into(), why: "nginx.service failed".to_owned() });
    let proofs = proofs(&["a", "b"]);
    let lines = told(&course, &proofs, &state(what.clone()), at(NOW));
    let held = "b Closed: nothing; a failed; wave 0 waits for a";
    assert_eq!(lines, ["a Closed: roll back; nginx.service failed", held]);
    what.extend(ended("a", Step::RollBack, End::Done));
    let lines = told(&course, &proofs, &state(what), at(NOW));
    assert_eq!(lines, ["a Closed: nothing; nginx.service failed", held]);
}

/// A machine with its new closure, whose wave soaks for ten hours.
fn soaks() -> (Course, Vec<Happened>) {
    let mut course = course(&[&["a"], &["b"]]);
    course.waves[0].soak = std::time::Duration::from_secs(10 * 3600);
    let mut what = started(&["a", "b"]);
    what.extend(up_to("a", Step::SetProfile));
    (course, what)
}

pub(crate) fn later(state: &mut State, hour: u8, what: impl IntoIterator<Item = Happened>) {
    what.into_iter().for_each(|what| state.apply(&Entry { at: at(NOW + hour), what }));
}

#[test]
fn one_that_soaks_is_examined_again_and_again_and_once_more_at_the_end() {
    let ((course, what), proofs) = (soaks(), proofs(&["a", "b"]));
    let mut state = state(what);
    let minutes = |minutes: i64| at(NOW) + jiff::SignedDuration::from_mins(minutes);
    let examines = |state: &State, now| decide(&course, &proofs, state, now).examines;
    assert_eq!(told(&course, &proofs, &state, minutes(5))[0], "a Open: nothing; it soaks for 9h 55min more");
    assert_eq!(examines(&state, minutes(5)), Some(minutes(6)), "a hundredth of its soak");
    assert_eq!(told(&course, &proofs, &state, minutes(6))[0], "a Open: examine; it soaks for 9h 54min more");
    later(&mut state, 9, ended("a", Step::Examine, End::Done));
    assert_eq!(examines(&state, at(NOW + 9)), Some(minutes(9 * 60 + 6)));
    let soaked = told(&course, &proofs, &state, at(NOW + 10));
    let held = "b Closed: nothing; wave 0 waits for a";
    assert_eq!(soaked, ["a Open: examine; it has soaked, and is to be examined", held]);
    let machine = MachineName::from("a");
    later(&mut state, 10, [Happened::Begun { machine: machine.clone(), step: Step::Examine }]);
    assert_eq!(told(&course, &proofs, &state, at(NOW + 10))[1], held, "nobody knows what it comes to");
    later(&mut state, 11, [Happened::Ended { machine, step: Step::Examine, end: End::Done }]);
    assert_eq!(told(&course, &proofs, &state, at(NOW + 11)), ["a Open: nothing; ", "b Open: build; "]);
    assert_eq!(examines(&state, at(NOW + 11)), None);
}

#[test]
fn an_examination_that_began_before_the_end_of_the_soak_is_not_one_at_its_end() {
    let ((course, what), proofs) = (soaks(), proofs(&["a", "b"]));
    let (mut state, machine) = (state(what), MachineName::from("a"));
    later(&mut state, 9, [Happened::Begun { machine: machine.clone(), step: Step::Examine }]);
    later(&mut state, 10, [Happened::Ended { machine, step: Step::Examine, end: End::Done }]);
    let soaked = told(&course, &proofs, &state, at(NOW + 10));
    assert_eq!(soaked[0], "a Open: examine; it has soaked, and is to be examined");
}

#[test]
fn one_that_does_worse_in_its_soak_goes_back_and_one_that_is_asleep_is_waited_for() {
    let ((course, what), proofs) = (soaks(), proofs(&["a", "b"]));
    let mut ill = state(what.clone());
    later(&mut ill, 3, ended("a", Step::Examine, End::Failed { why: "nginx.service failed".to_owned() }));
    let lines = told(&course, &proofs, &ill, at(NOW + 3));
    assert_eq!(lines[0], "a Closed: roll back; examine: nginx.service failed");
    let mut asleep = state(what);
    later(&mut asleep, 3, ended("a", Step::Examine, End::Unreachable));
    let lines = told(&course, &proofs, &asleep, at(NOW + 10));
    let away = "a Undecided: look; it could not be reached; it has soaked, and is to be examined";
    assert_eq!(lines, [away, "b Closed: nothing; wave 0 waits for a"]);
    let sight = runs(change("a").new, true);
    later(&mut asleep, 11, [Happened::Saw { machine: "a".into(), sight }]);
    assert_eq!(
        told(&course, &proofs, &asleep, at(NOW + 11))[0],
        "a Open: examine; it has soaked, and is to be examined"
    );
}

#[test]
fn the_policys_days_and_hours_hold_what_is_not_activated() {
    let mut course = course(&[&["a"]]);
    let day = date(1970, 1, 5);
    course.freezes = vec![Freeze { from: day, until: day, reason: "holidays".to_owned() }];
    course.hours = Some(vec![Hours { days: [true; 7], from: 0, until: 60 }]);
    let lines = told(&course, &proofs(&["a"]), &state(started(&["a"])), at(NOW));
    assert_eq!(lines, ["a Closed: nothing; frozen: holidays; out of maintenance hours"]);
    let mut what = started(&["a"]);
    what.extend(up_to("a", Step::Activate));
    assert_eq!(told(&course, &proofs(&["a"]), &state(what), at(NOW)), ["a Open: confirm; "]);
}

#[test]
fn who_never_answered_holds_nobody_unless_its_whole_wave_is_so() {
    let asleep = |waves: &[&[&str]]| Course { absent: ["b".into()].into(), ..course(waves) };
    let settled = |names: &[&str]| state(started(names).into_iter().chain(up_to("a", Step::SetProfile)));
    let proofs = proofs(&["a", "c"]);
    let lines = told(&asleep(&[&["a", "b"], &["c"]]), &proofs, &settled(&["a", "c"]), at(NOW));
    assert_eq!(lines, ["a Open: nothing; ", "c Open: build; "]);
    let alone = told(&asleep(&[&["a"], &["b"], &["c"]]), &proofs, &settled(&["a", "c"]), at(NOW));
    assert_eq!(alone[1], "c Closed: nothing; wave 1 waits for b");
    let known = told(&course(&[&["a", "b"], &["c"]]), &proofs, &settled(&["a", "c"]), at(NOW));
    assert_eq!(known[1], "c Closed: nothing; wave 0 waits for b", "it is there, and not one closure");
}

#[test]
fn a_word_is_about_the_machines_that_are_there_when_it_is_given() {
    let mut course = course(&[&["a", "b"]]);
    course.waves[0].approvals = Some(Approvals { by: ["ann".to_owned()].into(), count: 1 });
    let word = |held| Happened::Approved { by: "ann".to_owned(), wave: "0".to_owned(), signed: None, held };
    let joined = Happened::Joined { changes: [("b".into(), change("b"))].into() };
    let told = |what: Vec<Happened>| {
        told(&course, &proofs(&["a", "b"]), &state(started(&["a"]).into_iter().chain(what)), at(NOW))
    };
    let early = [
        "a Open: build; ",
        "b Closed: nothing; 0 of 1 agreed to wave 0; ann agreed before b was a part of it",
    ];
    assert_eq!(told(vec![word(None), joined.clone()]), early);
    assert_eq!(told(vec![word(None), joined.clone(), word(None)]), ["a Open: build; ", "b Open: build; "]);

    // What is signed names its machines.
    let a_alone = word(Some(Ok(["a".into()].into())));
    assert_eq!(told(vec![joined.clone(), a_alone]), early);
    let unheard = "Closed: nothing; 0 of 1 agreed to wave 0; ann's word does not count: nobody signed it";
    let refused = told(vec![joined, word(Some(Err("nobody signed it".to_owned())))]);
    assert_eq!(refused, [format!("a {unheard}"), format!("b {unheard}")]);
}

#[test]
fn who_is_offline_is_looked_for_and_caught_up_later() {
    let course = course(&[&["a", "b"], &["c"]]);
    let mut what = started(&["a", "b", "c"]);
    what.extend(up_to("a", Step::SetProfile).chain(up_to("b", Step::Build)));
    what.extend(ended("b", Step::Copy, End::Unreachable));
    let proofs = proofs(&["a", "b", "c"]);
    let lines = told(&course, &proofs, &state(what.clone()), at(NOW));
    let doubt = "a step was cut off, and nobody has looked how far it came; it could not be reached";
    assert_eq!(lines[1..], [format!("b Undecided: look; {doubt}"), "c Open: build; ".to_owned()]);
    let back = runs(change("b").old, false);
    what.push(Happened::Saw { machine: "b".into(), sight: back });
    assert_eq!(told(&course, &proofs, &state(what), at(NOW))[1], "b Open: activate; ");
}

#[test]
fn what_is_neither_old_nor_new_is_left_to_a_person() {
    let mut what = started(&["a"]);
    what.extend(up_to("a", Step::Activate));
    let sight = runs(Closure("by hand".to_owned()), true);
    what.push(Happened::Saw { machine: "a".into(), sight });
    let lines = told(&course(&[&["a"]]), &proofs(&["a"]), &state(what), at(NOW));
    assert_eq!(lines, ["a Undecided: nothing; neither its old nor its new closure is there"]);
}

#[test]
fn a_primary_machine_waits_for_all_soaks_together() {
    let mut course = course(&[&["a"], &["b"], &["c"]]);
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    // The first two waves go side by side: each soaks for five hours.
    course.waves[1].before.clear();
    (course.waves[0].soak, course.waves[1].soak) = (hours(5), hours(5));
    course.primary = BTreeSet::from(["c".into()]);
    let mut what = started(&["a", "b", "c"]);
    what.extend(up_to("a", Step::SetProfile).chain(up_to("b", Step::SetProfile)));
    let (mut state, proofs) = (state(what), proofs(&["a", "b", "c"]));
    later(&mut state, 5, ["a", "b"].into_iter().flat_map(|name| ended(name, Step::Examine, End::Done)));
    let c = |hour| told(&course, &proofs, &state, at(NOW + hour)).remove(2);
    assert_eq!(c(9), "c Closed: nothing; all before it soak together for 1h more");
    assert_eq!(c(10), "c Open: build; ");
    course.primary_soak = hours(12);
    let lines = told(&course, &proofs, &state, at(NOW + 11));
    assert_eq!(lines[2], "c Closed: nothing; all before it soak together for 1h more");
}

#[test]
fn a_machine_that_has_its_closure_already_is_through() {
    let same = Change { old: change("a").new, new: change("a").new };
    let state = state([Happened::Started { changes: BTreeMap::from([("a".into(), same)]), back: false }]);
    assert_eq!(state.machines()["a"].phase, Phase::Settled { since: at(NOW) });
    assert_eq!(told(&course(&[&["a"]]), &proofs(&[]), &state, at(NOW)), ["a Open: nothing; "]);
}

/// Where the policy allows it, what is confirmed and well is booted once, and is examined again before it boots by default.
#[test]
fn a_machine_is_rebooted_between_two_examinations() {
    let mut course = course(&[&["a"]]);
    let examined = || started(&["a"]).into_iter().chain(up_to("a", Step::Examine));
    let next = |course: &Course, more: &[Happened]| {
        let state = state(examined().chain(more.iter().cloned()));
        let board = decide(course, &Proofs::default(), &state, at(NOW));
        board.next.iter().map(|permit| permit.step()).collect::<Vec<_>>()
    };
    assert_eq!(next(&course, &[]), [Step::SetProfile], "it is only told");
    course.reboots = true;
    assert_eq!(next(&course, &[]), [Step::Reboot]);
    let skipped = End::Skipped { why: "it cannot boot once".to_owned() };
    for end in [End::Done, skipped] {
        let rebooted = ended("a", Step::Reboot, end);
        assert_eq!(next(&course, &rebooted), [Step::Examine]);
        let well = ended("a", Step::Examine, End::Done);
        assert_eq!(next(&course, &[rebooted, well].concat()), [Step::SetProfile]);
    }
    let failed = End::Failed { why: "it came back old".to_owned() };
    assert_eq!(next(&course, &ended("a", Step::Reboot, failed)), [Step::RollBack]);
    assert_eq!(next(&course, &ended("a", Step::Reboot, End::Unreachable)), [Step::Look]);
}

#[test]
fn a_promotion_begins_where_a_machine_that_changes_goes_or_only_waits() {
    let mut course = course(&[&["a"], &["b"]]);
    course.waves[0].soak = std::time::Duration::from_secs(3600);
    let unchanged = Change { old: change("a").new, new: change("a").new };
    let changes = [("a".into(), unchanged), ("b".into(), change("b"))].into();
    let state = state([Happened::Started { changes, back: false }]);
    let worth =
        |proofs: &Proofs| decide(&course, proofs, &state, at(NOW)).is_worth_beginning(&state, at(NOW));
    assert!(worth(&proofs(&["b"])), "it waits for a soak");
    assert!(!worth(&Proofs::new()), "nothing is proven of it");
    assert!(!worth(&[proof("b", GateState::Closed)].into()), "it is refuted");
}

#[test]
fn a_freeze_holds_no_way_back() {
    let mut course = course(&[&["a"]]);
    let frozen = Happened::Frozen { by: "me".to_owned(), reason: "an outage".to_owned() };
    let state = state(started(&["a"]).into_iter().chain([frozen.clone()]));
    assert_eq!(state.freeze(), Some(frozen));
    assert_eq!(
        told(&course, &proofs(&["a"]), &state, at(NOW)),
        ["a Closed: nothing; frozen by me: an outage"]
    );
    course.back = true;
    assert_eq!(told(&course, &proofs(&["a"]), &state, at(NOW)), ["a Open: build; "]);
}
