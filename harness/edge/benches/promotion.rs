//! What a decision costs over a ledger with a million pieces of evidence: `cargo bench -p edge --bench promotion`. The goal: 5 ms.
//!
//! Eight machines with seventy checks each; the other evidence is of other days. Making the ledger takes a minute.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    time::{Duration, Instant},
};

use edge::{
    journal::JournalWriter,
    ledger::{Freshness, Ledger},
    state::State,
};
use judge::promote::{Answer, Proved, State as Promotion, decide, prove};
use model::{
    check::Check,
    course::{Course, Leg},
    digest::Digest,
    event::{Event, What},
    machine::MachineName,
    plan::Plan,
    rollout::{Change, Closure, Entry, Happened},
    stage::Stage,
    verdict::Verdict,
};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{machine_policy, plan, test},
};

const ROWS: usize = 1_000_000;
const RUNS: usize = 10;
const MACHINES: [&str; 8] =
    ["cinnabar", "electrum", "galena", "scheelite", "blackphos", "rosegold", "argentum", "stibnite"];

fn main() -> Result<(), Box<dyn Error>> {
    let project = tempfile::tempdir()?;
    let state = State::open(project.path())?;
    let wanted = wanted();
    let others = (ROWS - wanted.checks.len()) / RUNS;
    for run in 0..RUNS {
        let names: Vec<String> = (0..others).map(|number| format!("{run}-{number}")).collect();
        record(&state, &plan(names.iter().map(|name| test(name).key(name))), run)?;
    }
    record(&state, &wanted, RUNS)?;
    let (mut ledger, _) = Ledger::open(&state)?;
    let course = course();
    let closures: BTreeMap<_, _> =
        MACHINES.iter().map(|name| (MachineName::from(*name), Closure(format!("{name}-new")))).collect();
    let promotion = begun(&closures);
    let now = moment(Duration::from_secs(100));
    let mut best = Duration::MAX;
    let mut steps = 0;
    for _ in 0..9 {
        let start = Instant::now();
        let proved = look_up(&mut ledger, &wanted, &closures)?;
        steps = decide(&course, &proved.proofs, &promotion, now.wall).next.len();
        best = best.min(start.elapsed());
    }
    assert_eq!(steps, 1, "the first wave may go");
    println!("a decision over {ROWS} rows, {} checks of eight machines  {best:>10.2?}", wanted.checks.len());
    Ok(())
}

/// Seventy checks of each machine.
fn wanted() -> Plan {
    let stages = [Stage::Expressions, Stage::Invariants, Stage::Boot];
    let checks = MACHINES.iter().flat_map(|machine| {
        (0..70).map(move |number| {
            let stage = stages[number % stages.len()];
            machine_policy(stage, &format!("s/r{number}"), machine).key(&format!("{machine}-{number}"))
        })
    });
    plan(checks)
}

fn record(state: &State, plan: &Plan, second: usize) -> Result<(), Box<dyn Error>> {
    let at = moment(Duration::from_secs(second as u64)).wall;
    let mut journal = JournalWriter::create(state, plan, at)?;
    for check in &plan.checks {
        let (check, key) = (check.id.clone(), check.key);
        let what = What::CheckFinished { check, verdict: Verdict::Pass, took: Duration::ZERO, key };
        journal.emit(&Event { at, what })?;
    }
    Ok(journal.flush()?)
}

/// As `seaworthy status` does it: passes by their keys, failures of the rest.
fn look_up(
    ledger: &mut Ledger,
    plan: &Plan,
    closures: &BTreeMap<MachineName, Closure>,
) -> Result<Proved, Box<dyn Error>> {
    let now = moment(Duration::from_secs(100)).wall;
    let keys: Vec<Digest> = plan.checks.iter().filter_map(|check| check.key).collect();
    let (found, _) = ledger.lookup(&keys, Freshness { now, max_age: None })?;
    let missing: Vec<Digest> = keys.iter().filter(|key| !found.contains_key(key)).copied().collect();
    assert!(missing.is_empty() && ledger.refuted(&missing)?.0.is_empty(), "everything is proven");
    let answer = |check: &Check| {
        let evidence = found.get(check.key.as_ref()?)?;
        Some(Answer { at: evidence.at, verdict: Verdict::Pass })
    };
    Ok(prove(plan, answer, &[], jiff::civil::date(2026, 11, 20), closures))
}

/// A wave a machine.
fn course() -> Course {
    let leg = |(index, name): (usize, &&str)| Leg {
        name: index.to_string(),
        machines: BTreeSet::from([MachineName::from(*name)]),
        before: (0..index).collect(),
        ..Leg::default()
    };
    Course {
        waves: MACHINES.iter().enumerate().map(leg).collect(),
        gates: [Stage::Expressions, Stage::Invariants, Stage::Boot].into(),
        ..Course::default()
    }
}

fn begun(closures: &BTreeMap<MachineName, Closure>) -> Promotion {
    let change = |(name, new): (&MachineName, &Closure)| {
        (name.clone(), Change { old: Closure("old".to_owned()), new: new.clone() })
    };
    let changes = closures.iter().map(change).collect();
    Promotion::of(&[Entry {
        at: moment(Duration::ZERO).wall,
        what: Happened::Started { changes, back: false },
    }])
}
