//! What a run as a whole comes to.
//!
//! In: every check's standing, then the gates. Out: the outcome, which the exit code says again. It must not open what a
//! gate does not.

use model::{
    decision::{Gate, GateState, Outcome},
    plan::{Note, Plan},
    suite::Severity,
};

use crate::standing::Standing;

/// What is seen of the checks on the way.
pub(crate) struct Whole {
    interrupted: bool,
    /// Whether there is nothing that could be proven.
    nothing: bool,
    broken: bool,
}

impl Whole {
    pub(crate) fn new(plan: &Plan, interrupted: bool) -> Self {
        let nothing = plan.notes.contains(&Note::NothingToProve);
        Self { interrupted, nothing, broken: false }
    }

    pub(crate) fn take(&mut self, severity: Severity, standing: &Standing<'_>) {
        self.broken |= severity == Severity::Error && matches!(standing, Standing::Broken(_));
    }

    /// Closed wins over broken: the fleet's owner can act on it. Broken wins over undecided: asking again may not help.
    /// A run without a gate, that was interrupted, or of a fleet that has nothing to prove, is never open.
    pub(crate) fn outcome(self, gates: &[Gate]) -> Outcome {
        let worst = gates.iter().map(|gate| gate.state).max();
        match worst {
            Some(GateState::Closed) => Outcome::Closed,
            _ if self.broken => Outcome::Broken,
            Some(GateState::Open) if !self.interrupted && !self.nothing => Outcome::Open,
            _ => Outcome::Undecided,
        }
    }
}
