//! One question about this machine, answered.
//!
//! Flows in: what a probe found. Flows out: an [`Item`]. Must not: hold anything secret; it is printed and logged.

use serde::Serialize;

/// One question about this machine, answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What was asked about: `nix`, `disk-store`. Stable, for programs.
    pub name: &'static str,
    /// Whether it is there.
    pub state: State,
    /// What was found, or what went wrong.
    pub found: String,
    /// What the user loses: without it, or with it as it is.
    pub costs: &'static str,
    /// What to do about it, where something is to be done.
    pub remedy: Option<String>,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is there and works.
    Good,
    /// It works, and less well than it could; or nobody could tell.
    Degraded,
    /// It is not there, or does not work.
    Missing,
}

impl Item {
    pub(super) fn good(name: &'static str, found: impl Into<String>, costs: &'static str) -> Self {
        Self { name, state: State::Good, found: found.into(), costs, remedy: None }
    }

    pub(super) fn degraded(name: &'static str, found: impl Into<String>, costs: &'static str) -> Self {
        Self { state: State::Degraded, ..Self::good(name, found, costs) }
    }

    pub(super) fn missing(name: &'static str, found: impl Into<String>, costs: &'static str) -> Self {
        Self { state: State::Missing, ..Self::good(name, found, costs) }
    }

    pub(super) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}
