//! What can be done about what holds a promotion.
//!
//! Flows in: the board, and who was left out of it. Flows out: sentences, each once, with the command where there is one.
//! Must not: decide, or ask anybody.

use std::time::Duration;

use jiff::Timestamp;
use judge::promote::{LeftOut, Proofs, State, Why, decide};
use model::{course::Course, decision::GateState, machine::MachineName, resolved::ResolvedFleet};

/// What those wait for that were asked for, by what holds them first: what is behind another waits for no more than that.
pub(super) fn advice(
    fleet: &ResolvedFleet,
    course: &Course,
    proofs: &Proofs,
    state: &State,
    now: Timestamp,
) -> Vec<String> {
    let signed = !fleet.approvers().is_empty();
    let board = decide(course, proofs, state, now);
    let others = |why: &Why| matches!(why, Why::NotAsked | Why::Behind { .. } | Why::Halted { .. });
    let mut told = Vec::new();
    for (name, word) in board.machines.iter().filter(|(_, word)| !word.reasons.iter().any(others)) {
        for sentence in word.reasons.iter().filter_map(|why| sentence(course, signed, name, why, now)) {
            if !told.contains(&sentence) {
                told.push(sentence);
            }
        }
    }
    // A wave that others wait for is told already.
    if told.is_empty() {
        let reasons = board.machines.values().flat_map(|word| &word.reasons);
        let left = reasons.filter_map(|why| if let Why::Soaking { left } = why { Some(*left) } else { None });
        told.extend(
            left.max()
                .map(|left| format!("all is examined again when it has soaked, at {}", until(now, left))),
        );
    }
    told
}

/// What is to be done about a machine that a promotion leaves out.
pub(super) fn about(name: &MachineName, why: &LeftOut) -> String {
    match why {
        LeftOut::NeverSeen => format!(
            "{name} never answered, and what it would go back to is not known: `seaworthy promote` takes it along once it answers"
        ),
        LeftOut::Split(there) => format!(
            "{name} runs {} and boots {}: make it one of the two, and `seaworthy promote` takes it along",
            there.running, there.profile
        ),
    }
}

/// Whether a reason goes away as the promotion goes on, by time or by somebody's word: nothing is wrong.
pub(super) fn waits(why: &Why) -> bool {
    match why {
        Why::NotAsked
        | Why::Unapproved { .. }
        | Why::Frozen { .. }
        | Why::Held { .. }
        | Why::Freeze { .. }
        | Why::OutOfHours
        | Why::Behind { .. }
        | Why::Soaks { .. }
        | Why::Soaking { .. }
        | Why::Unexamined
        | Why::SoaksTogether { .. }
        | Why::Full { .. }
        | Why::LastOfRole { .. } => true,
        Why::NoWave
        | Why::Failed { .. }
        | Why::Halted { .. }
        | Why::Doubt
        | Why::Away
        | Why::Strayed
        | Why::ProofOfAnother { .. }
        | Why::NotProven { .. }
        | Why::GateClosed { .. }
        | Why::GateUndecided { .. }
        | Why::Stale { .. }
        | Why::FromTheFuture { .. } => false,
    }
}

/// What reasons come to together. Closed is what somebody has to mend: what waits, and what nobody proved, is not that.
pub(super) fn verdict(reasons: &[Why]) -> GateState {
    let unproven =
        |why: &Why| matches!(why, Why::ProofOfAnother { .. } | Why::NotProven { .. } | Why::Stale { .. });
    let one = |why: &Why| match why.allows() {
        GateState::Closed if waits(why) || unproven(why) => GateState::Undecided,
        state => state,
    };
    reasons.iter().map(one).max().unwrap_or(GateState::Open)
}

fn sentence(course: &Course, signed: bool, name: &MachineName, why: &Why, now: Timestamp) -> Option<String> {
    let told = match why {
        Why::Unapproved { wave, have, need, .. } => {
            let leg = course.waves.iter().find(|leg| leg.name == *wave);
            let by = leg.and_then(|leg| leg.approvals.as_ref()).map(|approvals| approvals.by.iter());
            let by: Vec<_> = by.into_iter().flatten().map(String::as_str).collect();
            let (more, by) = (need.saturating_sub(*have), by.join(", "));
            let key = if signed { " --key FILE" } else { "" };
            format!("wave {wave} needs the word of {more} more of {by}: `seaworthy approve {wave}{key}`")
        }
        Why::Soaks { wave, left } => format!("wave {wave} soaks until {}", until(now, *left)),
        Why::SoaksTogether { left } => {
            format!("all before {name} soak together until {}", until(now, *left))
        }
        Why::OutOfHours => "the maintenance hours of the policy are waited for".to_owned(),
        Why::Freeze { reason } => format!("the policy's freeze is waited out: {reason}"),
        Why::Frozen { by, .. } => format!("{by} stopped all activations: `seaworthy thaw` allows them again"),
        Why::Failed { .. } => format!(
            "{name} failed: mend its configuration, `seaworthy verify`, and `seaworthy promote` begins again"
        ),
        Why::Doubt | Why::Away => {
            format!("{name} is out of reach: `seaworthy promote` catches it up once it answers")
        }
        Why::Held { by } => {
            format!("{name} is held by {by}: `seaworthy promote` goes on with it once they are done")
        }
        Why::Strayed => format!(
            "{name} runs or boots something else: somebody has to look at it; `seaworthy promote` looks again"
        ),
        Why::ProofOfAnother { .. }
        | Why::NotProven { .. }
        | Why::GateClosed { .. }
        | Why::GateUndecided { .. }
        | Why::Stale { .. } => "not everything is proven: `seaworthy verify` asks what is not".to_owned(),
        _ => return None,
    };
    Some(told)
}

/// The first whole second at which a time is over.
fn until(now: Timestamp, left: Duration) -> String {
    let end = now.checked_add(left).and_then(|end| end.checked_add(Duration::from_millis(999)));
    end.map_or_else(|_| "the end of time".to_owned(), |end| format!("{end:.0}"))
}
