//! The engine's worker for policies.
//!
//! Flows in: jobs, each the checks of one policy. Flows out: their verdicts. Must not: block the runtime's threads.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    check::{Check, CheckId, Question},
    facts::Facts,
    suite::Policy,
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};
use tokio::task::spawn_blocking;

use super::{Document, Input, Module, judge, verdict};

/// Asks policies about the facts of one run.
#[derive(Debug, Clone)]
pub struct PolicyWorker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    policies: BTreeMap<String, Policy>,
    facts: Arc<Facts>,
    document: Document,
}

impl PolicyWorker {
    /// A worker for the policies of a plan, by package, over the facts of its run.
    #[must_use]
    pub fn new(policies: BTreeMap<String, Policy>, facts: Arc<Facts>) -> Self {
        let document = Document::new(&facts);
        Self { shared: Arc::new(Shared { policies, facts, document }) }
    }
}

impl Worker for PolicyWorker {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            // The engine cannot be interrupted from outside; what it was asked ends by its own limit, unheard.
            let answers = spawn_blocking(move || shared.answer(&job.checks));
            tokio::select! {
                () = job.stop.cancelled() => {}
                Ok(verdicts) = answers => verdicts.into_iter().for_each(|(check, verdict)| report.report(&check, verdict)),
                // An answer that panicked: the engine says that the checks were left out.
                else => {}
            }
        })
    }
}

impl Shared {
    fn answer(&self, checks: &[Check]) -> Vec<(CheckId, Verdict)> {
        let package = checks.iter().find_map(|check| match &check.question {
            Question::Policy { package } => Some(package.as_str()),
            _ => None,
        });
        let Some(policy) = package.and_then(|package| self.policies.get(package)) else {
            return same(checks, &unknown(package));
        };
        match Module::compile(policy) {
            Ok(module) => judge(&module, checks, &Input::new(&self.document, &self.facts)),
            Err(error) => same(checks, &verdict::uncompiled(&error)),
        }
    }
}

fn same(checks: &[Check], verdict: &Verdict) -> Vec<(CheckId, Verdict)> {
    checks.iter().map(|check| (check.id.clone(), verdict.clone())).collect()
}

fn unknown(package: Option<&str>) -> Verdict {
    let what = match package {
        Some(package) => format!("the plan holds no policy {package}"),
        None => "a check that is no policy came to the policy engine".to_owned(),
    };
    Verdict::Broken { fault: Fault { what, remedy: None, detail: Vec::new() } }
}
