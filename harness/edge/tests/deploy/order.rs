//! Orders, which only a decision makes: a promotion of one machine that has come as far as a step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use judge::promote::{Order, Proofs, State, decide};
use model::{
    course::{Course, Leg},
    machine::MachineName,
    rollout::{Change, End, Entry, Happened, Step},
};

/// An order to take this step.
pub(crate) fn order(name: &str, change: &Change, step: Step) -> Order {
    let machine = MachineName::from(name);
    let started =
        Happened::Started { changes: BTreeMap::from([(machine.clone(), change.clone())]), back: false };
    let before: &[Step] = match step {
        Step::Look | Step::Build => &[],
        Step::Copy => &[Step::Build],
        Step::Activate => &[Step::Build, Step::Copy],
        Step::Confirm | Step::RollBack => &[Step::Build, Step::Copy, Step::Activate],
        Step::Examine => &[Step::Build, Step::Copy, Step::Activate, Step::Confirm],
        Step::Reboot | Step::SetProfile => {
            &[Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine]
        }
    };
    let taken = before.iter().flat_map(|step| {
        let begun = Happened::Begun { machine: machine.clone(), step: *step };
        [begun, Happened::Ended { machine: machine.clone(), step: *step, end: End::Done }]
    });
    let last = match step {
        Step::Look => {
            vec![Happened::Begun { machine: machine.clone(), step: Step::Build }, Happened::Resumed]
        }
        Step::RollBack => vec![Happened::Ailing { machine: machine.clone(), why: "it is ill".to_owned() }],
        _ => Vec::new(),
    };
    let now = Timestamp::UNIX_EPOCH;
    let entries: Vec<_> =
        [started].into_iter().chain(taken).chain(last).map(|what| Entry { at: now, what }).collect();
    let state = State::of(&entries);
    let leg = Leg { name: "all".to_owned(), machines: [machine.clone()].into(), ..Leg::default() };
    let course = Course { waves: vec![leg], reboots: step == Step::Reboot, ..Course::default() };
    let board = decide(&course, &Proofs::default(), &state, now);
    let permit = board.next.into_iter().find(|permit| permit.step() == step).unwrap();
    permit.begin().1
}
