//! The dispatcher: every decision of a run, in one plain function without a runtime.
//!
//! Flows in: an [`Input`] and the moment at which it came. Flows out: the [`Command`]s that follow from it.
//! Must not: read a clock, wait, spawn, or write anything down.

use std::{collections::HashMap, time::Duration};

use model::{
    check::{Batch, Check, CheckId},
    digest::Digest,
    event::What,
    evidence::RunId,
    plan::Plan,
    suite::Severity,
    verdict::{Fault, Verdict},
    waiver::Waivers,
};

use crate::{
    batches::Batches,
    clock::Moment,
    jobs::{Jobs, Running, Stopping},
    ladder::{Ladder, Moves},
    limits::Limits,
    worker::{JobId, Report, Said},
};

/// What happens to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Start. Everything before it is ignored.
    Begin,
    /// A worker answered a check, or said what it measured or kept for one.
    CheckReported(Report),
    /// A worker returned; what it did not report stays unanswered.
    JobEnded {
        /// Its job.
        job: JobId,
        /// Its last words, if it panicked.
        panic: Option<String>,
    },
    /// The user asks to stop. The first time, running jobs get a short grace; the second time, everything ends at once.
    Interrupt,
    /// Time has passed; send it when [`Dispatcher::deadline`] is reached.
    Tick,
}

/// What the executor has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Write down that this happened, now.
    Emit(What),
    /// Hand the checks to a worker.
    Start {
        /// The job's number.
        job: JobId,
        /// At least one.
        checks: Vec<Check>,
    },
    /// Tell the worker to end soon.
    Stop(JobId),
    /// Drop the worker's future. The job counts as ended.
    Kill(JobId),
    /// The run is over. Always the last command.
    Finish,
}

/// The state of a run.
#[derive(Debug)]
pub struct Dispatcher<'p> {
    plan: &'p Plan,
    run: RunId,
    digest: Digest,
    limits: Limits,
    index: HashMap<&'p CheckId, usize>,
    states: Vec<State>,
    /// Checks that have not ended.
    open: usize,
    ladder: Ladder,
    batches: Batches<'p>,
    waivers: Waivers<'p>,
    jobs: Jobs,
    /// When the checks that wait for others of their batch are started after all.
    gather: Option<Duration>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running(JobId),
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    Interrupted,
    Over,
}

impl<'p> Dispatcher<'p> {
    /// A run that has not begun. `digest` is that of the plan as it was written down.
    #[must_use]
    pub fn new(plan: &'p Plan, run: RunId, digest: Digest, limits: Limits) -> Self {
        Self {
            plan,
            run,
            digest,
            limits,
            index: plan.checks.iter().enumerate().map(|(index, check)| (&check.id, index)).collect(),
            states: vec![State::Waiting; plan.checks.len()],
            open: plan.checks.len(),
            ladder: Ladder::new(plan),
            batches: Batches::new(plan),
            waivers: Waivers::of(&plan.waivers),
            jobs: Jobs::default(),
            gather: None,
            phase: Phase::New,
        }
    }

    /// When to send a [`Input::Tick`] at the latest, in elapsed time.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        [self.jobs.deadline(), self.gather].into_iter().flatten().min()
    }

    /// Takes one input and says what follows.
    pub fn handle(&mut self, input: Input, now: Moment) -> Vec<Command> {
        let mut out = Vec::new();
        match (self.phase, input) {
            (Phase::New, Input::Begin) => self.begin(now, &mut out),
            (Phase::Running | Phase::Interrupted, input) => self.go_on(input, now, &mut out),
            (Phase::New | Phase::Over, _) => return out,
        }
        if self.open == 0 && self.jobs.count() == 0 {
            self.phase = Phase::Over;
            self.gather = None;
            out.push(Command::Emit(What::RunEnded { took: now.elapsed }));
            out.push(Command::Finish);
        }
        out
    }

    fn go_on(&mut self, input: Input, now: Moment, out: &mut Vec<Command>) {
        match input {
            Input::Begin => {}
            Input::CheckReported(report) => self.reported(report, now, out),
            Input::JobEnded { job, panic } => {
                self.conclude(job, panic.as_deref(), now, out);
                self.fill(now, out);
            }
            Input::Interrupt => self.interrupt(now, out),
            Input::Tick => self.tick(now, out),
        }
    }

    fn begin(&mut self, now: Moment, out: &mut Vec<Command>) {
        self.phase = Phase::Running;
        let (run, plan) = (self.run.clone(), self.digest);
        out.push(Command::Emit(What::RunStarted { run, plan, checks: self.plan.checks.len() }));
        for (index, check) in self.plan.checks.iter().enumerate() {
            if check.reuse.is_some() || check.skip.is_some() {
                self.batches.leave(index);
            }
            if let Some(reuse) = &check.reuse {
                self.close(index);
                out.push(Command::Emit(What::CheckReused { check: check.id.clone(), reuse: reuse.clone() }));
            } else if let Some(reason) = &check.skip {
                self.finish(index, Verdict::Skipped { reason: reason.clone() }, Duration::ZERO, out);
            }
        }
        let moves = self.ladder.begin();
        self.follow(moves, out);
        self.fill(now, out);
    }

    fn reported(&mut self, report: Report, now: Moment, out: &mut Vec<Command>) {
        let Some(&check) = self.index.get(&report.check) else { return };
        if self.states[check] != State::Running(report.job) {
            return;
        }
        let id = report.check;
        match report.said {
            // Nothing was measured.
            Said::Measured(measurements) if measurements.is_empty() => {}
            Said::Replaced(replaced) if replaced.is_empty() => {}
            Said::Replaced(replaced) => out.push(Command::Emit(What::Replaced { check: id, replaced })),
            Said::Measured(measurements) => {
                out.push(Command::Emit(What::Measured { check: id, measurements }));
            }
            Said::Sighted(seen) if seen.is_empty() => {}
            Said::Sighted(seen) => out.push(Command::Emit(What::Sighted { check: id, seen })),
            Said::Kept(artifact) => out.push(Command::Emit(What::Kept { check: id, artifact })),
            Said::Answer { verdict, took } => self.answered(report.job, check, verdict, took, now, out),
        }
    }

    fn answered(
        &mut self,
        job: JobId,
        check: usize,
        verdict: Verdict,
        took: Option<Duration>,
        now: Moment,
        out: &mut Vec<Command>,
    ) {
        let Some(job) = self.jobs.get_mut(job) else { return };
        job.unanswered -= 1;
        if job.unanswered == 0 {
            job.until = job.until.min(now.elapsed.saturating_add(self.limits.tidy));
        }
        let took = took.unwrap_or(now.elapsed.saturating_sub(job.since));
        self.answer(check, verdict, took, out);
        if self.gather.is_none() && self.phase == Phase::Running && self.has_room() {
            self.gather = Some(now.elapsed.saturating_add(self.limits.gather));
        }
    }

    fn interrupt(&mut self, now: Moment, out: &mut Vec<Command>) {
        if self.phase == Phase::Interrupted {
            for job in self.jobs.ids() {
                self.kill(job, now, out);
            }
            return;
        }
        self.phase = Phase::Interrupted;
        self.batches.clear();
        out.push(Command::Emit(What::Interrupted));
        for check in 0..self.states.len() {
            if self.states[check] == State::Waiting {
                self.finish(check, interrupted(), Duration::ZERO, out);
            }
        }
        self.jobs.shorten(now.elapsed.saturating_add(self.limits.grace));
    }

    fn tick(&mut self, now: Moment, out: &mut Vec<Command>) {
        let why = match self.phase {
            Phase::Interrupted => Stopping::Interrupted,
            _ => Stopping::Overran,
        };
        for id in self.jobs.due(now.elapsed) {
            let Some(job) = self.jobs.get_mut(id) else { continue };
            if job.stopping.is_some() {
                self.kill(id, now, out);
            } else {
                job.stopping = Some(why);
                job.until = now.elapsed.saturating_add(self.limits.tidy);
                out.push(Command::Stop(id));
            }
        }
        if self.gather.is_none_or(|until| until <= now.elapsed) {
            self.fill(now, out);
        }
    }

    fn kill(&mut self, job: JobId, now: Moment, out: &mut Vec<Command>) {
        out.push(Command::Kill(job));
        self.conclude(job, None, now, out);
    }

    /// A job is over: what it left unanswered gets its verdict here, and the first of that the time of the whole job.
    fn conclude(&mut self, id: JobId, panic: Option<&str>, now: Moment, out: &mut Vec<Command>) {
        let Some(job) = self.jobs.remove(id) else { return };
        let mut took = now.elapsed.saturating_sub(job.since);
        for &check in &job.checks {
            if self.states[check] == State::Running(id) {
                let verdict = self.unanswered(&job, check, panic);
                self.answer(check, verdict, std::mem::take(&mut took), out);
            }
        }
    }

    fn unanswered(&self, job: &Running, check: usize, panic: Option<&str>) -> Verdict {
        match (job.stopping, self.phase) {
            (Some(Stopping::Overran), _) => Verdict::TimedOut { limit: self.plan.checks[check].limit },
            (Some(Stopping::Interrupted), _) | (None, Phase::Interrupted) => interrupted(),
            (None, _) => Verdict::Broken { fault: left_out(panic) },
        }
    }

    /// A check that ran has its verdict.
    fn answer(&mut self, check: usize, verdict: Verdict, took: Duration, out: &mut Vec<Command>) {
        let holds = self.holds(&self.plan.checks[check], &verdict);
        self.finish(check, verdict, took, out);
        if self.phase == Phase::Running {
            let moves = self.ladder.ended(check, holds);
            self.follow(moves, out);
        }
    }

    /// Whether an answer keeps its machine from climbing on.
    fn holds(&self, check: &Check, verdict: &Verdict) -> bool {
        let failed = match verdict {
            Verdict::Fail { findings } => !self.waivers.accept(check, findings),
            Verdict::Broken { .. } | Verdict::TimedOut { .. } => true,
            Verdict::Pass | Verdict::Skipped { .. } => false,
        };
        failed && check.severity == Severity::Error
    }

    fn follow(&mut self, moves: Moves, out: &mut Vec<Command>) {
        for check in moves.ready {
            self.batches.push(check);
        }
        for (check, blame) in moves.held {
            self.batches.leave(check);
            let blame = &self.plan.checks[blame];
            let reason = format!("held at {}: {}", blame.stage, blame.id);
            self.finish(check, Verdict::Skipped { reason }, Duration::ZERO, out);
        }
    }

    fn finish(&mut self, index: usize, verdict: Verdict, took: Duration, out: &mut Vec<Command>) {
        self.close(index);
        let check = &self.plan.checks[index];
        let key = if verdict.passed() { check.key } else { None };
        out.push(Command::Emit(What::CheckFinished { check: check.id.clone(), verdict, took, key }));
    }

    fn close(&mut self, index: usize) {
        self.states[index] = State::Ended;
        self.open -= 1;
    }

    fn has_room(&self) -> bool {
        self.batches.can_start(&self.jobs, &self.limits)
    }

    /// Starts jobs while there are free slots and ready checks.
    fn fill(&mut self, now: Moment, out: &mut Vec<Command>) {
        self.gather = None;
        while let Some((indexes, size)) = self.batches.take(&self.jobs, &self.limits) {
            let checks: Vec<Check> = indexes.iter().map(|index| self.plan.checks[*index].clone()).collect();
            let until = now.elapsed.saturating_add(budget(&checks)).saturating_add(self.limits.backstop);
            let job = self.jobs.start(indexes.clone(), size, now.elapsed, until);
            for (index, check) in indexes.into_iter().zip(&checks) {
                self.states[index] = State::Running(job);
                out.push(Command::Emit(What::CheckStarted { check: check.id.clone() }));
            }
            out.push(Command::Start { job, checks });
        }
    }
}

/// How long a job's checks may take together: a policy answers for all of its subjects at once, tests come one by one.
fn budget(checks: &[Check]) -> Duration {
    let limits = checks.iter().map(|check| check.limit);
    match checks.first().map(|check| check.question.batch()) {
        Some(Batch::Policy(..) | Batch::Guest(..) | Batch::Mesh) => limits.max().unwrap_or_default(),
        _ => limits.fold(Duration::ZERO, Duration::saturating_add),
    }
}

fn interrupted() -> Verdict {
    Verdict::Skipped { reason: "interrupted".to_owned() }
}

fn left_out(panic: Option<&str>) -> Fault {
    let what = match panic {
        Some(_) => "the worker panicked before it answered",
        None => "the worker ended without an answer",
    };
    Fault { what: what.to_owned(), remedy: None, detail: panic.map(ToOwned::to_owned).into_iter().collect() }
}
