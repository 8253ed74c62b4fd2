//! From a record to a decision: which gates are open.
//!
//! Flows in: the plan, the record of its run, the fleet's waivers, and the day. Flows out: a
//! [`model::decision::Decision`].
//! Must not: ask anything, read a clock, or take a verdict for what it is not. `harness/DESIGN/gates.md` has the rules
//! and why they are so.

mod decide;
mod idle;
mod outcome;
pub mod promote;
mod standing;

pub use decide::decide;
