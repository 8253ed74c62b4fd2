//! The jobs that run: what each still owes, and until when.
//!
//! Flows in: jobs that start, are told to stop, or end. Flows out: which of them are due. Must not: know what their
//! checks are about, or read a clock.

use std::{collections::BTreeMap, time::Duration};

use model::check::GuestSize;

use crate::{limits::Limits, worker::JobId};

/// The running jobs; there are never more than there are slots.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    running: BTreeMap<JobId, Running>,
    started: usize,
}

/// A job that runs.
#[derive(Debug)]
pub(crate) struct Running {
    /// Its checks, by index in the plan.
    pub(crate) checks: Vec<usize>,
    /// What it takes of the computer.
    pub(crate) size: GuestSize,
    /// How many of them have no answer yet.
    pub(crate) unanswered: usize,
    /// When it started, in elapsed time.
    pub(crate) since: Duration,
    /// When something has to be done about it, in elapsed time.
    pub(crate) until: Duration,
    /// Whether it was told to stop, and why.
    pub(crate) stopping: Option<Stopping>,
}

/// Why a job was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// It took longer than its checks may take together.
    Overran,
    /// The user interrupted the run.
    Interrupted,
}

impl Jobs {
    /// How many run.
    pub(crate) fn count(&self) -> usize {
        self.running.len()
    }

    /// Whether one more of this size can run. One that is larger than the whole computer runs when nothing else does: it
    /// will say by itself what it lacks.
    pub(crate) fn has_room(&self, size: GuestSize, limits: &Limits) -> bool {
        if self.running.is_empty() {
            return true;
        }
        let sizes = || self.running.values().map(|job| job.size);
        let processors: usize = sizes().map(|size| usize::from(size.processors)).sum();
        let memory: u64 = sizes().map(|size| u64::from(size.memory)).sum();
        processors + usize::from(size.processors) <= limits.slots.get()
            && (size.memory == 0 || memory + u64::from(size.memory) <= u64::from(limits.memory))
    }

    /// A job starts.
    pub(crate) fn start(
        &mut self,
        checks: Vec<usize>,
        size: GuestSize,
        since: Duration,
        until: Duration,
    ) -> JobId {
        let id = JobId(self.started);
        self.started += 1;
        self.running
            .insert(id, Running { unanswered: checks.len(), checks, size, since, until, stopping: None });
        id
    }

    /// A job that runs.
    pub(crate) fn get_mut(&mut self, id: JobId) -> Option<&mut Running> {
        self.running.get_mut(&id)
    }

    /// A job runs no longer.
    pub(crate) fn remove(&mut self, id: JobId) -> Option<Running> {
        self.running.remove(&id)
    }

    /// Every job that runs.
    pub(crate) fn ids(&self) -> Vec<JobId> {
        self.running.keys().copied().collect()
    }

    /// No job goes on for longer than until then.
    pub(crate) fn shorten(&mut self, until: Duration) {
        self.running.values_mut().for_each(|job| job.until = job.until.min(until));
    }

    /// The jobs that something has to be done about.
    pub(crate) fn due(&self, now: Duration) -> Vec<JobId> {
        self.running.iter().filter(|(_, job)| job.until <= now).map(|(id, _)| *id).collect()
    }

    /// When the next one is due.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.running.values().map(|job| job.until).min()
    }
}
