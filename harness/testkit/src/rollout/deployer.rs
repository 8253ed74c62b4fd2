//! A deployer of machines that exist in memory alone, with mishaps where the script says so.
//!
//! Flows in: orders. Flows out: answers, and what really was done to each machine. Must not: know what the promotion believes.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Range,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::under_way::UnderWay;
use judge::promote::Order;
use model::{
    machine::MachineName,
    manifest::Difference,
    rollout::{Change, Closure, End, Sight, Standing, Step},
};
use run::{
    BoxFuture,
    rollout::{Deployer, Lookout, Told, Unseen},
};
use tokio::time::{Instant, sleep};

/// How long a step takes, unless it is said.
const STEP: Duration = Duration::from_secs(10);

/// How long the timer on a machine runs.
const TIMER: Duration = Duration::from_secs(90);

/// What goes wrong with a step, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// It does nothing and says so.
    Fails,
    /// The machine cannot be reached.
    Away,
    /// It is done, and its answer is lost.
    Lost,
    /// An activation stops half-way.
    Half,
    /// Whoever takes it panics.
    Panics,
    /// Somebody else is at work with the machine.
    Held,
}

/// A machine as it really is.
#[derive(Debug, Clone)]
struct Place {
    change: Change,
    built: bool,
    copied: bool,
    /// `None`: half of the old and half of the new closure.
    running: Option<Closure>,
    profile: Closure,
    timer: Option<Instant>,
    tried: bool,
    /// Whether it was booted with its new closure: it is not a second time.
    booted: bool,
    /// When it was activated, and how long after that it does worse.
    activated: Option<Instant>,
    ails: Option<Duration>,
    /// From when to when after that it sleeps.
    sleeps: Option<Range<Duration>>,
}

/// Takes steps. All machines share one lock; none waits for another's step.
#[derive(Debug)]
pub struct ScriptedDeployer {
    places: Mutex<BTreeMap<MachineName, Place>>,
    script: Mutex<HashMap<(MachineName, Step), VecDeque<Mishap>>>,
    effects: Mutex<Vec<(MachineName, Step)>>,
    step: Duration,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ScriptedDeployer {
    /// Machines on their old closures with which everything works.
    #[must_use]
    pub fn new(changes: &BTreeMap<MachineName, Change>) -> Self {
        let place = |change: &Change| Place {
            change: change.clone(),
            built: false,
            copied: false,
            running: Some(change.old.clone()),
            profile: change.old.clone(),
            timer: None,
            tried: false,
            booted: false,
            activated: None,
            ails: None,
            sleeps: None,
        };
        Self {
            places: Mutex::new(changes.iter().map(|(name, change)| (name.clone(), place(change))).collect()),
            script: Mutex::default(),
            effects: Mutex::default(),
            step: STEP,
            under_way: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// With steps that take no time, for tests whose time is real.
    #[must_use]
    pub fn quick(self) -> Self {
        Self { step: Duration::ZERO, ..self }
    }

    /// With mishaps at one step with one machine: the first time it is taken, the second, and so on.
    #[must_use]
    pub fn on(self, machine: &str, step: Step, mishaps: impl IntoIterator<Item = Mishap>) -> Self {
        locked(&self.script).entry((machine.into(), step)).or_default().extend(mishaps);
        self
    }

    /// With a machine that does worse from so long after it was activated.
    #[must_use]
    pub fn ailing(self, machine: &str, after: Duration) -> Self {
        locked(&self.places).entry(machine.into()).and_modify(|place| place.ails = Some(after));
        self
    }

    /// With a machine that sleeps for a while, by the time since it was activated.
    #[must_use]
    pub fn sleeping(self, machine: &str, times: Range<Duration>) -> Self {
        locked(&self.places).entry(machine.into()).and_modify(|place| place.sleeps = Some(times));
        self
    }

    /// Every step that really changed a machine, in order.
    #[must_use]
    pub fn effects(&self) -> Vec<(MachineName, Step)> {
        locked(&self.effects).clone()
    }

    /// How often a step really changed a machine.
    #[must_use]
    pub fn times(&self, machine: &str, step: Step) -> usize {
        self.effects().iter().filter(|(name, taken)| name.0 == machine && *taken == step).count()
    }

    /// How many steps were taken at a time, at most.
    #[must_use]
    pub fn most_at_a_time(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// The machines that run and boot their new closure, and those that run and boot their old one; no timer runs at either.
    #[must_use]
    pub fn whole(&self) -> (Vec<String>, Vec<String>) {
        let all = |which: fn(&Change) -> &Closure| {
            let mut places = locked(&self.places);
            let on = |(name, place): (&MachineName, &mut Place)| {
                place.tick();
                let closure = which(&place.change).clone();
                let whole = place.running.as_ref() == Some(&closure) && place.profile == closure;
                (whole && place.timer.is_none()).then(|| name.0.clone())
            };
            places.iter_mut().filter_map(on).collect()
        };
        (all(|change| &change.new), all(|change| &change.old))
    }

    async fn take(&self, order: Order) -> Told {
        let (machine, step) = (order.machine().clone(), order.step());
        let _under_way = UnderWay::enter(&self.under_way, &self.most);
        let mishap = locked(&self.script).get_mut(&(machine.clone(), step)).and_then(VecDeque::pop_front);
        sleep(self.step / 2).await;
        let told = self.act(&machine, step, mishap);
        sleep(self.step / 2).await;
        told
    }

    fn act(&self, machine: &MachineName, step: Step, mishap: Option<Mishap>) -> Told {
        let mut places = locked(&self.places);
        let Some(place) = places.get_mut(machine) else { return Told::End(End::Unreachable) };
        place.tick();
        if place.is_asleep() {
            return Told::End(End::Unreachable);
        }
        match mishap {
            Some(Mishap::Away) => return Told::End(End::Unreachable),
            Some(Mishap::Fails) => return Told::End(End::Failed { why: "a mishap".to_owned() }),
            Some(Mishap::Panics) => panic_now(step),
            Some(Mishap::Held) => return Told::End(End::Held { by: "bob".to_owned() }),
            Some(Mishap::Half) => {
                place.half();
                return Told::End(End::Failed { why: "it stopped half-way".to_owned() });
            }
            Some(Mishap::Lost) | None => {}
        }
        let was_booted = place.booted;
        let told = match step {
            Step::Look => Told::Saw(place.sight()),
            _ => Told::End(place.change(step)),
        };
        let needless = step == Step::Reboot && was_booted;
        if !matches!(step, Step::Look | Step::Examine) && !needless && told == Told::End(End::Done) {
            locked(&self.effects).push((machine.clone(), step));
        }
        if mishap == Some(Mishap::Lost) { Told::End(End::Unreachable) } else { told }
    }
}

impl Place {
    /// The timer goes off if it is time.
    fn tick(&mut self) {
        if self.timer.is_some_and(|at| at <= Instant::now()) {
            (self.running, self.timer) = (Some(self.change.old.clone()), None);
        }
    }

    fn is_ill(&self) -> bool {
        let since = self.activated.zip(self.ails).map(|(activated, after)| activated + after);
        since.is_some_and(|since| since <= Instant::now())
    }

    fn is_asleep(&self) -> bool {
        let times = self.activated.zip(self.sleeps.as_ref());
        times.is_some_and(|(activated, times)| times.contains(&activated.elapsed()))
    }

    fn half(&mut self) {
        (self.tried, self.timer, self.running) = (true, Some(Instant::now() + TIMER), None);
    }

    fn sight(&self) -> Sight {
        Sight {
            built: self.built,
            copied: self.copied,
            running: self.running.clone(),
            profile: self.profile.clone(),
            timer: self.timer.is_some(),
            tried: self.tried,
        }
    }

    fn change(&mut self, step: Step) -> End {
        let refused = match step {
            Step::Copy if !self.built => Some("it is not built"),
            Step::Activate if !self.copied => Some("it is not there"),
            Step::Confirm if self.timer.is_none() => Some("the timer has gone off"),
            Step::SetProfile if self.running.as_ref() != Some(&self.change.new) => {
                Some("something else runs")
            }
            Step::Reboot if self.running.as_ref() != Some(&self.change.new) => Some("something else runs"),
            Step::Examine if self.running.as_ref() != Some(&self.change.new) => return End::Unreachable,
            Step::Examine if self.is_ill() => Some("it ails"),
            _ => None,
        };
        if let Some(why) = refused {
            return End::Failed { why: why.to_owned() };
        }
        match step {
            Step::Look | Step::Examine => {}
            Step::Reboot => self.booted = true,
            Step::Build => self.built = true,
            Step::Copy => self.copied = true,
            Step::Activate => {
                self.half();
                self.activated = Some(Instant::now());
                self.running = Some(self.change.new.clone());
            }
            Step::Confirm => self.timer = None,
            Step::SetProfile => self.profile = self.change.new.clone(),
            Step::RollBack => {
                let old = self.change.old.clone();
                (self.running, self.profile, self.timer) = (Some(old.clone()), old, None);
            }
        }
        End::Done
    }
}

impl Deployer for ScriptedDeployer {
    fn carry(&self, order: Order) -> BoxFuture<'_, Told> {
        Box::pin(self.take(order))
    }
}

impl Lookout for ScriptedDeployer {
    fn standing(&self, machine: MachineName) -> BoxFuture<'_, Result<Standing, Unseen>> {
        Box::pin(async move {
            let mut places = locked(&self.places);
            let unseen = || Unseen { why: "offline: the script has no such machine".to_owned() };
            let place = places.get_mut(&machine).ok_or_else(unseen)?;
            place.tick();
            let half = || Unseen { why: "it runs half of two closures".to_owned() };
            Ok(Standing { running: place.running.clone().ok_or_else(half)?, profile: place.profile.clone() })
        })
    }

    fn build(&self, _machine: MachineName, _closure: Closure) -> BoxFuture<'_, Result<(), Unseen>> {
        Box::pin(async { Ok(()) })
    }

    /// Nothing is made of anything here.
    fn difference(
        &self,
        _machine: MachineName,
        _change: Change,
    ) -> BoxFuture<'_, Result<Option<Difference>, Unseen>> {
        Box::pin(async { Ok(None) })
    }
}

#[expect(clippy::panic, reason = "the script says so")]
fn panic_now(step: Step) -> ! {
    panic!("scripted panic at {step}")
}
