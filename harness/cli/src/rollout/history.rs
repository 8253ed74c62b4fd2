//! `seaworthy history`: what happened in a promotion, and which there were.

use std::fmt::Write as _;

use edge::{promotions::PromotionJournal, state::State as Folder};
use judge::promote::{Phase, State};
use model::rollout::PromotionId;
use reports::count;
use serde_json::json;

use super::{people, told};
use crate::{args, args::PlanFormat, desk::Desk, exit::Exit, stop::Stop, trouble};

/// Shows it.
///
/// # Errors
/// There is no such promotion, or its journal was changed.
pub fn show(desk: &Desk, options: &args::History) -> Result<Exit, Stop> {
    if options.list {
        return list(desk, options.format);
    }
    let mut journal = match (&options.promotion, Folder::find(&desk.project.folder)) {
        (Some(name), Some(folder)) => {
            PromotionJournal::open(&folder, &PromotionId(name.clone())).map_err(trouble::promotion)?
        }
        _ => people::last(desk)?,
    };
    let entries = journal.entries().map_err(trouble::promotion)?;
    let text = match options.format {
        PlanFormat::Human => {
            let mut text = format!("promotion {}\n", journal.promotion());
            for entry in &entries {
                let _infallible = writeln!(text, "{}", told::entry(entry));
            }
            text
        }
        PlanFormat::Json => {
            desk.json(&json!({ "version": 1, "promotion": journal.promotion(), "entries": entries }))?
        }
    };
    desk.out(&text)?;
    Ok(Exit::Open)
}

fn list(desk: &Desk, format: PlanFormat) -> Result<Exit, Stop> {
    let folder = Folder::find(&desk.project.folder);
    let all =
        folder.as_ref().map(Folder::list_promotions).transpose().map_err(trouble::state)?.unwrap_or_default();
    let text = match (format, &folder) {
        (PlanFormat::Human, Some(folder)) => {
            all.iter().map(|promotion| in_a_line(folder, promotion)).collect()
        }
        (PlanFormat::Human, None) => String::new(),
        (PlanFormat::Json, _) => desk.json(&all)?,
    };
    desk.out(&text)?;
    Ok(Exit::Open)
}

/// A promotion, and what it came to. One that cannot be read hides no other.
fn in_a_line(folder: &Folder, promotion: &PromotionId) -> String {
    let entries = PromotionJournal::open(folder, promotion).and_then(|mut journal| journal.entries());
    let Ok(state) = entries.map(|entries| State::of(&entries)) else {
        return format!("{promotion}  its journal cannot be read\n");
    };
    let machines = state.machines();
    let settled = machines.values().filter(|host| matches!(host.phase, Phase::Settled { .. })).count();
    let failed: Vec<_> = machines.iter().filter(|(_, host)| host.failed.is_some()).collect();
    let failed = failed.iter().map(|(name, _)| format!(", {name} failed")).collect::<String>();
    format!("{promotion}  {settled} of {} on the new closure{failed}\n", count(machines.len(), "machine"))
}
