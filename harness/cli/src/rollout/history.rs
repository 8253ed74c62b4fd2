//! `seaworthy history`: what happened in a promotion, and which there were.

use std::fmt::Write as _;

use edge::{promotions::PromotionJournal, state::State as Folder};
use model::rollout::PromotionId;
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
    let all = folder
        .map(|folder| folder.list_promotions())
        .transpose()
        .map_err(trouble::state)?
        .unwrap_or_default();
    let text = match format {
        PlanFormat::Human => all.iter().map(|promotion| format!("{promotion}\n")).collect(),
        PlanFormat::Json => desk.json(&all)?,
    };
    desk.out(&text)?;
    Ok(Exit::Open)
}
