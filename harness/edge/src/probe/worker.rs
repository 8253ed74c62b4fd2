//! The engine's worker for what machines see of the network: it has all of them asked, then all are judged.
//!
//! Flows in: one job, the checks of every machine that is asked, and the round that the plan pinned. Flows out: verdicts, what
//! each machine saw of each other, numbers. Must not: take a target from anywhere else, or judge by itself: `model::sighting` does.

use std::{collections::BTreeMap, time::Duration};

use model::{
    check::{Check, Question},
    machine::MachineName,
    round::{Round, Way},
    sighting::{
        judge::{Judge, Judged},
        outlook::Outlook,
        pair::{Limits, Outlooks},
    },
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};
use tokio::{sync::mpsc, time::timeout};

use super::lookout::{Asked, Lookout};

/// Has the machines of a round asked.
#[derive(Debug)]
pub struct ProbeWorker {
    round: Round,
    lookout: Box<dyn Lookout>,
}

impl ProbeWorker {
    /// A worker for the round of one plan.
    #[must_use]
    pub fn new(round: Round, lookout: impl Lookout + 'static) -> Self {
        Self { round, lookout: Box::new(lookout) }
    }

    fn asked(&self, checks: &[Check]) -> Asked {
        let guests = self.round.guests.iter().flat_map(|guests| {
            let way = Way::Guest { together: guests.together() };
            guests.machines.iter().map(move |name| (name.clone(), (way.clone(), self.round.questions(name))))
        });
        let each = checks.iter().filter_map(|check| {
            let Question::Probe { machine, way: Some(way), .. } = &check.question else { return None };
            Some((machine.clone(), (way.clone(), self.round.questions(machine))))
        });
        guests.chain(each).collect()
    }

    /// What became of asking everybody; who has not answered when the whole time is over had too little of it.
    async fn outlooks(&self, asked: Asked, limit: Duration) -> Outlooks {
        let names: Vec<MachineName> = asked.keys().cloned().collect();
        let (tell, mut told) = mpsc::unbounded_channel();
        let _late = timeout(limit, self.lookout.look(asked, tell)).await;
        let mut outlooks = BTreeMap::new();
        while let Ok((name, outlook)) = told.try_recv() {
            outlooks.insert(name, outlook);
        }
        for name in names {
            outlooks.entry(name).or_insert(Outlook::TimedOut(limit));
        }
        outlooks
    }
}

impl Worker for ProbeWorker {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let limit = job.checks.iter().map(|check| check.limit).max().unwrap_or_default();
            let outlooks = tokio::select! {
                () = job.stop.cancelled() => return,
                outlooks = self.outlooks(self.asked(&job.checks), limit) => outlooks,
            };
            let mut judge = Judge::of(&self.round, &outlooks);
            for check in &job.checks {
                match &check.question {
                    Question::Probe { machine, limits, .. } => {
                        let replaced = self.lookout.replaced(machine);
                        answer(&mut judge, check, (machine, replaced), limits, &report);
                    }
                    _ => report.report(&check.id, astray()),
                }
            }
        })
    }
}

fn answer(
    judge: &mut Judge<'_>,
    check: &Check,
    (machine, replaced): (&MachineName, Vec<String>),
    limits: &Limits,
    report: &Reporter,
) {
    let Judged { verdict, seen, measurements } = judge.judge(machine, limits);
    report.measured(&check.id, measurements);
    report.replaced(&check.id, replaced);
    report.sighted(&check.id, seen);
    report.report(&check.id, verdict);
}

fn astray() -> Verdict {
    let what = "a check that is about no network came to whom has machines look around".to_owned();
    Verdict::Broken { fault: Fault { what, remedy: None, detail: Vec::new() } }
}
