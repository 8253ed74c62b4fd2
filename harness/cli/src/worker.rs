//! The run's worker: hands each job to whoever can answer its kind of question.

use edge::{nix::pool::Evaluators, policy::PolicyWorker, vm::worker::GuestWorker};
use model::{
    check::Question,
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};

/// Everybody who answers questions in a run.
#[derive(Debug)]
pub struct Workers {
    /// Who needs the flake; `None` where there is none to be evaluated.
    pub flake: Option<Flake>,
    /// Policies.
    pub policy: PolicyWorker,
}

/// Who answers questions that need the flake.
#[derive(Debug)]
pub struct Flake {
    /// Expression tests.
    pub nix: Evaluators,
    /// What is asked of machines that are booted as guests.
    pub guests: GuestWorker,
}

impl Worker for Workers {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        match (job.checks.first().map(|check| &check.question), &self.flake) {
            (Some(Question::Policy { .. }), _) => self.policy.run(job, report),
            (Some(Question::Expression { .. }), Some(flake)) => flake.nix.run(job, report),
            (Some(Question::Guest { .. }), Some(flake)) => flake.guests.run(job, report),
            (Some(Question::Expression { .. } | Question::Guest { .. }), None) => {
                Box::pin(async move { without_flake(&job, &report) })
            }
            (None, _) => Box::pin(async {}),
        }
    }
}

fn without_flake(job: &Job, report: &Reporter) {
    let fault = Fault {
        what: "no evaluator was started for this run".to_owned(),
        remedy: Some("run it again with --fresh".to_owned()),
        detail: Vec::new(),
    };
    for check in &job.checks {
        report.report(&check.id, Verdict::Broken { fault: fault.clone() });
    }
}
