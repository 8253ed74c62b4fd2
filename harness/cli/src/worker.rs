//! The run's worker: hands each job to whoever can answer its kind of question.

use edge::{nix::pool::Evaluators, policy::PolicyWorker};
use model::{
    check::Question,
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};

/// Everybody who answers questions in a run.
#[derive(Debug)]
pub struct Workers {
    /// Expression tests; `None` where there is no flake to be evaluated.
    pub nix: Option<Evaluators>,
    /// Policies.
    pub policy: PolicyWorker,
}

impl Worker for Workers {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        let question = job.checks.first().map(|check| &check.question);
        match (question, &self.nix) {
            (Some(Question::Policy { .. }), _) => self.policy.run(job, report),
            (Some(Question::Expression { .. }), Some(nix)) => nix.run(job, report),
            (Some(Question::Expression { .. }), None) => Box::pin(async move { without_nix(&job, &report) }),
            (Some(Question::Guest { .. }), _) => Box::pin(async move { without_guests(&job, &report) }),
            (None, _) => Box::pin(async {}),
        }
    }
}

fn without_nix(job: &Job, report: &Reporter) {
    let remedy = Some("run it again with --fresh".to_owned());
    broken(
        job,
        report,
        Fault { what: "no evaluator was started for this run".to_owned(), remedy, detail: Vec::new() },
    );
}

fn without_guests(job: &Job, report: &Reporter) {
    let what = "nothing here boots machines".to_owned();
    broken(job, report, Fault { what, remedy: None, detail: Vec::new() });
}

fn broken(job: &Job, report: &Reporter, fault: Fault) {
    for check in &job.checks {
        report.report(&check.id, Verdict::Broken { fault: fault.clone() });
    }
}
