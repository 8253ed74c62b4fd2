//! How long a decision over a promotion takes, and whether it stays linear.
//!
//! `cargo bench -p judge`. Prints for each size the fastest of nine, in the middle of a promotion.

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use judge::promote::{Proof, Proofs, Proven, State, decide};
use model::{
    course::{Course, Leg},
    decision::GateState,
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
    stage::Stage,
};

const WAVES: usize = 10;
const SIZES: [usize; 3] = [100, 1_000, 10_000];

#[expect(clippy::print_stdout, reason = "a bench tells what it measured")]
fn main() {
    for machines in SIZES {
        let names: Vec<_> = (0..machines).map(|number| MachineName(format!("host-{number:05}"))).collect();
        let (course, proofs, state) = (course(&names), proofs(&names), state(&names));
        let steps = decide(&course, &proofs, &state, Timestamp::UNIX_EPOCH).next.len();
        let took = (0..9).map(|_| once(&course, &proofs, &state)).min().unwrap_or_default();
        println!("{machines:>6} machines in {WAVES} waves  {steps:>5} steps  {took:>10.2?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn once(course: &Course, proofs: &Proofs, state: &State) -> Duration {
    let start = Instant::now();
    black_box(decide(course, proofs, state, Timestamp::UNIX_EPOCH));
    start.elapsed()
}

fn course(names: &[MachineName]) -> Course {
    let leg = |(index, names): (usize, &[MachineName])| Leg {
        name: index.to_string(),
        machines: names.iter().cloned().collect(),
        before: (0..index).collect(),
        ..Leg::default()
    };
    let role =
        |index: usize| (format!("net/role-{index}"), names.iter().skip(index).step_by(4).cloned().collect());
    Course {
        waves: names.chunks(names.len() / WAVES).enumerate().map(leg).collect(),
        gates: BTreeSet::from(Stage::ALL),
        at_once: Some(50),
        roles: (0..4).map(role).collect(),
        ..Course::default()
    }
}

fn proofs(names: &[MachineName]) -> Proofs {
    let proven = Proven { state: GateState::Open, at: Timestamp::UNIX_EPOCH };
    let stages: BTreeMap<_, _> = Stage::ALL.into_iter().map(|stage| (stage, proven)).collect();
    let proof =
        |name: &MachineName| (name.clone(), Proof { closure: change(name).new, stages: stages.clone() });
    names.iter().map(proof).collect()
}

/// The first half is through.
fn state(names: &[MachineName]) -> State {
    let entry = |what| Entry { at: Timestamp::UNIX_EPOCH, what };
    let changes = names.iter().map(|name| (name.clone(), change(name))).collect();
    let mut state = State::of(&[entry(Happened::Started { changes, back: false })]);
    for machine in &names[..names.len() / 2] {
        for step in [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile]
        {
            state.apply(&entry(Happened::Begun { machine: machine.clone(), step }));
            state.apply(&entry(Happened::Ended { machine: machine.clone(), step, end: End::Done }));
        }
    }
    state
}

fn change(name: &MachineName) -> Change {
    Change { old: Closure(format!("{name}-old")), new: Closure(format!("{name}-new")) }
}
