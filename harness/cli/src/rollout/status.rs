//! `seaworthy status`: the board.

use jiff::Timestamp;
use judge::promote::{Intent, State, decide};
use model::decision::GateState;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Crew, advice, board, prospect::Prospect};
use crate::{args, args::PlanFormat, desk::Desk, exit::Exit, stop::Stop};

/// Shows how each machine stands. Exits with what the worst of them comes to.
///
/// # Errors
/// The input is wrong, or nothing can be learnt from nix.
pub async fn show(
    desk: &Desk,
    options: &args::Status,
    crew: &dyn Crew,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let prospect = Prospect::gather(desk, crew, interrupts).await?;
    let intent = prospect.intent();
    let state = prospect.state(&intent, desk.now);
    let rows = board::rows(&prospect, &state, desk.now);
    let text = match options.format {
        PlanFormat::Human => {
            let after = about(&prospect, &intent, &state, desk);
            format!("{}\n{}{after}", head(&prospect, &intent), board::human(&rows, desk.now))
        }
        PlanFormat::Json => desk.json(&json!({
            "version": 1,
            "promotion": prospect.last.as_ref().map(|(id, _)| id),
            "goesOn": matches!(intent, Intent::GoOn(_) | Intent::End),
            "frozen": state.frozen().map(|(by, reason)| json!({ "by": by, "reason": reason })),
            "machines": rows,
        }))?,
    };
    desk.out(&text)?;
    Ok(exit(&rows))
}

/// What the promotion is, in a line.
pub(super) fn head(prospect: &Prospect, intent: &Intent) -> String {
    let last = prospect.last.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default();
    match intent {
        Intent::GoOn(_) => format!("promotion {last} goes on"),
        Intent::End => format!("promotion {last} is to other closures, and has to be ended first"),
        Intent::Start(_) => "a promotion would begin".to_owned(),
        Intent::Nothing(known) if known.changes.is_empty() => {
            "no machine answered, so that nothing can be promoted".to_owned()
        }
        Intent::Nothing(_) => "nothing is to be promoted".to_owned(),
    }
}

/// What can be done now, set apart from the board by an empty line.
pub(super) fn about(prospect: &Prospect, intent: &Intent, state: &State, desk: &Desk) -> String {
    let mut lines = prospect.absent(intent);
    let (course, proofs) = (&prospect.course, &prospect.proved.proofs);
    lines.extend(advice::advice(&prospect.fleet, course, proofs, state, desk.now));
    let goes = match (intent, decide(course, proofs, state, desk.now).next.is_empty()) {
        (Intent::Start(_), false) => Some("begins"),
        (Intent::Start(_), true) => begins(prospect, state, desk.now).then_some("begins, and waits"),
        (_, false) => Some("goes on"),
        (_, true) => None,
    };
    lines.extend(goes.map(|goes| format!("`seaworthy promote` {goes}")));
    if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join("\n")) }
}

/// Whether a promotion that would begin is worth it.
pub(super) fn begins(prospect: &Prospect, state: &State, now: Timestamp) -> bool {
    decide(&prospect.course, &prospect.proved.proofs, state, now).is_worth_beginning(state, now)
}

/// The worst of the board.
pub(super) fn exit(rows: &[board::Row]) -> Exit {
    match rows.iter().map(|row| row.state).max() {
        Some(GateState::Closed) => Exit::Closed,
        Some(GateState::Undecided) | None => Exit::Undecided,
        Some(GateState::Open) => Exit::Open,
    }
}
