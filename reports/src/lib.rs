//! From the record of a run to bytes that someone reads: people, CI systems, programs.
//!
//! Flows in: a [`Report`], which is a plan, the record of its run and the decision on it, and how the reader's screen
//! looks. Flows out: text. The same input always gives the same bytes, so that a report can be made again from a journal.
//! Must not: read a clock, the environment or a file; print; decide anything.
//!
//! One renderer a file: [`terminal`] and [`plan`] for people at a terminal, [`markdown`] for pull requests and step
//! summaries, [`json`] for programs, [`junit`] for CI systems. [`matrix`] shows who must reach whom, before anything is
//! run, and [`mesh`] what is seen of it while somebody watches.

mod age;
mod answers;
mod booted;
mod diff;
mod escape;
mod grid;
mod held;
pub mod json;
pub mod junit;
mod look;
pub mod markdown;
pub mod matrix;
mod measured;
pub mod mesh;
mod page;
pub mod plan;
mod report;
mod reuse;
mod sighted;
pub mod terminal;
mod trail;
mod unproven;
mod waived;

pub use look::Look;
pub use report::{Report, count};
