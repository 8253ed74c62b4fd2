//! What every renderer is given.
//!
//! In: nothing. Out: the three nouns that a report is made of, and what they say together in a word or two.
//! It must not hold anything of its own.

use model::{
    decision::{Decision, GateState, Outcome},
    fleet::FleetSource,
    plan::{Header, Plan},
    record::Record,
};

/// A plan, the record of its run, and the decision on it.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// What was to be asked.
    pub plan: &'a Plan,
    /// What was answered.
    pub record: &'a Record,
    /// What follows.
    pub decision: &'a Decision,
}

impl Report<'_> {
    /// The gates in this state.
    pub(crate) fn gates(&self, state: GateState) -> usize {
        self.decision.gates.iter().filter(|gate| gate.state == state).count()
    }

    pub(crate) fn run(&self) -> &str {
        self.record.run.as_ref().map_or("not started", |run| run.0.as_str())
    }
}

/// The outcome for a person: never plainly open where something may have been left out.
pub(crate) fn told(report: &Report<'_>) -> &'static str {
    match report.decision.outcome {
        Outcome::Open if report.plan.header.partial => "open as far as selected",
        outcome => word(outcome),
    }
}

/// The outcome in a word, as the JSON report has it.
pub(crate) fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Open => "open",
        Outcome::Undecided => "undecided",
        Outcome::Broken => "broken",
        Outcome::Closed => "closed",
    }
}

/// The fleet and how it was read: `harbour (fleet.toml)`.
pub(crate) fn fleet(header: &Header) -> String {
    let source = match header.source {
        FleetSource::FleetToml => "fleet.toml",
        FleetSource::Clan => "clan",
        FleetSource::Flake => "flake",
    };
    format!("{} ({source})", header.fleet)
}

/// A number with its noun: `1 check`, `2 checks`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}
