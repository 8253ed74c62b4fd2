//! A world for the dispatcher: workers that answer in any order, time that passes, a user who interrupts.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    time::Duration,
};

use model::{
    check::{Check, CheckId, GuestSize},
    digest::Digest,
    event::What,
    evidence::RunId,
    plan::Plan,
    verdict::Verdict,
};
use run::{Command, Dispatcher, Input, JobId, Limits, Report, Said};
use testkit::{
    clock::moment,
    taken::{artifact, seconds},
};

/// One thing that the world does next; numbers choose among what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Some job answers one of its checks.
    Answer(usize, usize),
    /// Some job measures something for one of its checks, and keeps a file.
    Take(usize, usize),
    /// Some job returns, whatever it has answered.
    Return(usize),
    /// Some job answers, measures and keeps for a check that is not its own, or one that it has answered before.
    Meddle(usize, usize),
    /// Time passes until the dispatcher's deadline.
    Wait,
    /// The user interrupts.
    Interrupt,
}

/// What was seen of a run.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// In order.
    pub(crate) events: Vec<What>,
    /// What was measured and kept for checks that ran, twice each.
    pub(crate) taken: Vec<CheckId>,
    /// The checks of each job.
    pub(crate) jobs: Vec<Vec<CheckId>>,
    /// Jobs at a time, at most.
    pub(crate) most: usize,
    /// Of jobs that ran together: processors and MiB of memory at a time, at most.
    pub(crate) most_of: (usize, u64),
    /// Jobs that were started after the first interrupt.
    pub(crate) late: usize,
    /// `Finish` commands.
    pub(crate) finishes: usize,
    /// Inputs until the end; `None` if it did not end.
    pub(crate) steps: Option<usize>,
}

struct World<'p> {
    dispatcher: Dispatcher<'p>,
    plan: &'p Plan,
    answers: &'p [Verdict],
    running: BTreeMap<JobId, VecDeque<Check>>,
    sizes: BTreeMap<JobId, GuestSize>,
    elapsed: Duration,
    interrupted: bool,
    seen: Seen,
}

/// How much memory guests have, in MiB.
pub(crate) const MEMORY: u32 = 2048;

/// Numbers with so many slots and the rest as usual.
pub(crate) fn limits(slots: usize) -> Limits {
    Limits { memory: MEMORY, ..Limits::of_slots(NonZeroUsize::new(slots).unwrap_or(NonZeroUsize::MIN)) }
}

/// Runs a plan in a world that does these deeds, and from then on what is due. `answers` belong to the plan's checks.
pub(crate) fn simulate(plan: &Plan, answers: &[Verdict], slots: usize, deeds: &[Deed]) -> Seen {
    let dispatcher = Dispatcher::new(plan, RunId("run".to_owned()), Digest::of("plan"), limits(slots));
    let (running, seen) = (BTreeMap::new(), Seen::default());
    let mut world = World {
        dispatcher,
        plan,
        answers,
        running,
        sizes: BTreeMap::new(),
        elapsed: Duration::ZERO,
        interrupted: false,
        seen,
    };
    world.tell(Input::Begin);
    let most = deeds.len() + plan.checks.len() * 3 + 10;
    let mut deeds = deeds.iter().copied();
    for step in 0..most {
        if world.seen.finishes > 0 {
            world.seen.steps = Some(step);
            // Whatever comes after the end, nothing follows.
            world.tell(Input::Interrupt);
            world.tell(Input::Tick);
            break;
        }
        let next = deeds.next().unwrap_or_else(|| world.due());
        world.perform(next);
    }
    world.seen
}

impl World<'_> {
    /// What a world without surprises does: jobs answer, then return; where there is none, time passes.
    fn due(&self) -> Deed {
        match self.running.values().next() {
            Some(checks) if checks.is_empty() => Deed::Return(0),
            Some(_) => Deed::Answer(0, 0),
            None => Deed::Wait,
        }
    }

    fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Answer(job, check) => {
                if let Some((job, check)) = self.job(job).and_then(|job| Some((job, self.pick(job, check)?)))
                {
                    self.report(job, check);
                }
            }
            Deed::Take(job, check) => {
                let job = self.job(job);
                let own = job.and_then(|job| {
                    let checks = &self.running[&job];
                    Some((job, checks.get(check.checked_rem(checks.len())?)?.id.clone()))
                });
                if let Some((job, check)) = own {
                    self.take(job, &check);
                    self.seen.taken.extend([check.clone(), check]);
                }
            }
            Deed::Return(job) => {
                if let Some(job) = self.job(job) {
                    self.running.remove(&job);
                    self.sizes.remove(&job);
                    self.tell(Input::JobEnded { job, panic: None });
                }
            }
            Deed::Meddle(job, check) => {
                let foreign = self.plan.checks.get(check).map(|check| check.id.clone());
                let check = foreign.unwrap_or(CheckId("nobody::asked::this".to_owned()));
                let job = self.job(job).filter(|job| self.running[job].iter().all(|own| own.id != check));
                let job = job.unwrap_or(JobId(usize::MAX));
                self.take(job, &check);
                self.report(job, check);
            }
            Deed::Wait => {
                self.elapsed = self.elapsed.max(self.dispatcher.deadline().unwrap_or(self.elapsed));
                self.tell(Input::Tick);
            }
            Deed::Interrupt => {
                self.tell(Input::Interrupt);
                self.interrupted = true;
            }
        }
    }

    fn job(&self, number: usize) -> Option<JobId> {
        let number = number.checked_rem(self.running.len())?;
        self.running.keys().nth(number).copied()
    }

    fn pick(&mut self, job: JobId, number: usize) -> Option<CheckId> {
        let checks = self.running.get_mut(&job)?;
        let number = number.checked_rem(checks.len())?;
        Some(checks.remove(number)?.id)
    }

    fn report(&mut self, job: JobId, check: CheckId) {
        let at = self.plan.checks.iter().position(|planned| planned.id == check);
        let verdict = at.map_or(Verdict::Pass, |at| self.answers[at].clone());
        self.say(job, check, Said::Answer { verdict, took: None });
    }

    fn take(&mut self, job: JobId, check: &CheckId) {
        self.say(job, check.clone(), Said::Measured(vec![seconds("boot/time", 1)]));
        self.say(job, check.clone(), Said::Kept(artifact("console/a.log")));
    }

    fn say(&mut self, job: JobId, check: CheckId, said: Said) {
        self.tell(Input::CheckReported(Report { job, check, said }));
    }

    /// A job that runs alone may be as large as it likes.
    fn weigh(&mut self) {
        if self.sizes.len() > 1 {
            let sizes = || self.sizes.values();
            let processors = sizes().map(|size| usize::from(size.processors)).sum();
            let memory = sizes().map(|size| u64::from(size.memory)).sum();
            let (most_processors, most_memory) = self.seen.most_of;
            self.seen.most_of = (most_processors.max(processors), most_memory.max(memory));
        }
    }

    fn tell(&mut self, input: Input) {
        self.elapsed += Duration::from_millis(1);
        for command in self.dispatcher.handle(input, moment(self.elapsed)) {
            match command {
                Command::Emit(what) => self.seen.events.push(what),
                Command::Start { job, checks } => {
                    self.seen.late += usize::from(self.interrupted);
                    self.seen.jobs.push(checks.iter().map(|check| check.id.clone()).collect());
                    self.sizes.insert(job, checks[0].question.size());
                    assert!(self.running.insert(job, checks.into()).is_none(), "{job} was started twice");
                    self.weigh();
                    self.seen.most = self.seen.most.max(self.running.len());
                }
                Command::Stop(job) => assert!(self.running.contains_key(&job), "{job} does not run"),
                Command::Kill(job) => {
                    self.sizes.remove(&job);
                    assert!(self.running.remove(&job).is_some(), "{job} does not run");
                }
                Command::Finish => self.seen.finishes += 1,
            }
        }
    }
}
