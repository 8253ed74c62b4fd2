//! What keeping evidence costs: `cargo bench -p edge`. Events written one flush each, journals read back, keys looked up.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use edge::{
    journal::{self, JournalWriter},
    ledger::{Freshness, Ledger},
    state::State,
};
use model::{
    digest::Digest,
    event::{Event, What},
    plan::Plan,
    verdict::Verdict,
};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{plan, test},
};

fn main() -> Result<(), Box<dyn Error>> {
    for checks in [3_000, 30_000] {
        measure(checks)?;
    }
    Ok(())
}

fn measure(checks: u32) -> Result<(), Box<dyn Error>> {
    let project = tempfile::tempdir()?;
    let state = State::open(project.path())?;
    let names: Vec<String> = (0..checks).map(|number| number.to_string()).collect();
    let plan = plan(names.iter().map(|name| test(name).key(name)));
    println!("{checks} checks");
    let mut journal = JournalWriter::create(&state, &plan, moment(Duration::ZERO).wall)?;
    let took = timed(|| write(&mut journal, &plan))?;
    println!("  events written, a flush each  {took:>10.1?}  {:>8.1?} an event", took / (2 * checks));
    let took = timed(|| Ok(journal::read(&state, journal.run()).map(drop)?))?;
    println!("  journal read and verified     {took:>10.1?}");
    let took = timed(|| Ok(Ledger::open(&state).map(drop)?))?;
    println!("  index made from it            {took:>10.1?}");
    let took = timed(|| Ok(Ledger::open(&state).map(drop)?))?;
    println!("  index opened                  {took:>10.1?}");
    let (mut ledger, _) = Ledger::open(&state)?;
    let keys: Vec<Digest> = names.iter().map(Digest::of).collect();
    let fresh = Freshness { now: moment(Duration::from_secs(9)).wall, max_age: None };
    let mut found = 0;
    let took = timed(|| {
        found = ledger.lookup(&keys, fresh)?.0.len();
        Ok(())
    })?;
    assert_eq!(found, keys.len(), "keys found, and keys recorded");
    println!("  keys looked up                {took:>10.1?}");
    Ok(())
}

fn write(journal: &mut JournalWriter, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let at = moment(Duration::ZERO).wall;
    for check in &plan.checks {
        let (id, key) = (check.id.clone(), check.key);
        let finished =
            What::CheckFinished { check: id.clone(), verdict: Verdict::Pass, took: Duration::ZERO, key };
        for what in [What::CheckStarted { check: id }, finished] {
            journal.emit(&Event { at, what })?;
            journal.flush()?;
        }
    }
    Ok(())
}

fn timed(act: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let begin = Instant::now();
    act()?;
    Ok(begin.elapsed())
}
