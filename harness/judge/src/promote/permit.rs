//! Leave to take one step with one machine.
//!
//! In: a decision. Out: what to write into the journal, and then an order for the edge. It must not be made anywhere else.

use model::{
    machine::MachineName,
    rollout::{Change, Closure, Happened, Step},
};

/// Leave to take one step, decided on a state that has not changed since: it borrows it. Nothing but a decision makes one.
///
/// ```compile_fail
/// use judge::promote::{Permit, State};
/// # fn stale(course: &model::course::Course, proofs: &judge::promote::Proofs, entry: &model::rollout::Entry, now: jiff::Timestamp) {
/// let mut state = State::default();
/// let board = judge::promote::decide(course, proofs, &state, now);
/// state.apply(entry);      // the permits of the board are of another state now
/// board.next.into_iter().for_each(|permit| drop(permit.begin()));
/// # }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Permit<'s> {
    machine: &'s MachineName,
    change: &'s Change,
    step: Step,
}

/// A step that was permitted and is noted as begun. What changes a machine takes one of these by value, so that nothing is
/// changed without a decision, with a machine that the promotion does not have, or twice.
///
/// ```compile_fail
/// # use model::{machine::MachineName, rollout::{Change, Step}};
/// fn forged(machine: MachineName, change: Change, step: Step) -> judge::promote::Order {
///     judge::promote::Order { machine, change, step }
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Order {
    machine: MachineName,
    change: Change,
    step: Step,
}

impl<'s> Permit<'s> {
    pub(super) fn new(machine: &'s MachineName, change: &'s Change, step: Step) -> Self {
        Self { machine, change, step }
    }

    /// With whom.
    #[must_use]
    pub fn machine(&self) -> &'s MachineName {
        self.machine
    }

    /// What.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// What has to be in the journal, flushed, before the order is carried out.
    #[must_use]
    pub fn begin(self) -> (Happened, Order) {
        let Self { machine, change, step } = self;
        let order = Order { machine: machine.clone(), change: change.clone(), step };
        (Happened::Begun { machine: machine.clone(), step }, order)
    }
}

impl Order {
    /// With whom.
    #[must_use]
    pub fn machine(&self) -> &MachineName {
        &self.machine
    }

    /// What.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// The closure that is to be run when a roll back is done.
    #[must_use]
    pub fn old(&self) -> &Closure {
        &self.change.old
    }

    /// The closure that all other steps are about.
    #[must_use]
    pub fn new_closure(&self) -> &Closure {
        &self.change.new
    }
}
