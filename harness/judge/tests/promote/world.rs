//! A small fleet that is promoted, with everything that may happen to it.
//!
//! Flows in: the course that is decided by, and how many faults of each kind there may be. Flows out: for each state all that
//! may follow: steps, their answers, faults, crashes, hours that go by.
//! Must not: know how decisions are made; it asks `decide` and does what is permitted.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{SignedDuration, Timestamp};
use judge::promote::{Proof, Proofs, Proven, State, decide};
use model::{
    course::Course,
    decision::GateState,
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
    stage::Stage,
};

use crate::{
    explore::System,
    hosts::{Runs, Truth, failed},
};

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) truth: Vec<Truth>,
    /// What each machine's step has come to, if one is being taken.
    pub(crate) flight: Vec<Option<(Step, Option<Answer>)>>,
    pub(crate) alive: bool,
    pub(crate) hour: u8,
    /// Whether somebody stopped everything, heard or unheard.
    pub(crate) frozen: bool,
    /// To which machines of each wave somebody agreed.
    pub(crate) agreed: BTreeMap<String, BTreeSet<MachineName>>,
    /// When each machine's evidence was gathered, if it was.
    pub(crate) proven: Vec<Option<u8>>,
    pub(crate) left: Left,
    /// A law that was broken on the way here.
    pub(crate) broken: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    End(End),
    Saw(model::rollout::Sight),
}

/// What a step does to a machine.
type Act<'a> = &'a dyn Fn(&mut Truth) -> Answer;

/// How many of each may still happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) faults: u8,
    pub(crate) crashes: u8,
    pub(crate) hours: u8,
    pub(crate) proofs: u8,
    /// Words of people that a machine ails.
    pub(crate) words: u8,
    /// Words of people that everything stops.
    pub(crate) freezes: u8,
}

/// How the process goes wrong that is explored; the sound one does nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Sound,
    /// It notes steps when they have ended, not before.
    NotesLate,
    /// It leaves a machine that fails as it is.
    NeverRollsBack,
    /// It takes proof of any closure for proof of the new one.
    AnyClosure,
    /// It says of machines that they are well without examining them.
    NeverExamines,
    /// It examines a machine once, and says from then on that it is well.
    ExaminesOnce,
    /// It says of machines that were to be rebooted that they were.
    NeverReboots,
    /// It does not hear that everything stops.
    Deaf,
    /// It begins anew with all machines where one joins.
    BeginsAnew,
}

/// The fleet, what it is promoted by, and what has to be kept to.
pub(crate) struct Fleet {
    pub(crate) names: Vec<MachineName>,
    /// What has to be kept to.
    pub(crate) law: Course,
    /// What is decided by; the law, unless something is broken on purpose.
    pub(crate) course: Course,
    pub(crate) habit: Habit,
    /// When the evidence was gathered that is there at first, if there is any.
    pub(crate) proven: Option<u8>,
    /// Those that do not answer at first, so that nobody knows what they would go back to.
    pub(crate) late: BTreeSet<MachineName>,
}

pub(crate) fn at(hour: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::from(hour))
}

impl Fleet {
    pub(crate) fn change(name: &MachineName) -> Change {
        Change { old: Closure(format!("{name}-old")), new: Closure(format!("{name}-new")) }
    }

    pub(crate) fn first(&self, left: Left) -> World {
        let changes = self.changes(|name| !self.late.contains(name));
        let state = State::of(&[Entry { at: at(0), what: Happened::Started { changes, back: false } }]);
        let (truth, flight) = (vec![Truth::FIRST; self.names.len()], vec![None; self.names.len()]);
        World {
            state,
            truth,
            flight,
            alive: true,
            hour: 0,
            frozen: false,
            agreed: BTreeMap::new(),
            proven: vec![self.proven; self.names.len()],
            left,
            broken: None,
        }
    }

    /// What some machines are to change.
    pub(crate) fn changes(&self, of: impl Fn(&MachineName) -> bool) -> BTreeMap<MachineName, Change> {
        self.names.iter().filter(|name| of(name)).map(|name| (name.clone(), Self::change(name))).collect()
    }

    /// What a process decides by: it knows who has not answered yet.
    pub(crate) fn course(&self, world: &World) -> Cow<'_, Course> {
        let mut absent = self.late.clone();
        absent.retain(|name| !world.state.machines().contains_key(name));
        if absent.is_empty() {
            return Cow::Borrowed(&self.course);
        }
        Cow::Owned(Course { absent, ..self.course.clone() })
    }

    /// What the evidence says. Before it is gathered for the new closure, there is evidence for another one.
    pub(crate) fn proofs(&self, world: &World) -> Proofs {
        let proof = |(name, proven): (&MachineName, &Option<u8>)| {
            let new = Self::change(name).new;
            let any = self.habit == Habit::AnyClosure;
            let closure = if proven.is_some() || any { new } else { Closure("another".to_owned()) };
            let proven = Proven { state: GateState::Open, at: at(proven.unwrap_or(0)) };
            (name.clone(), Proof { closure, stages: BTreeMap::from([(Stage::Boot, proven)]) })
        };
        self.names.iter().zip(&world.proven).map(proof).collect()
    }

    pub(crate) fn index(&self, name: &MachineName) -> usize {
        self.names.iter().position(|one| one == name).expect("a machine of the fleet")
    }

    /// Every step that is permitted, begun.
    fn steps(&self, world: &World, next: &mut Vec<(String, World)>) {
        let proofs = self.proofs(world);
        let course = self.course(world);
        for permit in decide(&course, &proofs, &world.state, at(world.hour)).next {
            let (index, step) = (self.index(permit.machine()), permit.step());
            // The process is gone for what was never noted as begun; it may still be on its way.
            if world.flight[index].is_some()
                || (step == Step::RollBack && self.habit == Habit::NeverRollsBack)
            {
                continue;
            }
            let mut after = world.clone();
            after.broken = step.sets_out().then(|| self.untimely(world, index)).flatten();
            if step == Step::Activate {
                after.broken = after.broken.or_else(|| self.unlawful(world, index));
            }
            let (begun, order) = permit.begin();
            if self.habit != Habit::NotesLate {
                after.note(begun);
            }
            after.flight[index] = Some((step, None));
            next.push((format!("begin to {step} {}", order.machine()), after));
        }
    }

    /// What a step may come to, and its answer.
    fn answers(&self, world: &World, next: &mut Vec<(String, World)>) {
        for (index, name) in self.names.iter().enumerate() {
            match &world.flight[index] {
                Some((step, None)) => world.outcomes(index, *step, (name, self.habit), next),
                Some((step, Some(answer))) => {
                    let mut after = world.clone();
                    after.flight[index] = None;
                    if self.habit == Habit::NotesLate {
                        after.note(Happened::Begun { machine: name.clone(), step: *step });
                    }
                    after.note(match answer.clone() {
                        Answer::End(end) => Happened::Ended { machine: name.clone(), step: *step, end },
                        Answer::Saw(sight) => Happened::Saw { machine: name.clone(), sight },
                    });
                    next.push((format!("hear of {step} {name}: {answer:?}"), after));
                }
                None => {}
            }
        }
    }
}

impl World {
    pub(crate) fn note(&mut self, what: Happened) {
        self.state.apply(&Entry { at: at(self.hour), what });
    }

    /// A step works; it fails; the link is lost before it or after it.
    fn outcomes(
        &self,
        index: usize,
        step: Step,
        (name, habit): (&MachineName, Habit),
        next: &mut Vec<(String, Self)>,
    ) {
        let mut with = |what: &str, faults: u8, act: Act<'_>| {
            let Some(left) = self.left.faults.checked_sub(faults) else { return };
            let mut after = self.clone();
            after.left.faults = left;
            let answer = act(&mut after.truth[index]);
            after.flight[index] = Some((step, Some(answer)));
            next.push((format!("{step} {name}: {what}"), after));
        };
        let hour = self.hour;
        if self.truth[index].down {
            with("out of reach while it is down", 0, &|_| Answer::End(End::Unreachable));
            return;
        }
        let lost = |_: &mut Truth| Answer::End(End::Unreachable);
        with("out of reach", 1, &lost);
        if step == Step::Look {
            with("seen", 0, &|truth| Answer::Saw(truth.sight(&Fleet::change(name))));
            return;
        }
        if step == Step::Examine {
            let skips = match habit {
                Habit::NeverExamines => true,
                Habit::ExaminesOnce => self.truth[index].examined.is_some(),
                _ => false,
            };
            with("taken", 0, &|truth| Answer::End(if skips { End::Done } else { truth.take(step, hour) }));
            return;
        }
        if step == Step::Reboot && habit == Habit::NeverReboots {
            with("said to be taken", 0, &|_| Answer::End(End::Done));
            return;
        }
        with("taken", 0, &|truth| Answer::End(truth.take(step, hour)));
        if step == Step::Reboot && self.truth[index].running == Runs::New && !self.truth[index].booted {
            Self::reboots(self.truth[index].split, &mut with);
        }
        with("taken, and the link is lost", 1, &|truth| {
            truth.take(step, hour);
            Answer::End(End::Unreachable)
        });
        with("fails", 1, &|_| Answer::End(failed("a fault")));
        with("held by somebody", 1, &|_| Answer::End(End::Held { by: "bob".to_owned() }));
        if step == Step::Activate {
            with("stops half-way", 1, &|truth| {
                truth.half();
                Answer::End(failed("half-way"))
            });
        }
    }

    /// What else a reboot may come to.
    fn reboots(is_split: bool, with: &mut dyn FnMut(&str, u8, Act<'_>)) {
        if !is_split {
            with("it cannot boot once", 0, &|truth| {
                truth.spared = true;
                Answer::End(End::Skipped { why: "it cannot".to_owned() })
            });
        }
        with("stops before the entry is set", 1, &|truth| {
            truth.split = true;
            Answer::End(failed("half-way"))
        });
        with("stops when the entry is set", 1, &|truth| {
            truth.set_once();
            Answer::End(failed("half-way"))
        });
        for (what, end) in
            [("comes back old", failed("it came back old")), ("comes back old, unheard", End::Unreachable)]
        {
            with(what, 1, &|truth| {
                truth.split = true;
                truth.reboot();
                Answer::End(end.clone())
            });
        }
        with("goes down before it boots, and stays down", 1, &|truth| {
            truth.set_once();
            truth.down = true;
            Answer::End(End::Unreachable)
        });
        with("goes down when it boots, and stays down", 1, &|truth| {
            (truth.split, truth.down) = (true, true);
            Answer::End(End::Unreachable)
        });
    }

    /// What happens by itself.
    fn elsewhere(&self, fleet: &Fleet, next: &mut Vec<(String, Self)>) {
        for (index, name) in fleet.names.iter().enumerate() {
            let mut on = |what: String, change: &dyn Fn(&mut Self)| {
                let mut after = self.clone();
                change(&mut after);
                next.push((what, after));
            };
            if self.truth[index].timer {
                on(format!("the timer of {name} goes off"), &|world| world.truth[index].fire());
            }
            if self.truth[index].down {
                on(format!("{name} is started again"), &|world| world.truth[index].reboot());
                continue;
            }
            if self.left.faults > 0 && self.truth[index].is_under_way() {
                on(format!("{name} reboots"), &|world| {
                    world.left.faults -= 1;
                    world.truth[index].reboot();
                });
            }
            let known = self.state.machines().get(name).is_some_and(|host| host.failed.is_some());
            if self.left.faults > 0 && self.truth[index].running == Runs::New && !known {
                if !self.truth[index].ill {
                    on(format!("{name} falls ill"), &|world| {
                        world.left.faults -= 1;
                        world.truth[index].ill = true;
                    });
                }
                if self.alive && self.left.words > 0 {
                    on(format!("somebody says that {name} ails"), &|world| {
                        (world.left.faults, world.left.words) = (world.left.faults - 1, world.left.words - 1);
                        world.note(Happened::Ailing { machine: name.clone(), why: "it ails".to_owned() });
                    });
                }
            }
            if self.left.proofs > 0 && self.proven[index] != Some(self.hour) {
                on(format!("{name} is proven"), &|world| {
                    world.left.proofs -= 1;
                    world.proven[index] = Some(world.hour);
                });
            }
        }
        self.people_and_time(fleet, next);
    }

    /// What was on its way is lost, be it done or not; what was noted stays.
    fn crash(&self) -> Self {
        let mut after = self.clone();
        (after.alive, after.left.crashes) = (false, self.left.crashes - 1);
        after.flight.iter_mut().for_each(|flight| *flight = None);
        after
    }
}

impl System for Fleet {
    type State = World;

    fn next(&self, world: &World) -> Vec<(String, World)> {
        let mut next = Vec::new();
        if world.alive {
            self.steps(world, &mut next);
            self.answers(world, &mut next);
            if world.left.crashes > 0 {
                next.push(("the process dies".to_owned(), world.crash()));
            }
        } else {
            world.resumes(self, &mut next);
        }
        world.elsewhere(self, &mut next);
        next
    }

    fn wrong(&self, world: &World, end: bool) -> Option<String> {
        self.law_is_kept(world, end).err()
    }
}
