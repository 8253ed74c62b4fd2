//! `seaworthy mesh watch`: whom the machines reach, again and again, over lines that stay up.
//!
//! Flows in: a plan that asks machines. Flows out: on a terminal one picture that is drawn anew, elsewhere a line for each
//! change. Must not: record anything; ask a machine while it still answers the question before.

use std::{sync::Arc, time::Duration};

use edge::probe::{remote::Remote, worker::ProbeWorker};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::{
    decision::Decision, digest::Digest, event::Event, evidence::RunId, plan::Plan, record::Record,
    waiver::Waiver,
};
use reports::Report;
use run::{Dispatcher, Limits, Ports, Sink, Worker};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    args::WatchArguments, desk::Desk, exit::Exit, mesh, pipeline, settings, stop::Stop, trouble, verify::look,
};

/// What was seen last.
struct State {
    record: Record,
    decision: Decision,
}

/// Watches until it is told to end. The exit code is that of what was seen last.
///
/// # Errors
/// The input is wrong, or there is nobody to ask.
pub async fn watch(
    desk: &Desk,
    options: &WatchArguments,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let wish = mesh::wish(desk, &options.who)?;
    let known = pipeline::know(desk, true, interrupts).await?;
    let plan = pipeline::plan(desk, &known, &wish)?;
    let round = plan.round.clone().ok_or_else(|| Stop::input("the fleet has no overlay network to watch"))?;
    let probing = wish.probing.unwrap_or_default();
    let worker: Arc<dyn Worker> =
        Arc::new(ProbeWorker::new(round, Remote::kept(settings::ssh(desk, &probing)?)));
    let mut last = None;
    loop {
        let began = Instant::now();
        let seen = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => break,
            seen = once(desk, &plan, &known.fleet.fleet.waivers, Arc::clone(&worker)) => seen?,
        };
        show(desk, &plan, last.as_ref(), &seen, options.every)?;
        last = Some(seen);
        tokio::select! {
            biased;
            Some(()) = interrupts.recv() => break,
            () = sleep_until(began + options.every) => {}
        }
    }
    Ok(last.map_or(Exit::Undecided, |state| state.decision.outcome.into()))
}

/// One round, through the same engine as any run.
async fn once(desk: &Desk, plan: &Plan, waivers: &[Waiver], worker: Arc<dyn Worker>) -> Result<State, Stop> {
    let limits = Limits::of_slots(std::num::NonZeroUsize::MIN);
    let dispatcher = Dispatcher::new(plan, RunId("watch".to_owned()), Digest::of(""), limits);
    // Who interrupts a watch ends it, and what is asked just then.
    let (_never, mut interrupts) = mpsc::channel(1);
    let mut nowhere = Nowhere;
    let ports = Ports { worker, clock: &desk.clock, sink: &mut nowhere, interrupts: &mut interrupts };
    let record = run::execute(dispatcher, ports).await.map_err(trouble::sink)?;
    let decision = judge::decide(plan, &record, waivers, desk.today());
    Ok(State { record, decision })
}

/// What is seen only for a moment is not written down.
struct Nowhere;

impl Sink for Nowhere {
    fn emit(&mut self, _event: &Event) -> std::io::Result<()> {
        Ok(())
    }
}

/// From the upper left corner on, whatever was there before.
const ANEW: &str = "\x1b[H\x1b[2J";

fn show(desk: &Desk, plan: &Plan, last: Option<&State>, seen: &State, every: Duration) -> Result<(), Stop> {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%H:%M:%S UTC");
    let report = Report { plan, record: &seen.record, decision: &seen.decision };
    if desk.screen.redraws {
        let picture = reports::mesh::render(&report, look(desk.screen));
        let every = SignedDuration::try_from(every).unwrap_or_default();
        return desk.out(&format!("{ANEW}{picture}\nseen at {now}, every {every:#}; Ctrl-C ends\n"));
    }
    let changes = reports::mesh::changes(plan, last.map(|state| &state.record), &seen.record);
    let lines: String = changes.iter().map(|change| format!("{now}  {change}\n")).collect();
    desk.out(&lines)
}
