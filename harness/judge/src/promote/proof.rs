//! What is proven of a machine's new closure.
//!
//! In: for each stage what its gate came to, and how old that is. Out: why that is not enough, if it is not. It must not take
//! proof of one closure for proof of another.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use model::{course::Course, decision::GateState, machine::MachineName, rollout::Closure, stage::Stage};

use super::why::Why;

/// By machine.
pub type Proofs = BTreeMap<MachineName, Proof>;

/// The gates of one machine, the fleet's own included, and what they were asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The closure that the evidence is bound to.
    pub closure: Closure,
    /// By stage. A stage that is not here is not proven.
    pub stages: BTreeMap<Stage, Proven>,
}

/// What the gate of a stage came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// The worse of the machine's gate and the fleet's.
    pub state: GateState,
    /// When the oldest of its evidence was gathered.
    pub at: Timestamp,
}

/// All that is missing.
pub(super) fn missing(course: &Course, proof: Option<&Proof>, closure: &Closure, now: Timestamp) -> Vec<Why> {
    let proof = match proof {
        Some(proof) if proof.closure == *closure => Some(proof),
        Some(proof) => return vec![Why::ProofOfAnother { closure: proof.closure.clone() }],
        None => None,
    };
    let stage = |stage: &Stage| match proof.and_then(|proof| proof.stages.get(stage)) {
        None => Some(Why::NotProven { stage: *stage }),
        Some(Proven { state: GateState::Closed, .. }) => Some(Why::GateClosed { stage: *stage }),
        Some(Proven { state: GateState::Undecided, .. }) => Some(Why::GateUndecided { stage: *stage }),
        Some(Proven { at, .. }) if *at > now => Some(Why::FromTheFuture { stage: *stage }),
        Some(Proven { at, .. }) if course.fresh.is_some_and(|fresh| !within(*at, fresh, now)) => {
            Some(Why::Stale { stage: *stage, at: *at })
        }
        Some(_) => None,
    };
    course.gates.iter().filter_map(stage).collect()
}

/// Whether not more than a time has gone since a moment.
fn within(since: Timestamp, time: Duration, now: Timestamp) -> bool {
    SignedDuration::try_from(time).is_ok_and(|time| now.duration_since(since) <= time)
}
