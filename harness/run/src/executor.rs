//! The executor: the async shell around the dispatcher. It waits, and does as it is told.
//!
//! Flows in: a dispatcher, and the ports. Flows out: every event to the sink, and the record of them.
//! Must not: decide anything.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use model::{
    event::{Event, What},
    record::Record,
};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, Id, JoinError, JoinSet},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::{Clock, Moment},
    dispatcher::{Command, Dispatcher, Input},
    sink::Sink,
    worker::{Job, JobId, Report, Reporter, Worker},
};

/// How long workers that were dropped have to let go of what they hold, before the run returns without them.
const LET_GO: Duration = Duration::from_secs(1);

/// What a run meets of the world.
pub struct Ports<'a> {
    /// Answers the checks.
    pub worker: Arc<dyn Worker>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Takes the events.
    pub sink: &'a mut dyn Sink,
    /// Tells of each time that the user asked to stop. May be closed.
    pub interrupts: &'a mut mpsc::Receiver<()>,
}

/// A sink failed, so the run was stopped: what is not written down has not happened.
#[derive(Debug, thiserror::Error)]
#[error("the run was stopped because its events could not be written down")]
pub struct SinkFailed {
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Carries out a run, from its first event to its last.
///
/// # Errors
/// The sink failed. No worker is left running.
pub async fn execute(dispatcher: Dispatcher<'_>, ports: Ports<'_>) -> Result<Record, SinkFailed> {
    let (reporter, mut reports) = mpsc::unbounded_channel();
    let Ports { worker, clock, sink, interrupts } = ports;
    let mut shell = Shell {
        sink,
        worker,
        reporter,
        tasks: JoinSet::new(),
        jobs: HashMap::new(),
        record: Record::default(),
    };
    let ended = drive(dispatcher, &mut shell, clock, &mut reports, interrupts).await;
    // A worker that does not let go in time is left to the end of the process.
    let _ = time::timeout(LET_GO, shell.tasks.shutdown()).await;
    ended.map(|()| shell.record).map_err(|source| SinkFailed { source })
}

async fn drive(
    mut dispatcher: Dispatcher<'_>,
    shell: &mut Shell<'_>,
    clock: &dyn Clock,
    reports: &mut mpsc::UnboundedReceiver<Report>,
    interrupts: &mut mpsc::Receiver<()>,
) -> io::Result<()> {
    let mut input = Input::Begin;
    loop {
        let now = clock.now();
        if shell.carry_out(dispatcher.handle(input, now), now)? {
            return Ok(());
        }
        let wait = dispatcher.deadline().map_or(Duration::MAX, |at| at.saturating_sub(clock.now().elapsed));
        input = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => Input::Interrupt,
            Some(report) = reports.recv() => Input::CheckReported(report),
            Some(ended) = shell.tasks.join_next_with_id() => {
                // What the worker reported before it returned counts first.
                while let Ok(report) = reports.try_recv() {
                    let now = clock.now();
                    shell.carry_out(dispatcher.handle(Input::CheckReported(report), now), now)?;
                }
                shell.ended(ended)
            }
            () = time::sleep(wait) => Input::Tick,
        };
    }
}

struct Shell<'a> {
    sink: &'a mut dyn Sink,
    worker: Arc<dyn Worker>,
    reporter: mpsc::UnboundedSender<Report>,
    tasks: JoinSet<()>,
    jobs: HashMap<JobId, Handle>,
    record: Record,
}

struct Handle {
    stop: CancellationToken,
    task: AbortHandle,
}

impl Shell<'_> {
    /// Carries out commands; says whether the run is over.
    fn carry_out(&mut self, commands: Vec<Command>, now: Moment) -> io::Result<bool> {
        let mut over = false;
        for command in commands {
            match command {
                Command::Emit(what) => self.emit(what, now)?,
                Command::Start { job, checks } => self.start(Job::new(job, checks)),
                Command::Stop(job) => self.jobs.get(&job).into_iter().for_each(|handle| handle.stop.cancel()),
                Command::Kill(job) => {
                    self.jobs.remove(&job).into_iter().for_each(|handle| handle.task.abort())
                }
                Command::Finish => over = true,
            }
        }
        self.sink.flush()?;
        Ok(over)
    }

    fn emit(&mut self, what: What, now: Moment) -> io::Result<()> {
        let event = Event { at: now.wall, what };
        self.sink.emit(&event)?;
        self.record.apply(&event);
        Ok(())
    }

    fn start(&mut self, job: Job) {
        let (id, stop, worker) = (job.id, job.stop.clone(), Arc::clone(&self.worker));
        let reporter = Reporter::new(id, self.reporter.clone());
        let task = self.tasks.spawn(async move { worker.run(job, reporter).await });
        self.jobs.insert(id, Handle { stop, task });
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) -> Input {
        let (task, panic) = match ended {
            Ok((task, ())) => (task, None),
            Err(error) => (error.id(), error.is_panic().then(|| last_words(error))),
        };
        let job = self.jobs.iter().find(|(_, handle)| handle.task.id() == task).map(|(job, _)| *job);
        match job {
            Some(job) => {
                self.jobs.remove(&job);
                Input::JobEnded { job, panic }
            }
            // It was killed, and so concluded, before.
            None => Input::Tick,
        }
    }
}

fn last_words(error: JoinError) -> String {
    let payload = error.into_panic();
    let text =
        payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a message").to_owned()
}
