//! A fleet that is promoted, and a process that does so.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use judge::promote::{Outlook, Proof, Proofs, Proven, Why, decide};
use model::{
    course::{Course, Leg},
    decision::GateState,
    machine::MachineName,
    promotion::Approvals,
    rollout::{Change, Closure, End, Entry, Happened, Step},
    stage::Stage,
};
use run::{
    Clock, Moment,
    rollout::{Errand, LogFailed, Ports, Rest, Rested, promote},
};
use testkit::{
    clock::{FakeClock, moment},
    rollout::{MemoryLog, ScriptedDeployer},
};
use tokio::sync::mpsc;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// The steps that change a machine that nothing happens to.
pub(crate) const STEPS: [Step; 5] =
    [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile];

/// The fleet, its journal and its machines. Processes come and go.
pub(crate) struct Fleet {
    pub(crate) course: Course,
    pub(crate) proofs: Proofs,
    pub(crate) changes: BTreeMap<MachineName, Change>,
    pub(crate) machines: Arc<ScriptedDeployer>,
    pub(crate) log: MemoryLog,
    pub(crate) clock: WallClock,
}

/// The host's clock, which somebody may set.
pub(crate) struct WallClock {
    runs: FakeClock,
    ahead: AtomicI64,
}

impl WallClock {
    /// Sets it so many seconds ahead of what it would say if nobody had ever set it.
    pub(crate) fn set_by(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        let Moment { wall, elapsed } = self.runs.now();
        Moment { wall: wall + ahead, elapsed }
    }
}

fn change(name: &str) -> Change {
    Change { old: Closure(format!("{name}-old")), new: Closure(format!("{name}-new")) }
}

/// Waves that each wait for the one before, soak for an hour, and whose machines are proven.
pub(crate) fn fleet(waves: &[&[&str]]) -> Fleet {
    let leg = |(index, names): (usize, &&[&str])| Leg {
        name: format!("wave-{index}"),
        machines: names.iter().map(|name| MachineName::from(*name)).collect(),
        before: (0..index).collect(),
        soak: HOUR,
        approvals: None,
    };
    let names = || waves.iter().flat_map(|names| names.iter().copied());
    let course = Course {
        waves: waves.iter().enumerate().map(leg).collect(),
        gates: BTreeSet::from([Stage::Boot]),
        ..Course::default()
    };
    let proven = Proven { state: GateState::Open, at: moment(Duration::ZERO).wall };
    let proof = |name: &str| Proof { closure: change(name).new, stages: [(Stage::Boot, proven)].into() };
    let changes: BTreeMap<_, _> = names().map(|name| (MachineName::from(name), change(name))).collect();
    let started = Happened::Started { changes: changes.clone(), back: false };
    Fleet {
        course,
        proofs: names().map(|name| (name.into(), proof(name))).collect(),
        machines: Arc::new(ScriptedDeployer::new(&changes)),
        changes,
        log: MemoryLog::new(vec![Entry { at: moment(Duration::ZERO).wall, what: started }]),
        clock: WallClock { runs: FakeClock::start(), ahead: AtomicI64::new(0) },
    }
}

impl Fleet {
    /// With machines of the test's own.
    pub(crate) fn with(mut self, machines: impl FnOnce(ScriptedDeployer) -> ScriptedDeployer) -> Self {
        self.machines = Arc::new(machines(ScriptedDeployer::new(&self.changes)));
        self
    }

    /// With waves that do not soak.
    pub(crate) fn at_once(mut self) -> Self {
        self.course.waves.iter_mut().for_each(|leg| leg.soak = Duration::ZERO);
        self
    }

    pub(crate) fn agreed_by(mut self, wave: usize, who: &[&str]) -> Self {
        let by = who.iter().map(|who| (*who).to_owned()).collect();
        self.course.waves[wave].approvals = Some(Approvals { by, count: who.len() });
        self
    }

    /// A process that goes as far as it can now.
    pub(crate) async fn go(&self) -> Result<Rested, LogFailed> {
        self.process(self.log.another(), false, mpsc::channel(1).1).await
    }

    /// A process that waits.
    pub(crate) async fn wait(&self) -> Result<Rested, LogFailed> {
        self.process(self.log.another(), true, mpsc::channel(1).1).await
    }

    pub(crate) async fn process(
        &self,
        mut log: MemoryLog,
        patient: bool,
        mut interrupts: mpsc::Receiver<()>,
    ) -> Result<Rested, LogFailed> {
        let errand = Errand { course: &self.course, proofs: &self.proofs, patient };
        let deployer = Arc::<ScriptedDeployer>::clone(&self.machines);
        let ports = Ports { deployer, clock: &self.clock, log: &mut log, interrupts: &mut interrupts };
        promote(errand, ports).await
    }

    /// What somebody writes into the journal from elsewhere.
    pub(crate) fn says(&self, what: Happened) {
        use run::rollout::Log as _;
        let mut log = self.log.another();
        log.news().expect("it is read");
        assert!(log.append(&[Entry { at: self.clock.now().wall, what }]).expect("it is written"));
    }

    /// What is in the way of each machine that is not through.
    pub(crate) fn reasons(&self, rested: &Rested) -> BTreeMap<String, Vec<Why>> {
        let board = decide(&self.course, &self.proofs, &rested.state, self.clock.now().wall);
        let words = board.machines.into_iter().filter(|(_, word)| !word.reasons.is_empty());
        words.map(|(name, word)| (name.0.clone(), word.reasons)).collect()
    }

    /// When a step of a machine ended well, by the journal.
    #[track_caller]
    pub(crate) fn when(&self, machine: &str, wanted: Step) -> jiff::Timestamp {
        let done = |entry: &Entry| match &entry.what {
            Happened::Ended { machine: of, step, end: End::Done } => of.0 == machine && *step == wanted,
            _ => false,
        };
        let found = self.log.entries().into_iter().find(done);
        found.ok_or(format!("{wanted} of {machine}")).expect("it is in the journal").at
    }

    /// When a step of a machine began, by the journal.
    #[track_caller]
    pub(crate) fn began(&self, machine: &str, wanted: Step) -> jiff::Timestamp {
        let begun = |entry: &Entry| match &entry.what {
            Happened::Begun { machine: of, step } => of.0 == machine && *step == wanted,
            _ => false,
        };
        let found = self.log.entries().into_iter().find(begun);
        found.ok_or(format!("{wanted} of {machine}")).expect("it is in the journal").at
    }

    /// When the examinations of a machine were begun, by the journal.
    pub(crate) fn examined(&self, machine: &str) -> Vec<jiff::Timestamp> {
        let begun = Happened::Begun { machine: machine.into(), step: Step::Examine };
        self.log.entries().iter().filter(|entry| entry.what == begun).map(|entry| entry.at).collect()
    }

    /// Every machine took each step that changes it at most once, and is wholly old or wholly new.
    #[track_caller]
    pub(crate) fn is_sound(&self, told: &str) {
        for (name, step) in self.machines.effects() {
            let times = self.machines.times(&name.0, step);
            assert!(
                step == Step::RollBack || times == 1,
                "{told}: {step} was taken {times} times with {name}"
            );
        }
        let (new, old) = self.machines.whole();
        assert_eq!(new.len() + old.len(), self.changes.len(), "{told}: new {new:?}, old {old:?}");
    }
}

#[track_caller]
pub(crate) fn through(rested: &Result<Rested, LogFailed>) {
    let rest = rested.as_ref().expect("the journal is sound").rest;
    assert_eq!(rest, Rest::Idle(Outlook::Through));
}

#[track_caller]
pub(crate) fn held(rested: &Result<Rested, LogFailed>) {
    let rest = rested.as_ref().expect("the journal is sound").rest;
    assert_eq!(rest, Rest::Idle(Outlook::Held));
}
