//! The run's worker: hands each job to whoever can answer its kind of question.

use edge::{
    nix::pool::Evaluators, policy::PolicyWorker, probe::worker::ProbeWorker, vm::worker::GuestWorker,
};
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
    /// What machines see of the network; `None` where nobody is asked.
    pub mesh: Option<ProbeWorker>,
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
        let flake = self.flake.as_ref();
        let worker: Option<&dyn Worker> = match job.checks.first().map(|check| &check.question) {
            Some(Question::Policy { .. }) => Some(&self.policy),
            Some(Question::Expression { .. }) => flake.map(|flake| &flake.nix as &dyn Worker),
            Some(Question::Guest { .. }) => flake.map(|flake| &flake.guests as &dyn Worker),
            Some(Question::Probe { .. }) => self.mesh.as_ref().map(|mesh| mesh as &dyn Worker),
            None => None,
        };
        match worker {
            Some(worker) => worker.run(job, report),
            None => Box::pin(async move { nobody(&job, &report) }),
        }
    }
}

/// Who would answer was not started: the plan asks for more than was prepared.
fn nobody(job: &Job, report: &Reporter) {
    let fault = Fault {
        what: "nobody was started for this run who could answer".to_owned(),
        remedy: Some("run it again with --fresh".to_owned()),
        detail: Vec::new(),
    };
    for check in &job.checks {
        report.report(&check.id, Verdict::Broken { fault: fault.clone() });
    }
}
