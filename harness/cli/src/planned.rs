//! `seaworthy plan`: what verify would run, and why.

use tokio::sync::mpsc;

use crate::{
    args::{PlanArguments, PlanFormat},
    desk::Desk,
    exit::Exit,
    pipeline,
    print::look,
    settings,
    stop::Stop,
    wish::Wish,
};

/// Shows the plan. Nothing is run, and nothing is written.
///
/// # Errors
/// The input is wrong, or nothing can be learnt from nix.
pub async fn show(
    desk: &Desk,
    options: &PlanArguments,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let wish = Wish {
        selection: settings::selection(&options.selection)?,
        filter: options.selection.filter.clone(),
        fresh: options.fresh,
        jobs: None,
        keep: None,
        probing: None,
    };
    let known = pipeline::know(desk, !wish.fresh, interrupts).await?;
    let plan = pipeline::plan(desk, &known, &wish)?;
    let text = match options.format {
        PlanFormat::Human => reports::plan::render(&plan, look(desk.screen), options.verbose),
        PlanFormat::Json => desk.json(&plan)?,
    };
    desk.out(&text)?;
    Ok(Exit::Open)
}
