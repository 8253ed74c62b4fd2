//! A worker that answers what the script says.
//!
//! Flows in: an answer for each check that does not simply pass. Flows out: reports, and a list of what was asked.
//! Must not: touch the real world; its delays are tokio's, and so fake where the test's time is.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::under_way::UnderWay;
use model::{
    artifact::Artifact,
    check::CheckId,
    finding::Finding,
    measurement::Measurement,
    subject::Subject,
    verdict::{Fault, Verdict},
};
use run::{BoxFuture, Job, Reporter, Worker};

/// What a scripted worker does with a check.
#[derive(Debug, Clone)]
pub enum Act {
    /// It answers.
    Answer(Verdict),
    /// It measures this and keeps that, and passes.
    Take(Vec<Measurement>, Artifact),
    /// It answers after a while.
    After(Duration, Verdict),
    /// It leaves the check out.
    Omit,
    /// It waits until it is told to stop, then returns.
    Hang,
    /// It waits forever, whatever it is told.
    Ignore,
    /// It panics.
    Panic,
}

/// Answers what the script says, and `Pass` to everything else.
#[derive(Debug, Default)]
pub struct ScriptedWorker {
    script: HashMap<CheckId, Act>,
    asked: Mutex<Vec<Vec<CheckId>>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl ScriptedWorker {
    /// A worker that passes everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With an answer for one check.
    #[must_use]
    pub fn on(mut self, check: &str, act: Act) -> Self {
        self.script.insert(CheckId(check.to_owned()), act);
        self
    }

    /// The checks of each job, in the order in which the jobs were started.
    #[must_use]
    pub fn asked(&self) -> Vec<Vec<CheckId>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many jobs ran at a time, at most.
    #[must_use]
    pub fn most_at_a_time(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    async fn answer(&self, job: &Job, report: &Reporter) {
        for check in &job.checks {
            match self.script.get(&check.id).cloned().unwrap_or(Act::Answer(Verdict::Pass)) {
                Act::Answer(verdict) => report.report(&check.id, verdict),
                Act::Take(measurements, artifact) => {
                    report.measured(&check.id, measurements);
                    report.kept(&check.id, artifact);
                    report.report(&check.id, Verdict::Pass);
                }
                Act::After(delay, verdict) => {
                    tokio::select! {
                        () = tokio::time::sleep(delay) => report.report(&check.id, verdict),
                        () = job.stop.cancelled() => return,
                    }
                }
                Act::Omit => {}
                Act::Hang => return job.stop.cancelled().await,
                Act::Ignore => std::future::pending().await,
                Act::Panic => panic_now(&check.id),
            }
        }
    }
}

impl Worker for ScriptedWorker {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        let checks = job.checks.iter().map(|check| check.id.clone()).collect();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(checks);
        Box::pin(async move {
            let _running = UnderWay::enter(&self.running, &self.most);
            self.answer(&job, &report).await;
        })
    }
}

#[expect(clippy::panic, reason = "the script says so")]
fn panic_now(check: &CheckId) {
    panic!("scripted panic at {check}")
}

/// A failure with one finding.
#[must_use]
pub fn fail(rule: &str, message: &str) -> Verdict {
    let finding = Finding {
        rule: rule.to_owned(),
        subject: Subject::Fleet,
        message: message.to_owned(),
        place: None,
        pointer: None,
        expected: None,
        actual: None,
        help: None,
        trace: Vec::new(),
    };
    Verdict::Fail { findings: vec![finding] }
}

/// A fault of the harness.
#[must_use]
pub fn broken(what: &str) -> Verdict {
    Verdict::Broken { fault: Fault { what: what.to_owned(), remedy: None, detail: Vec::new() } }
}
