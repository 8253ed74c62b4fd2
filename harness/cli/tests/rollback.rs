//! A machine taken back: once, twice, after it went wrong, and beside a promotion that has not come to rest. The machines are in
//! memory, and nothing is evaluated.
#![expect(clippy::disallowed_methods, reason = "a test writes the fleet's files")]
#![expect(clippy::unwrap_used, reason = "what a test needs and does not find ends it")]

#[path = "carried/in_memory.rs"]
mod in_memory;

use std::{collections::BTreeMap, fs, sync::Arc};

use cli::{
    args::{Color, Everywhere, Rollback},
    desk::Desk,
    environment::Environment,
    exit::Exit,
    rollout::rollback::roll_back,
    screen::{Screen, Wishes},
    stop::Stop,
};
use edge::{
    promotions::{FleetLock, Holder, PromotionJournal},
    state::State,
};
use in_memory::InMemory;
use jiff::Timestamp;
use model::{
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
};
use testkit::rollout::{Mishap, ScriptedDeployer};
use tokio::sync::mpsc;

const FLEET: &str = "
[inventory.machines.galena.deploy]
targetHost = \"root@galena.example\"

[inventory.machines.scheelite.deploy]
targetHost = \"root@scheelite.example\"
";

struct Fleet {
    folder: tempfile::TempDir,
    state: State,
}

fn closure(machine: &str, which: &str) -> Closure {
    Closure(format!("/nix/store/{machine}-{which}"))
}

fn change(machine: &str, old: &str, new: &str) -> (MachineName, Change) {
    (machine.into(), Change { old: closure(machine, old), new: closure(machine, new) })
}

/// A machine that runs what is bad, and is to run what is good.
fn going_back() -> ScriptedDeployer {
    ScriptedDeployer::new(&BTreeMap::from([change("galena", "bad", "good")])).quick()
}

impl Fleet {
    /// To each of these machines something bad was promoted, as far as this step.
    fn after(steps: &[(&str, Step)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fleet.toml"), FLEET).unwrap();
        let state = State::open(folder.path()).unwrap();
        let fleet = Self { folder, state };
        fleet.promoted(steps);
        fleet
    }

    fn promoted(&self, steps: &[(&str, Step)]) {
        let changes: BTreeMap<_, _> =
            steps.iter().map(|(machine, _)| change(machine, "good", "bad")).collect();
        let started = serde_json::json!({ "happened": "started", "changes": changes });
        let first = Entry { at: Timestamp::now(), what: serde_json::from_value(started).unwrap() };
        let mut journal = PromotionJournal::create(&self.state, &first, None).unwrap();
        for (machine, step) in steps {
            let (machine, step) = (MachineName::from(*machine), *step);
            journal.note(Timestamp::now(), Happened::Begun { machine: machine.clone(), step }).unwrap();
            journal.note(Timestamp::now(), Happened::Ended { machine, step, end: End::Done }).unwrap();
        }
    }

    fn latest(&self) -> PromotionJournal {
        PromotionJournal::latest(&self.state).unwrap().unwrap()
    }

    fn promotions(&self) -> usize {
        self.state.list_promotions().unwrap().len()
    }

    fn noted(&self, what: &str) -> bool {
        let entries = self.latest().entries().unwrap();
        entries.iter().any(|entry| serde_json::to_value(entry).unwrap()["happened"] == what)
    }

    async fn roll_back(&self, machines: &Arc<ScriptedDeployer>, interrupts: usize) -> Result<Exit, Stop> {
        let everywhere = Everywhere { project: Some(self.folder.path().to_owned()), color: Color::Never };
        let mut environment = Environment::read().unwrap();
        environment.all.insert("USER".into(), "crs58".into());
        let screen = Screen::detect(Color::Never, Wishes::default());
        let desk = Desk::at(&everywhere, environment, screen).unwrap();
        let options = Rollback { machine: "galena".to_owned(), yes: true, break_lock: false };
        let (sender, mut interrupted) = mpsc::channel(4);
        for _ in 0..interrupts {
            sender.send(()).await.unwrap();
        }
        roll_back(&desk, &options, &InMemory::of(machines), &mut interrupted).await
    }
}

#[tokio::test]
async fn one_that_is_back_stays_there_however_often_it_is_asked_back() {
    let fleet = Fleet::after(&[("galena", Step::SetProfile)]);
    let machines = Arc::new(going_back());
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open);
    assert_eq!(machines.whole().0, ["galena"]);
    let effects = machines.effects();
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open, "it is back");
    assert_eq!(machines.effects(), effects, "nothing is done twice");
    assert_eq!(fleet.promotions(), 2);
}

#[tokio::test]
async fn a_way_back_that_failed_is_begun_again() {
    let fleet = Fleet::after(&[("galena", Step::SetProfile)]);
    let fails = Arc::new(going_back().on("galena", Step::Activate, [Mishap::Fails]));
    assert_eq!(fleet.roll_back(&fails, 0).await.unwrap(), Exit::Closed);
    let machines = Arc::new(going_back());
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open);
    assert_eq!(machines.whole().0, ["galena"]);
}

#[tokio::test]
async fn a_way_back_that_was_cut_off_goes_on() {
    for begun in [None, Some(Step::Activate)] {
        let fleet = Fleet::after(&[("galena", Step::SetProfile)]);
        let cut = Arc::new(going_back());
        assert_eq!(fleet.roll_back(&cut, 2).await.unwrap(), Exit::Undecided);
        if let Some(step) = begun {
            let begun = Happened::Begun { machine: "galena".into(), step };
            fleet.latest().note(Timestamp::now(), begun).unwrap();
        }
        let machines = Arc::new(going_back());
        assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open, "{begun:?}");
        assert_eq!(machines.whole().0, ["galena"], "{begun:?}");
        assert_eq!(fleet.promotions(), 2, "{begun:?}");
        assert!(!fleet.noted("ailing"), "{begun:?}");
    }
}

#[tokio::test]
async fn whoever_carries_the_promotion_out_now_takes_the_machine_back() {
    let fleet = Fleet::after(&[("galena", Step::SetProfile)]);
    let holder = Holder::here("raquel".to_owned(), Timestamp::now());
    let _lock = FleetLock::take(&fleet.state, &holder, false).unwrap();
    let machines = Arc::new(going_back());
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Undecided);
    assert!(fleet.noted("ailing"));
    assert_eq!((machines.effects(), fleet.promotions()), (vec![], 1));
}

/// Another promotion would leave what is half-way in this one so for ever.
#[tokio::test]
async fn while_another_machine_is_half_way_a_machine_goes_back_in_the_same_promotion() {
    let fleet = Fleet::after(&[("galena", Step::SetProfile), ("scheelite", Step::Confirm)]);
    let changes = [change("galena", "good", "bad"), change("scheelite", "good", "bad")];
    let machines = Arc::new(ScriptedDeployer::new(&changes.into()).quick());
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open);
    assert_eq!(machines.times("galena", Step::RollBack), 1);
    assert_eq!(fleet.promotions(), 1);
}

#[tokio::test]
async fn what_another_promotion_has_half_way_is_ended_before_a_way_back_begins() {
    let fleet = Fleet::after(&[("galena", Step::SetProfile)]);
    fleet.promoted(&[("scheelite", Step::Confirm)]);
    let other = fleet.latest().promotion().clone();
    let changes = [change("galena", "bad", "good"), change("scheelite", "good", "bad")];
    let machines = Arc::new(ScriptedDeployer::new(&changes.into()).quick());
    assert_eq!(fleet.roll_back(&machines, 0).await.unwrap(), Exit::Open);
    assert_eq!(fleet.promotions(), 3);
    let ended = PromotionJournal::open(&fleet.state, &other).unwrap().entries().unwrap();
    let looked = ended.iter().any(|entry| matches!(&entry.what, Happened::Saw { .. }));
    assert!(looked, "{ended:?}");
}
