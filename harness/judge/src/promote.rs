//! A promotion: which machine may take which step now, and why another may not.
//!
//! In: the course, what is proven of each machine's new closure, the fold of what happened, the time. Out: a board with a word
//! for each machine and a [`Permit`] for each step that may be taken. It must not take a step, or guess: what nobody knows
//! pauses. `harness/DESIGN/promotion.md` has the rules and why they are so.

mod decide;
mod host;
mod intent;
mod lasting;
mod outlook;
mod permit;
mod proof;
mod prove;
mod sight;
mod soak;
mod state;
mod waves;
mod why;

pub use decide::{Board, Word, decide};
pub use host::{Host, Phase};
pub use intent::{Changes, Intent, LeftOut, intend};
pub use lasting::lasting;
pub use outlook::Outlook;
pub use permit::{Order, Permit};
pub use proof::{Proof, Proofs, Proven};
pub use prove::{Answer, Proved, prove};
pub use state::State;
pub use why::Why;
