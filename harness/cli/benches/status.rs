//! What the board of many machines costs once everything is known: proofs, intent, decision, rows, and both forms of it.
//! `cargo bench -p cli --bench status`. The goal: 200 ms for 1,000 machines.
//!
//! Evaluating the fleet and asking its machines is not in it.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]
#![expect(clippy::unwrap_used, reason = "what a benchmark needs and does not find ends it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use cli::rollout::{board, prospect::Prospect};
use jiff::civil::date;
use judge::promote::{Answer, prove};
use model::{
    check::Check,
    course::{Course, Leg},
    machine::MachineName,
    plan::Plan,
    rollout::{Closure, Standing},
    stage::Stage,
    verdict::Verdict,
};
use testkit::{
    clock::moment,
    fleet::fleet,
    plan::{machine_policy, plan},
};

/// Checks of each machine.
const CHECKS: usize = 70;
const WAVES: usize = 10;
const GATES: [Stage; 3] = [Stage::Expressions, Stage::Invariants, Stage::Boot];

fn main() {
    for machines in [100, 1_000] {
        let names: Vec<String> = (0..machines).map(|number| format!("host-{number:05}")).collect();
        let plan = checks(&names);
        let best = (0..5).map(|_| once(&names, &plan)).min().unwrap();
        println!("the board of {machines:>5} machines, {CHECKS} checks each  {best:>10.2?}");
    }
}

fn once(names: &[String], plan: &Plan) -> Duration {
    let (now, day) = (moment(Duration::from_secs(60)).wall, date(2026, 11, 20));
    let closures: BTreeMap<_, _> = names
        .iter()
        .map(|name| (MachineName::from(name.as_str()), Closure(format!("/nix/store/{name}"))))
        .collect();
    let old = || Closure("/nix/store/old".to_owned());
    let there = |name: &MachineName| (name.clone(), Ok(Standing { running: old(), profile: old() }));
    let standings = closures.keys().map(there).collect();
    let fleet = load::resolve::resolve(fleet().build());
    let start = Instant::now();
    let proved = prove(plan, answer(plan), &[], day, &closures);
    let (derivations, reaches) = (BTreeMap::new(), BTreeMap::new());
    let prospect = Prospect {
        fleet,
        course: course(names),
        proved,
        derivations,
        reaches,
        closures,
        standings,
        last: None,
        at_work: false,
    };
    let state = prospect.state(&prospect.intent(), now);
    let rows = board::rows(&prospect, &state, now);
    let (human, json) = (board::human(&rows, now), serde_json::to_string(&rows).unwrap());
    let took = start.elapsed();
    assert!(human.lines().count() > names.len() && json.len() > human.len(), "a line for each machine");
    took
}

fn checks(names: &[String]) -> Plan {
    plan(names.iter().flat_map(|name| {
        (0..CHECKS)
            .map(move |number| machine_policy(GATES[number % GATES.len()], &format!("s/r{number}"), name))
    }))
}

/// All but the first check are proven.
fn answer(plan: &Plan) -> impl Fn(&Check) -> Option<Answer> {
    let at = moment(Duration::ZERO).wall;
    let unasked = plan.checks[0].id.clone();
    move |check| (check.id != unasked).then_some(Answer { at, verdict: Verdict::Pass })
}

fn course(names: &[String]) -> Course {
    let leg = |(index, names): (usize, &[String])| Leg {
        name: index.to_string(),
        machines: names.iter().map(|name| MachineName::from(name.as_str())).collect::<BTreeSet<_>>(),
        before: (0..index).collect(),
        ..Leg::default()
    };
    Course {
        waves: names.chunks(names.len() / WAVES).enumerate().map(leg).collect(),
        gates: GATES.into(),
        ..Course::default()
    }
}
