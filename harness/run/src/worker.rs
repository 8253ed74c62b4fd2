//! The port to whatever answers checks: nix, the policy engine, later virtual machines and hosts.
//!
//! Flows in: a [`Job`] of checks that the plan pinned. Flows out: an answer to each check, and what was measured and kept on
//! the way, as [`Report`]s through a [`Reporter`].
//! Must not: decide what is asked, when, or in what order; the dispatcher does.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use model::{
    artifact::Artifact,
    check::{Check, CheckId},
    measurement::Measurement,
    sighting::seen::Seen,
    verdict::Verdict,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A future in a box, so that [`Worker`] is object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers checks.
///
/// What a worker owes the engine:
/// - It answers each check of the job once, then returns. A check that it leaves out becomes `Broken`; a second answer
///   to a check, or one to a check of another job, is ignored.
/// - What it measured and kept for a check it reports before it answers that check; afterwards it is ignored.
/// - It keeps each check's `limit` itself and reports `TimedOut`. A backstop of the engine stands behind it.
/// - When [`Job::stop`] is cancelled it ends soon: it stops what it started and returns, reporting nothing more. The
///   engine says why the rest was not answered.
/// - Its future may be dropped at any await point, and then leaves no process behind (`kill_on_drop`).
/// - It never blocks a thread of the runtime: long computations go to `tokio::task::spawn_blocking`.
pub trait Worker: Send + Sync {
    /// Answers the checks of a job, all of which share one [`model::check::Batch`].
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()>;
}

/// The number of a job within its run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub usize);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.0)
    }
}

/// Checks for one worker to answer at a time.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// At least one; all share one batch; in the plan's order.
    pub checks: Vec<Check>,
    /// Cancelled when the worker has to stop.
    pub stop: CancellationToken,
}

impl Job {
    /// A job that nobody has told to stop.
    #[must_use]
    pub fn new(id: JobId, checks: Vec<Check>) -> Self {
        Self { id, checks, stop: CancellationToken::new() }
    }
}

/// What a worker says of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The job that the check was part of.
    pub job: JobId,
    /// The check.
    pub check: CheckId,
    /// What is said of it.
    pub said: Said,
}

/// What there is to say of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The answer. Nothing more is said of the check.
    Answer {
        /// The answer.
        verdict: Verdict,
        /// How long it took, where the worker knows better than "since the job began".
        took: Option<Duration>,
    },
    /// Numbers of its subject.
    Measured(Vec<Measurement>),
    /// What of its subject is not there, or is another than the subject's own, in words.
    Replaced(Vec<String>),
    /// What it saw of others.
    Sighted(Vec<Seen>),
    /// A file that is left behind, and is whole now.
    Kept(Artifact),
}

/// Where a worker reports to. Cheap to clone; usable from blocking threads. Reports go nowhere once the run is over.
#[derive(Debug, Clone)]
pub struct Reporter {
    job: JobId,
    // Unbounded, yet bounded in fact: a worker answers each check of its job once, and measures and keeps a few things.
    to: mpsc::UnboundedSender<Report>,
}

impl Reporter {
    /// A reporter for one job that sends to a channel.
    #[must_use]
    pub fn new(job: JobId, to: mpsc::UnboundedSender<Report>) -> Self {
        Self { job, to }
    }

    /// A reporter and the end at which its reports arrive: for tests of workers.
    #[must_use]
    pub fn pair(job: JobId) -> (Self, mpsc::UnboundedReceiver<Report>) {
        let (to, from) = mpsc::unbounded_channel();
        (Self::new(job, to), from)
    }

    /// Answers a check; it took from the job's start until now.
    pub fn report(&self, check: &CheckId, verdict: Verdict) {
        self.send(check, Said::Answer { verdict, took: None });
    }

    /// Answers a check of which the worker knows how long it took.
    pub fn report_timed(&self, check: &CheckId, verdict: Verdict, took: Duration) {
        self.send(check, Said::Answer { verdict, took: Some(took) });
    }

    /// Says what was measured for a check that is not answered yet.
    pub fn measured(&self, check: &CheckId, measurements: Vec<Measurement>) {
        self.send(check, Said::Measured(measurements));
    }

    /// Says what of its subject was replaced for a check that is not answered yet.
    pub fn replaced(&self, check: &CheckId, replaced: Vec<String>) {
        self.send(check, Said::Replaced(replaced));
    }

    /// Says what the machine of a check that is not answered yet saw of others.
    pub fn sighted(&self, check: &CheckId, seen: Vec<Seen>) {
        self.send(check, Said::Sighted(seen));
    }

    /// Says that a file was left behind for a check that is not answered yet.
    pub fn kept(&self, check: &CheckId, artifact: Artifact) {
        self.send(check, Said::Kept(artifact));
    }

    fn send(&self, check: &CheckId, said: Said) {
        // A closed channel means that the run is over and nobody wants to know any more.
        let _ = self.to.send(Report { job: self.job, check: check.clone(), said });
    }
}
