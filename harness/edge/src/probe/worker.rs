//! The engine's worker for what machines see of the network: it has all of them asked, then all are judged.
//!
//! Flows in: one job, the checks of every machine that is asked, and the round that the plan pinned. Flows out: verdicts, what
//! each machine saw of each other, numbers, and what each
//! machine printed, where that is kept. Must not: take a target from anywhere else, or judge by itself: `model::sighting` does.

use std::{collections::BTreeMap, time::Duration};

use model::{
    artifact::Artifact,
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

use super::{
    Look,
    lookout::{Asked, Lookout},
};
use crate::journal::Artifacts;

/// Has the machines of a round asked.
#[derive(Debug)]
pub struct ProbeWorker {
    round: Round,
    lookout: Box<dyn Lookout>,
    /// Where is kept what the machines printed; `None` where nobody keeps it.
    artifacts: Option<Artifacts>,
}

/// What is kept of a machine's lines, in bytes: some ten times what they are where 64 machines are asked about.
const KEPT: usize = 1 << 20;

impl ProbeWorker {
    /// A worker for the round of one plan.
    #[must_use]
    pub fn new(round: Round, lookout: impl Lookout + 'static) -> Self {
        Self { round, lookout: Box::new(lookout), artifacts: None }
    }

    /// One that keeps what the machines printed among the files of a run.
    #[must_use]
    pub fn keeping(self, artifacts: Artifacts) -> Self {
        Self { artifacts: Some(artifacts), ..self }
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
    async fn looks(&self, asked: Asked, limit: Duration) -> BTreeMap<MachineName, Look> {
        let names: Vec<MachineName> = asked.keys().cloned().collect();
        let (tell, mut told) = mpsc::unbounded_channel();
        let _late = timeout(limit, self.lookout.look(asked, tell)).await;
        let mut looks = BTreeMap::new();
        while let Ok((name, look)) = told.try_recv() {
            looks.insert(name, look);
        }
        for name in names {
            looks.entry(name).or_insert_with(|| Outlook::TimedOut(limit).into());
        }
        looks
    }

    /// Keeps what a machine printed. Where it cannot be kept, it is not.
    fn keep(&self, machine: &MachineName, said: Option<&String>) -> Option<Artifact> {
        let said = said.filter(|said| !said.is_empty())?;
        let kept = &said[..said.floor_char_boundary(KEPT)];
        self.artifacts.as_ref()?.lines("sighting", machine.as_str(), kept).ok()
    }
}

impl Worker for ProbeWorker {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let limit = job.checks.iter().map(|check| check.limit).max().unwrap_or_default();
            let looks = tokio::select! {
                () = job.stop.cancelled() => return,
                looks = self.looks(self.asked(&job.checks), limit) => looks,
            };
            let mut said = BTreeMap::new();
            let mut outlooks = Outlooks::new();
            for (name, look) in looks {
                said.insert(name.clone(), look.said);
                outlooks.insert(name, look.outlook);
            }
            let mut judge = Judge::of(&self.round, &outlooks);
            for (at, check) in job.checks.iter().enumerate() {
                let verdict = match &check.question {
                    Question::Probe { machine, limits, .. } => {
                        if let Some(artifact) = self.keep(machine, said.get(machine)) {
                            report.kept(&check.id, artifact);
                        }
                        let replaced = self.lookout.replaced(machine);
                        judged(&mut judge, check, (machine, replaced), limits, &report)
                    }
                    _ => astray(),
                };
                // All were asked together: the first check has the time of that, the others none.
                if at == 0 {
                    report.report(&check.id, verdict);
                } else {
                    report.report_timed(&check.id, verdict, Duration::ZERO);
                }
            }
        })
    }
}

/// The verdict on a machine; what it saw and measured is told.
fn judged(
    judge: &mut Judge<'_>,
    check: &Check,
    (machine, replaced): (&MachineName, Vec<String>),
    limits: &Limits,
    report: &Reporter,
) -> Verdict {
    let Judged { verdict, seen, measurements } = judge.judge(machine, limits);
    report.measured(&check.id, measurements);
    report.replaced(&check.id, replaced);
    report.sighted(&check.id, seen);
    verdict
}

fn astray() -> Verdict {
    let what = "a check that is about no network came to whom has machines look around".to_owned();
    Verdict::Broken { fault: Fault { what, remedy: None, detail: Vec::new() } }
}
