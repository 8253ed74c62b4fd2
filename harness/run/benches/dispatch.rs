//! How long the dispatcher takes for a check, in plans of three sizes: `cargo bench -p run`.
//!
//! The time for a check must not grow with the plan. Each plan has half as many checks of one tree as it has checks,
//! the rest are policies about machines on two stages; workers answer at once, so that only the dispatcher is timed.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use model::{digest::Digest, evidence::RunId, plan::Plan, stage::Stage, verdict::Verdict};
use run::{Command, Dispatcher, Input, Limits, Report, Said};
use testkit::{
    clock::moment,
    plan::{machine_policy, plan, test},
};

fn main() {
    println!("{:>8}  {:>10}  {:>12}", "checks", "total", "for a check");
    for size in [1_000, 10_000, 100_000] {
        let plan = sample(size);
        let best = (0..5).map(|_| time(&plan)).min().unwrap_or_default();
        println!("{size:>8}  {best:>10.1?}  {:>12.1?}", best / size);
    }
}

fn sample(size: u32) -> Plan {
    let tests = (0..size / 2).map(|number| test(&number.to_string()));
    let machines = (0..size / 4).map(|number| format!("m{number}"));
    let policies = machines.flat_map(|name| {
        let low = machine_policy(Stage::Invariants, "s/low", &name);
        [low, machine_policy(Stage::Secrets, "s/high", &name)]
    });
    plan(tests.chain(policies))
}

fn time(plan: &Plan) -> Duration {
    let limits = Limits::of_slots(NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN));
    let begin = Instant::now();
    let mut dispatcher = Dispatcher::new(plan, RunId("run".to_owned()), Digest::of("plan"), limits);
    let mut inputs = vec![Input::Begin];
    let mut over = false;
    while let Some(input) = inputs.pop() {
        for command in dispatcher.handle(input, moment(begin.elapsed())) {
            match command {
                Command::Start { job, checks } => {
                    inputs.push(Input::JobEnded { job, panic: None });
                    inputs.extend(checks.into_iter().map(|check| {
                        let verdict = Verdict::Pass;
                        Input::CheckReported(Report {
                            job,
                            check: check.id,
                            said: Said::Answer { verdict, took: None },
                        })
                    }));
                }
                Command::Finish => over = true,
                Command::Emit(_) | Command::Stop(_) | Command::Kill(_) => {}
            }
        }
    }
    assert!(over, "the run did not end");
    begin.elapsed()
}
