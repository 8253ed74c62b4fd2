//! `seaworthy mesh watch`: whom the machines reach, again and again, over lines that stay up.
//!
//! Flows in: a plan that asks machines. Flows out: on a terminal one picture that is drawn anew, elsewhere a line for each
//! change. Must not: record anything; ask a machine while it still answers the question before.

use std::{pin::pin, sync::Arc, time::Duration};

use edge::probe::{remote::Remote, worker::ProbeWorker};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::{
    decision::Decision, digest::Digest, event::Event, evidence::RunId, plan::Plan, record::Record,
    waiver::Waiver,
};
use reports::Report;
use run::{Dispatcher, HostClock, Limits, Ports, Sink, Worker};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    args::WatchArguments, desk::Desk, exit::Exit, mesh, pipeline, progress::Spinner, reader, settings,
    stop::Stop, trouble, verify::look,
};

/// What was seen last.
struct State {
    record: Record,
    decision: Decision,
}

/// Watches until it is told to end, or nobody reads it any more. The exit code is that of what was seen last.
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
    // Somebody who is offline is waited for, and until then there is nothing to see.
    let mut first = Some(Spinner::start(desk.screen, "asking machines whom they reach"));
    let mut over = pin!(async {
        tokio::select! {
            Some(()) = interrupts.recv() => {}
            () = reader::gone() => {}
        }
    });
    loop {
        let began = Instant::now();
        let seen = tokio::select! {
            biased;
            () = &mut over => break,
            seen = once(desk, &plan, &known.fleet.fleet.waivers, Arc::clone(&worker)) => seen?,
        };
        drop(first.take());
        let is_read = show(desk, &plan, last.as_ref(), &seen, options.every)?;
        last = Some(seen);
        if !is_read {
            break;
        }
        tokio::select! {
            biased;
            () = &mut over => break,
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
    let clock = HostClock::start();
    let ports = Ports { worker, clock: &clock, sink: &mut nowhere, interrupts: &mut interrupts };
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

/// An empty screen, for the first picture.
const EMPTY: &str = "\x1b[2J";
/// The upper left corner: what is drawn from there on covers what was before, so that nothing flickers.
const CORNER: &str = "\x1b[H";
/// What is left of the line that was before.
const REST_OF_LINE: &str = "\x1b[K";
/// What is left of the picture that was before.
const REST: &str = "\x1b[J";

/// Whether somebody still reads it.
fn show(desk: &Desk, plan: &Plan, last: Option<&State>, seen: &State, every: Duration) -> Result<bool, Stop> {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%H:%M:%S UTC");
    let report = Report { plan, record: &seen.record, decision: &seen.decision };
    let text = if desk.screen.redraws {
        let screen = desk.screen.measured();
        let picture = reports::mesh::render(&report, look(screen));
        let every = SignedDuration::try_from(every).unwrap_or_default();
        let foot = format!("seen at {now}, every {every:#}; Ctrl-C ends");
        let empty = if last.is_none() { EMPTY } else { "" };
        format!("{empty}{}", drawn(&picture, &foot, screen.height.unwrap_or(usize::MAX)))
    } else {
        let changes = reports::mesh::changes(plan, last.map(|state| &state.record), &seen.record);
        changes.iter().map(|change| format!("{now}  {change}\n")).collect()
    };
    desk.tell(&text)
}

/// A picture over what was there before. Of one that is higher than the screen the end is left out, and that is said: what
/// differs stands first.
fn drawn(picture: &str, foot: &str, height: usize) -> String {
    let lines: Vec<&str> = picture.trim_end().lines().collect();
    // Beside it stand the foot and the line of the cursor, and an empty one or what is said of the rest.
    let room = height.saturating_sub(3);
    let more = lines.len().saturating_sub(room);
    let said =
        if more > 0 { format!("lines left out: {more}; a higher window shows them") } else { String::new() };
    let shown = lines.iter().copied().take(room).chain([said.as_str(), foot]);
    let lines: String = shown.map(|line| format!("{line}{REST_OF_LINE}\n")).collect();
    format!("{CORNER}{lines}{REST}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a screen shows of it.
    fn shown(picture: &str, height: usize) -> String {
        let drawn = drawn(picture, "foot", height);
        let text = drawn.strip_prefix(CORNER).and_then(|text| text.strip_suffix(REST));
        text.expect("from the corner to the end").replace(REST_OF_LINE, "|")
    }

    #[test]
    fn each_line_covers_the_one_before() {
        assert_eq!(shown("a\nb\n\n", 24), "a|\nb|\n|\nfoot|\n");
        assert_eq!(shown("a\nb\n", usize::MAX), "a|\nb|\n|\nfoot|\n");
    }

    #[test]
    fn of_a_picture_that_is_too_high_the_beginning_is_there_and_what_is_left_out_is_said() {
        assert_eq!(
            shown("a\nb\nc\nd\n", 6),
            "a|\nb|\nc|\nlines left out: 1; a higher window shows them|\nfoot|\n"
        );
        assert_eq!(shown("a\nb\nc\n", 6), "a|\nb|\nc|\n|\nfoot|\n");
        assert_eq!(shown("a\n", 1), "lines left out: 1; a higher window shows them|\nfoot|\n");
    }
}
