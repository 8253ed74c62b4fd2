//! The loop: fold what happened, decide, note what is begun, take the steps, note how they ended.
//!
//! Flows in: an errand and the ports. Flows out: how it came to rest.
//! Must not: take a step that is not in the journal, flushed; begin one on a state that has changed since it was decided on.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use jiff::Timestamp;
use judge::promote::{Order, Outlook, Permit, Proofs, State, decide};
use model::{
    course::Course,
    machine::MachineName,
    rollout::{End, Entry, Happened, Step},
};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
    time,
};

use super::{
    deployer::{Deployer, Told},
    log::Log,
    pace::Pace,
};
use crate::clock::{Clock, Moment};

/// No wait is longer, since the host's wall clock may be set meanwhile.
const LOOK_UP: Duration = Duration::from_secs(60);

/// What a process is to do of a promotion.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// What it keeps to.
    pub course: &'a Course,
    /// What is proven.
    pub proofs: &'a Proofs,
    /// Whether it waits for soaks, hours and people, rather than ending there.
    pub patient: bool,
}

/// What it meets of the world.
pub struct Ports<'a> {
    /// Takes the steps.
    pub deployer: Arc<dyn Deployer>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// The journal; nobody else carries out the promotion.
    pub log: &'a mut dyn Log,
    /// Tells of each time that the user asked to stop. May be closed. After the first nothing sets out any more, and what is
    /// under way is ended; after the second nothing is waited for.
    pub interrupts: &'a mut mpsc::Receiver<()>,
}

/// How a process left a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rested {
    /// The fold of the journal.
    pub state: State,
    /// Why it went no further.
    pub rest: Rest,
}

/// Why a process goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Nothing can be done now.
    Idle(Outlook),
    /// The user asked to stop.
    Interrupted,
}

/// The journal failed, so the process stopped: what is not written down must not be done.
#[derive(Debug, thiserror::Error)]
#[error("the promotion was stopped because its journal could not be used")]
pub struct LogFailed {
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Goes as far as it can.
///
/// # Errors
/// The journal failed. Steps that were under way are dropped, and in doubt for whoever goes on.
pub async fn promote(errand: Errand<'_>, ports: Ports<'_>) -> Result<Rested, LogFailed> {
    let Ports { deployer, clock, log, interrupts } = ports;
    let mut drive = Drive {
        course: errand.course.clone(),
        errand,
        clock,
        log,
        deployer,
        state: State::default(),
        tasks: JoinSet::new(),
        taken: HashMap::new(),
        pace: Pace::default(),
        asked_to_stop: 0,
    };
    let rest = drive.run(interrupts).await;
    drive.tasks.shutdown().await;
    rest.map(|rest| Rested { state: drive.state, rest }).map_err(|source| LogFailed { source })
}

struct Drive<'a> {
    /// That of the errand, by who answers now.
    course: Course,
    errand: Errand<'a>,
    clock: &'a dyn Clock,
    log: &'a mut dyn Log,
    deployer: Arc<dyn Deployer>,
    state: State,
    tasks: JoinSet<Told>,
    taken: HashMap<Id, (MachineName, Step)>,
    pace: Pace,
    asked_to_stop: u32,
}

/// What is to be done now.
struct Now {
    begun: Vec<Entry>,
    orders: Vec<Order>,
    /// When the first step may be taken that is held back because it did not work before, by the elapsed time.
    again: Option<Duration>,
    /// Whether that is worth waiting for by itself.
    hopeful: bool,
    /// When a machine that soaks is to be examined.
    examines: Option<Timestamp>,
    outlook: Outlook,
}

impl Drive<'_> {
    async fn run(&mut self, interrupts: &mut mpsc::Receiver<()>) -> io::Result<Rest> {
        self.take_over()?;
        loop {
            let now = self.begin()?;
            if self.tasks.is_empty() {
                if let Some(rest) = self.rest(&now) {
                    return Ok(rest);
                }
                self.log.waits(&self.state, self.clock.now().wall);
            }
            let wait = self.wait(&now);
            tokio::select! {
                biased;
                Some(()) = interrupts.recv() => self.asked_to_stop += 1,
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended)?,
                () = self.log.changed() => {}
                () = time::sleep(wait) => {}
            }
            if self.asked_to_stop > 1 {
                return Ok(Rest::Interrupted);
            }
        }
    }

    /// What another process began and did not end is in doubt.
    fn take_over(&mut self) -> io::Result<()> {
        let entries = self.log.news()?;
        entries.iter().for_each(|entry| self.state.apply(entry));
        if entries.len() > 1 { self.note(Happened::Resumed, self.clock.now()) } else { Ok(()) }
    }

    /// Decides, and begins whatever may be begun. The decision is made anew if anybody wrote into the journal meanwhile.
    fn begin(&mut self) -> io::Result<Now> {
        loop {
            self.log.news()?.iter().for_each(|entry| self.state.apply(entry));
            let now = self.decide(self.clock.now());
            if !now.begun.is_empty() {
                if !self.log.append(&now.begun)? {
                    continue;
                }
                now.begun.iter().for_each(|entry| self.state.apply(entry));
            }
            return Ok(now.started(|order| self.start(order)));
        }
    }

    fn decide(&self, now: Moment) -> Now {
        let board = decide(&self.course, self.errand.proofs, &self.state, now.wall);
        let outlook = board.outlook(now.wall);
        let examines = board.examines;
        let mut it =
            Now { begun: Vec::new(), orders: Vec::new(), again: None, hopeful: false, examines, outlook };
        let may = |permit: &Permit<'_>| self.asked_to_stop == 0 || !permit.step().sets_out();
        for permit in board.next.into_iter().filter(may) {
            if let Some(moment) = self.pace.not_before(permit.machine(), now.elapsed) {
                it.again = Some(it.again.map_or(moment, |again| again.min(moment)));
                it.hopeful |= !self.pace.has_enough(permit.machine());
                continue;
            }
            let (what, order) = permit.begin();
            it.begun.push(Entry { at: now.wall, what });
            it.orders.push(order);
        }
        it
    }

    fn start(&mut self, order: Order) {
        let whose = (order.machine().clone(), order.step());
        let deployer = Arc::clone(&self.deployer);
        let task = self.tasks.spawn(async move { deployer.carry(order).await });
        self.taken.insert(task.id(), whose);
    }

    fn ended(&mut self, ended: Result<(Id, Told), JoinError>) -> io::Result<()> {
        // After a panic nobody knows how far the step came.
        let (id, told) = ended.unwrap_or_else(|error| (error.id(), Told::End(End::Unreachable)));
        let Some((machine, step)) = self.taken.remove(&id) else { return Ok(()) };
        let now = self.clock.now();
        let what = told.of(machine.clone(), step);
        self.pace.heard(&what, now.elapsed);
        if is_answer(&what) {
            self.course.silent.remove(&machine);
        }
        self.note(what, now)
    }

    /// Appends an entry that is true whatever anybody else wrote.
    fn note(&mut self, what: Happened, now: Moment) -> io::Result<()> {
        let entries = [Entry { at: now.wall, what }];
        while !self.log.append(&entries)? {
            self.log.news()?.iter().for_each(|entry| self.state.apply(entry));
        }
        entries.iter().for_each(|entry| self.state.apply(entry));
        Ok(())
    }

    /// Whether there is nothing to wait for; asked when no step is being taken.
    fn rest(&self, now: &Now) -> Option<Rest> {
        let waits = self.errand.patient && matches!(now.outlook, Outlook::Waits { .. });
        match now {
            Now { hopeful: true, .. } => None,
            Now { outlook: Outlook::Through, .. } => Some(Rest::Idle(Outlook::Through)),
            _ if self.asked_to_stop > 0 => Some(Rest::Interrupted),
            _ if waits => None,
            _ => Some(Rest::Idle(now.outlook)),
        }
    }

    fn wait(&self, now: &Now) -> Duration {
        let moment = self.clock.now();
        let again = now.again.map(|again| again.saturating_sub(moment.elapsed));
        let until = if let Outlook::Waits { until } = now.outlook { until } else { None };
        let from_now =
            |until: Timestamp| Duration::try_from(until.duration_since(moment.wall)).unwrap_or_default();
        let moments = until.into_iter().chain(now.examines).map(from_now);
        again.into_iter().chain(moments).fold(LOOK_UP, Duration::min)
    }
}

/// Whether it comes from the machine itself. What is built is often not built there.
fn is_answer(what: &Happened) -> bool {
    match what {
        Happened::Saw { .. } => true,
        Happened::Ended { step, end, .. } => *end == End::Done && *step != Step::Build,
        _ => false,
    }
}

impl Now {
    fn started(mut self, start: impl FnMut(Order)) -> Self {
        std::mem::take(&mut self.orders).into_iter().for_each(start);
        self
    }
}
