//! Nix as it stands on the user's machine: asked as a process, never linked.
//!
//! Flows in: the path of a `nix` binary, an environment, the project's folder. Flows out: a [`survey`] of the flake and
//! the verdicts of its tests.
//! Must not: build anything, write into the project, or send a word of the user's to the evaluator but names, quoted.
//!
//! In the order in which data meets them: [`binary`] finds nix; [`project`] is what is evaluated; [`pool`] keeps the
//! evaluators warm; [`survey`] asks what there is, and [`mod@unit`] judges tests.
//! `harness/DESIGN/nix.md` says why it is done so.

mod answer;
pub mod binary;
pub mod cases;
mod class;
mod closures;
mod complaint;
pub mod fault;
mod fresh;
mod locks;
mod log;
pub mod pool;
pub(crate) mod prelude;
pub mod project;
pub(crate) mod quote;
mod repl;
pub mod survey;
pub mod unit;
pub mod version;
pub(crate) mod words;
pub mod worker;

/// Everything that the survey asks, as text: what is remembered of a survey is good for the same questions only.
#[must_use]
pub fn questions() -> &'static str {
    concat!(include_str!("nix/prelude.nix"), include_str!("nix/facts.nix"))
}
