//! The ports to the machines of a fleet: whoever asks them, and whoever changes them.
//!
//! Flows in: a machine's name, or an order. Flows out: what is there, or how the step came out.
//! Must not: decide. A deployer does what the order says, with whom it says, and nothing else.

use judge::promote::Order;
use model::{
    machine::MachineName,
    manifest::Difference,
    rollout::{Change, Closure, End, Happened, Sight, Standing, Step},
};

use crate::worker::BoxFuture;

/// Takes the steps of one promotion, whose name it was made with.
///
/// What a deployer owes the promotion:
/// - Orders of different machines are carried out at once, and none waits for another's.
/// - Each step ends, by a limit of the deployer's own. Where nobody knows how far it came, it ends [`End::Unreachable`].
/// - [`Step::Look`] changes nothing, and waits for whatever a dead process left at work on the machine.
/// - [`Step::Activate`] leaves the promotion's mark on the machine, then sets the timer that goes back to [`Order::old`],
///   then activates. [`Step::Confirm`] is one step on the machine that fails if the timer has gone off.
/// - Before it changes anything [`Step::Activate`] takes down how the machine does. [`Step::Examine`] compares with that; it ends
///   [`End::Failed`] only where the machine itself does worse, and [`End::Unreachable`] where nobody could tell.
/// - [`Step::Reboot`] ends well without one where all of the new closure is in use; else the new closure is booted once, and what
///   boots by default stays [`Order::old`]. It ends when the machine is back; nobody sees it up between the answer and the boot.
/// - [`Step::RollBack`] goes to [`Order::old`] and to no other path, and ends well where that runs and boots already.
/// - Its future may be dropped at any await point, and then leaves no process behind on this computer.
pub trait Deployer: Send + Sync {
    /// Takes the step of an order. A look that reached the machine is told as [`Told::Saw`], all else as [`Told::End`].
    fn carry(&self, order: Order) -> BoxFuture<'_, Told>;
}

/// Asks machines what runs there. It changes nothing on them, so that anybody may at any time.
pub trait Lookout: Send + Sync {
    /// What is there now.
    fn standing(&self, machine: MachineName) -> BoxFuture<'_, Result<Standing, Unseen>>;

    /// Builds what a machine shall run, or takes it from a cache, on the computer that asks.
    fn build(&self, machine: MachineName, closure: Closure) -> BoxFuture<'_, Result<(), Unseen>>;

    /// What a change makes different. `None` while the new closure is neither here nor there, so that nobody can tell.
    fn difference(
        &self,
        machine: MachineName,
        change: Change,
    ) -> BoxFuture<'_, Result<Option<Difference>, Unseen>>;
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// How the step ended.
    End(End),
    /// What a look found.
    Saw(Sight),
}

/// A machine that told nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unseen {
    /// Why, in a sentence without a full stop.
    pub why: String,
}

impl Told {
    /// What stands in the journal. An answer that is none to the step says nothing of how far the step came.
    pub(super) fn of(self, machine: MachineName, step: Step) -> Happened {
        match (self, step) {
            (Self::Saw(sight), Step::Look) => Happened::Saw { machine, sight },
            (Self::End(End::Done), Step::Look) | (Self::Saw(_), _) => {
                Happened::Ended { machine, step, end: End::Unreachable }
            }
            (Self::End(end), _) => Happened::Ended { machine, step, end },
        }
    }
}
