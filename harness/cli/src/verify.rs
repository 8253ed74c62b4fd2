//! `seaworthy verify`: runs the checks and says which gates are open.

use std::{
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use edge::{export, vm::afloat::Berth};
use reports::Report;
use tokio::sync::mpsc;

use crate::{
    args,
    desk::Desk,
    exit::Exit,
    pipeline::{self, Done},
    print::print,
    settings,
    stop::Stop,
    terminal, trouble,
    wish::Wish,
};

/// Verifies the fleet.
///
/// # Errors
/// The input is wrong, or the harness broke.
pub async fn verify(
    desk: &Desk,
    options: &args::Verify,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    if options.keep {
        terminal::is_there("keep")?;
    }
    let wish = Wish {
        selection: settings::selection(&options.selection)?,
        filter: options.selection.filter.clone(),
        fresh: options.fresh,
        jobs: options.jobs.and_then(|jobs| NonZeroUsize::new(jobs.into())),
        keep: options.keep.then(Berth::default),
        probing: None,
    };
    let desk = &Desk { outputs: outputs(options)?, ..desk.clone() };
    let known = pipeline::know(desk, !wish.fresh, interrupts).await?;
    let plan = pipeline::plan(desk, &known, &wish)?;
    let done = pipeline::run(desk, known, plan, &wish, interrupts).await?;
    let report = Report { plan: &done.plan, record: &done.record, decision: &done.decision };
    write_files(&report, options)?;
    desk.out(&print(&report, options.format, desk.screen))?;
    if let Some(guest) = wish.keep.and_then(|berth| berth.take()) {
        desk.screen
            .note(&format!("{} is as it was when it failed; `exit` or Ctrl-A X ends it", guest.machine));
        terminal::open(desk, guest, interrupts).await?;
    }
    Ok(exit(desk, &done))
}

/// How a run ends the process. Where nothing was evaluated, that is said.
#[must_use]
pub fn exit(desk: &Desk, done: &Done) -> Exit {
    let Some(fault) = &done.fault else { return done.decision.outcome.into() };
    let remedy = fault.remedy.as_ref().map_or_else(String::new, |remedy| format!(" ({remedy})"));
    desk.screen.note(&format!("nothing that needs evaluation was asked: {}{remedy}", fault.what));
    match done.decision.outcome.into() {
        Exit::Closed => Exit::Closed,
        _ => Exit::Broken,
    }
}

/// The files that are asked for, each of which can be written: better found now than after an hour's run.
fn outputs(options: &args::Verify) -> Result<Vec<PathBuf>, Stop> {
    let files = [
        (&options.junit, "junit", export::can_replace as fn(&Path) -> io::Result<()>),
        (&options.markdown, "markdown", export::can_append),
    ];
    let mut outputs = Vec::new();
    for (path, form, can_write) in files {
        let Some(path) = path else { continue };
        if path.as_os_str() == "-" {
            return Err(Stop::input(format!("`--{form} -` names no file")).help(format!(
                "`--format {form}` prints the report on stdout; a file of that name is `./-`"
            )));
        }
        can_write(path).map_err(|error| trouble::export(path, error).help("nothing was run yet"))?;
        outputs.push(path.clone());
    }
    Ok(outputs)
}

fn write_files(report: &Report<'_>, options: &args::Verify) -> Result<(), Stop> {
    if let Some(path) = &options.junit {
        let mut bytes = Vec::new();
        let written = reports::junit::write(report, &mut bytes).and_then(|()| export::replace(path, &bytes));
        written.map_err(|error| trouble::export(path, error))?;
    }
    if let Some(path) = &options.markdown {
        let text = reports::markdown::render(report, reports::markdown::LIMIT);
        append(path, &text)?;
    }
    Ok(())
}

fn append(path: &Path, text: &str) -> Result<(), Stop> {
    export::append(path, text.as_bytes()).map_err(|error| trouble::export(path, error))
}
