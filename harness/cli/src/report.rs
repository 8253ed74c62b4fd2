//! `seaworthy report`: an earlier run, made again from its journal.

use edge::{
    journal::{self, End, Journal},
    state::State,
};
use model::{evidence::RunId, record::Record};
use reports::Report;

use crate::{args, desk::Desk, exit::Exit, print::print, sources, stop::Stop, trouble};

/// Reports on a run; the exit code is the one that the run had.
///
/// # Errors
/// There is no such run, or its journal is not what was written.
pub fn report(desk: &Desk, options: &args::Report) -> Result<Exit, Stop> {
    let state = State::find(&desk.project.folder).ok_or_else(no_runs)?;
    if options.list {
        return list(desk, &state);
    }
    let run = match &options.run {
        Some(run) => RunId(run.clone()),
        None => journal::latest(&state).map_err(trouble::state)?.ok_or_else(no_runs)?,
    };
    let Journal { plan, events, end, .. } = journal::read(&state, &run).map_err(trouble::journal)?;
    let record = Record::of(&events);
    if end == End::CutOff {
        desk.screen
            .note(&format!("note: the journal of run {run} ends early; this is what was written down"));
    }
    let waivers = sources::fleet_toml(desk)?.0.map(|fleet| fleet.waivers).unwrap_or_default();
    let decision = judge::decide(&plan, &record, &waivers, desk.today());
    let report = Report { plan: &plan, record: &record, decision: &decision };
    desk.out(&print(&report, options.format, desk.screen))?;
    Ok(decision.outcome.into())
}

fn list(desk: &Desk, state: &State) -> Result<Exit, Stop> {
    let runs = journal::list(state).map_err(trouble::state)?;
    let lines: String = runs.iter().map(|run| format!("{run}\n")).collect();
    desk.out(&lines)?;
    Ok(Exit::Open)
}

fn no_runs() -> Stop {
    Stop::input("there is no run to report on in this project").help("`seaworthy verify` makes one")
}
