//! From a fleet and its suites to a plan: a pinned, linted list of checks.
//!
//! Flows in: the resolved fleet, what evaluation told, the facts, the suites, and what the user selected. Flows out: a
//! [`model::plan::Plan`], or every problem that keeps it from being one.
//! Must not: ask a check, read a file or a clock, or judge an answer.
//!
//! The phases are types: [`draft()`] gives a [`Draft`], [`Draft::lint`] turns it into a plan, and [`attach`] says which
//! of the plan's checks stand on an earlier answer.

mod attach;
mod draft;
pub mod filter;
mod key;
mod lint;
mod names;
mod nearest;
mod outputs;
pub mod round;
mod select;
mod sight;
mod source;

pub use attach::attach;
pub use draft::{Channel, Draft, Inputs, Network, draft};
pub use filter::{Filter, FilterError};
pub use lint::PlanProblem;
pub use names::Names;
pub use nearest::nearest;
pub use select::Selection;
pub use source::boot_source;
