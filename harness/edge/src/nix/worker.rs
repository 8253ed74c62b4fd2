//! The worker that answers expression tests.
//!
//! Flows in: jobs of checks, all of one tree. Flows out: a verdict for each check.
//! Must not: choose anything; the plan says which tests, and how long each may take.

use std::collections::BTreeMap;

use model::{
    check::Question,
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};

use super::pool::Evaluators;

impl Worker for Evaluators {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let stop = job.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                () = answer(self, job, &report) => {}
            }
        })
    }
}

async fn answer(pool: &Evaluators, job: Job, report: &Reporter) {
    // All checks of a job share their tree; their limits may differ.
    let mut batches: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for check in &job.checks {
        match &check.question {
            Question::Expression { tree, path } => {
                batches.entry((tree, check.limit)).or_default().push((check, path))
            }
            _ => report.report(&check.id, Verdict::Broken { fault: misdirected() }),
        }
    }
    for ((tree, limit), checks) in batches {
        let paths: Vec<Vec<String>> = checks.iter().map(|(_, path)| (*path).clone()).collect();
        let mut on = |index: usize, outcome: super::unit::Outcome, took| {
            if let Some((check, path)) = checks.get(index) {
                report.report_timed(&check.id, outcome.verdict(&check.rule, &check.subject, path), took);
            }
        };
        pool.judge(tree, &paths, limit, &mut on).await;
    }
}

fn misdirected() -> Fault {
    Fault {
        what: "nix was given a check that is no expression test".to_owned(),
        remedy: None,
        detail: Vec::new(),
    }
}
