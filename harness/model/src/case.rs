//! A case of a suite: an input that was made up, and what the suite must say about it.

use serde_json::Value;

use crate::{round::Round, sighting::pair::Outlooks};

/// One folder below a suite's `cases/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The folder's name: `good-...` or `bad-...`.
    pub name: String,
    /// What the suite is run on.
    pub input: CaseInput,
    /// Exactly the findings that the whole suite must give; none for a good case, at least one for a bad one.
    pub findings: Vec<Expected>,
}

/// What a case's suite is run on.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseInput {
    /// A facts document, with only those parts that matter: `facts.json`.
    Facts(Value),
    /// A tree of nix-unit tests, as text: `tests.nix`.
    Tests(String),
    /// A round of questions over the overlays, `round.json`, and what became of asking each machine: `<machine>.lines`, as a
    /// prober prints them, or why there are none, in `unasked.json`.
    Sightings(Box<Round>, Outlooks),
}

/// A finding that a bad case must give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// `<suite>/<check>`
    pub rule: String,
    /// A machine's name, or `fleet`.
    pub subject: String,
    /// The finding's pointer; `None` where the case does not say.
    pub pointer: Option<String>,
}
