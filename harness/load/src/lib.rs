//! Text in, model out: every file and answer that describes a fleet becomes nouns, with where each part is written.
//!
//! Flows in: bytes of files, and what evaluation told. Flows out: [`model`] nouns and [`diagnostic::Diagnostic`]s.
//! Must not: do input or output, read a clock or the environment, or stop at the first problem.

pub mod course;
pub mod diagnostic;
pub mod facts;
pub mod flake_fleet;
pub mod fleet_toml;
pub mod lint;
pub mod reach;
pub mod resolve;
pub mod source;
pub mod spans;
pub mod suite;
pub mod vars;

mod nearest;
