//! The ladder: which checks may be asked now, by what has been answered so far.
//!
//! Flows in: the plan, then each check that ended. Flows out: the checks that became ready, and those that never will
//! with what holds them. Must not: know about jobs, time or interrupts.
//!
//! The rules are told in `harness/DESIGN/ladder.md`. Every check is handed out once, and every rung is entered once, so
//! the whole climb is linear in checks and machines.

use std::collections::HashMap;

use model::{machine::MachineName, plan::Plan, stage::Stage, subject::Subject};

const RUNGS: usize = Stage::ALL.len();
/// From this rung on, the fleet's own lower rungs hold machines, and hold the fleet itself.
const FLEET_HOLDS_FROM: usize = Stage::Build as usize;
const FLEET: usize = 0;

/// Who stands where. Checks are named by their index in the plan.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// The fleet, then the machines by their first check.
    climbers: Vec<Climber>,
    /// Of each check.
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    climber: usize,
    rung: usize,
}

#[derive(Debug, Default)]
struct Climber {
    rungs: [Rung; RUNGS],
    /// The next rung to enter.
    next: usize,
}

#[derive(Debug, Default)]
struct Rung {
    /// Checks that have not ended.
    open: usize,
    /// Checks that were not handed out yet.
    waiting: Vec<usize>,
    /// The first check in the plan's order that failed and holds.
    failed: Option<usize>,
}

/// What follows from a step.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    /// May be asked now.
    pub(crate) ready: Vec<usize>,
    /// Will never be asked: the check, and the failed one that holds it.
    pub(crate) held: Vec<(usize, usize)>,
}

enum Entry {
    Free,
    NotYet,
    HeldBy(usize),
}

impl Ladder {
    /// The ladder of a plan's checks; those that will not be asked whatever happens are left out.
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut ladder =
            Self { climbers: vec![Climber::default()], steps: Vec::with_capacity(plan.checks.len()) };
        let mut machines: HashMap<&MachineName, usize> = HashMap::new();
        for (index, check) in plan.checks.iter().enumerate() {
            let climber = match &check.subject {
                Subject::Fleet => FLEET,
                Subject::Machine(name) => *machines.entry(name).or_insert_with(|| {
                    ladder.climbers.push(Climber::default());
                    ladder.climbers.len() - 1
                }),
            };
            let rung = check.stage as usize;
            ladder.steps.push(Step { climber, rung });
            if check.reuse.is_none() && check.skip.is_none() {
                let rung = &mut ladder.climbers[climber].rungs[rung];
                rung.open += 1;
                rung.waiting.push(index);
            }
        }
        ladder
    }

    /// Everybody enters as far as they may.
    pub(crate) fn begin(&mut self) -> Moves {
        let mut moves = Moves::default();
        for climber in 0..self.climbers.len() {
            self.climb(climber, &mut moves);
        }
        moves
    }

    /// A check that was ready has ended; `holds` says that it failed in a way that holds.
    pub(crate) fn ended(&mut self, check: usize, holds: bool) -> Moves {
        let mut moves = Moves::default();
        let Step { climber, rung } = self.steps[check];
        let place = &mut self.climbers[climber].rungs[rung];
        place.open -= 1;
        if holds {
            place.failed = Some(place.failed.map_or(check, |first| first.min(check)));
        }
        if place.open == 0 {
            self.climb(climber, &mut moves);
            if climber == FLEET {
                (1..self.climbers.len()).for_each(|machine| self.climb(machine, &mut moves));
            }
        }
        moves
    }

    fn climb(&mut self, climber: usize, moves: &mut Moves) {
        while self.climbers[climber].next < RUNGS {
            let next = self.climbers[climber].next;
            match self.entry(climber, next) {
                Entry::NotYet => return,
                Entry::Free => {
                    moves.ready.append(&mut self.climbers[climber].rungs[next].waiting);
                    self.climbers[climber].next += 1;
                }
                Entry::HeldBy(blame) => self.hold(climber, blame, moves),
            }
        }
    }

    /// Whether a climber may enter a rung. Its own failures are named before the fleet's.
    fn entry(&self, climber: usize, rung: usize) -> Entry {
        let fleet_holds = rung >= FLEET_HOLDS_FROM;
        if climber == FLEET && !fleet_holds {
            return Entry::Free;
        }
        match self.below(climber, rung) {
            Entry::Free if fleet_holds && climber != FLEET => self.below(FLEET, rung),
            entry => entry,
        }
    }

    fn below(&self, climber: usize, rung: usize) -> Entry {
        let lower = &self.climbers[climber].rungs[..rung];
        if lower.iter().any(|rung| rung.open > 0) {
            return Entry::NotYet;
        }
        lower.iter().find_map(|rung| rung.failed).map_or(Entry::Free, Entry::HeldBy)
    }

    fn hold(&mut self, climber: usize, blame: usize, moves: &mut Moves) {
        let climber = &mut self.climbers[climber];
        for rung in &mut climber.rungs[climber.next..] {
            rung.open -= rung.waiting.len();
            moves.held.extend(rung.waiting.drain(..).map(|check| (check, blame)));
        }
        climber.next = RUNGS;
    }
}
