//! `seaworthy status`: the board.

use judge::promote::Intent;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Crew, board, prospect::Prospect};
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
        PlanFormat::Human => format!("{}\n{}", head(&prospect, &intent), board::human(&rows)),
        PlanFormat::Json => desk.json(&json!({
            "version": 1,
            "promotion": prospect.last.as_ref().map(|(id, _)| id),
            "goesOn": matches!(intent, Intent::GoOn | Intent::End),
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
        Intent::GoOn => format!("promotion {last} goes on"),
        Intent::End => format!("promotion {last} is to other closures, and has to be ended first"),
        Intent::Start(_) => "a promotion would begin".to_owned(),
        Intent::Nothing(_) => "nothing is to be promoted".to_owned(),
    }
}

/// The worst of the board.
pub(super) fn exit(rows: &[board::Row]) -> Exit {
    match rows.iter().map(|row| row.state).max() {
        Some(model::decision::GateState::Closed) => Exit::Closed,
        Some(model::decision::GateState::Undecided) | None => Exit::Undecided,
        Some(model::decision::GateState::Open) => Exit::Open,
    }
}
