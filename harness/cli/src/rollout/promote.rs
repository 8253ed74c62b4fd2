//! `seaworthy promote`: from the board to machines that run what is proven.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, IsTerminal as _},
};

use edge::{
    promotions::{FleetLock, Holder, LockError, PromotionJournal},
    state::State as Folder,
};
use jiff::Timestamp;
use judge::promote::{Changes, Intent, Outlook, Phase, Proofs, State, Why, decide};
use model::{
    course::Course,
    decision::GateState,
    machine::MachineName,
    resolved::ResolvedFleet,
    rollout::{Entry, Happened, PromotionId},
};
use run::{
    BoxFuture, Clock as _,
    rollout::{Errand, Log, Ports, Rest, Rested, promote as carry},
};
use tokio::sync::mpsc;

use super::{
    Crew, advice, board,
    crew::Derivations,
    preview,
    prospect::{Prospect, last},
    reaches::Reaches,
    status, told,
};
use crate::{args, desk::Desk, exit::Exit, stop::Stop, trouble};

/// Promotes as far as it goes now.
///
/// # Errors
/// The input is wrong, somebody else promotes, or the journal cannot be used.
pub async fn promote(
    desk: &Desk,
    options: &args::Promote,
    crew: &dyn Crew,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let mut prospect = Prospect::gather(desk, crew, interrupts).await?;
    let intent = prospect.intent();
    let state = prospect.state(&intent, desk.now);
    prospect.course.only = only(options, &prospect.course, &state)?;
    let rows = board::rows(&prospect, &state, desk.now);
    desk.out(&format!("{}\n{}", status::head(&prospect, &intent), board::human(&rows, desk.now)))?;
    // Whoever goes on without being asked has seen it when it began.
    if options.dry_run || !options.yes || matches!(intent, Intent::Start(_)) {
        let shown = preview::preview(desk, &prospect, &state, &rows, crew, interrupts).await?;
        if !shown.is_empty() {
            desk.out(&format!("\n{shown}"))?;
        }
    }
    let nobody = matches!(intent, Intent::Start(_)) && !status::begins(&prospect, &state, desk.now);
    if options.dry_run || nobody || matches!(intent, Intent::Nothing(_)) {
        desk.out(&status::about(&prospect, &intent, &state, desk))?;
        if nobody && !options.dry_run {
            desk.screen.note("no machine may set out now, so nothing was begun");
        }
        return Ok(status::exit(&rows));
    }
    if !options.yes {
        agree(desk)?;
    }
    let folder = Folder::open(&desk.project.folder).map_err(trouble::state)?;
    let _lock = lock(desk, &folder, options.break_lock)?;
    // Whoever sat at the question may have done so for hours.
    if last(desk, prospect.fleet.approvers())? != prospect.last {
        return Err(meanwhile());
    }
    let absent = prospect.absent(&intent);
    let (journal, nothing_sets_out) = journal(desk, &folder, &prospect, intent)?;
    if nothing_sets_out {
        prospect.course.only = Some(BTreeSet::new());
    }
    let Prospect { fleet, derivations, reaches, course, proved, .. } = &prospect;
    let proofs = &proved.proofs;
    let work = Work { fleet, derivations, reaches, course, proofs, absent: &absent, patient: options.wait };
    let exit = go(desk, crew, work, journal, interrupts).await?;
    if nothing_sets_out && last(desk, fleet.approvers())?.is_some_and(|(_, state)| state.ends(course)) {
        desk.screen.note("what the last promotion began is ended; `seaworthy promote` begins the next");
    }
    Ok(exit)
}

/// The machines that may set out.
fn only(
    options: &args::Promote,
    course: &Course,
    state: &State,
) -> Result<Option<BTreeSet<MachineName>>, Stop> {
    if let Some(name) = &options.machine {
        let machine = MachineName(name.clone());
        if !course.waves.iter().any(|leg| leg.machines.contains(&machine)) {
            let all: Vec<_> =
                course.waves.iter().flat_map(|leg| &leg.machines).map(|name| name.as_str()).collect();
            let near = plan::nearest(name, all.iter().copied());
            let help = near.map_or_else(
                || format!("the waves take {}", all.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(Stop::input(format!("no wave takes a machine `{name}` along")).help(help));
        }
        return Ok(Some([machine].into()));
    }
    let settled = |name: &MachineName| {
        state.machines().get(name).is_some_and(|host| matches!(host.phase, Phase::Settled { .. }))
    };
    let next = course.waves.iter().find(|leg| !leg.machines.iter().all(settled));
    Ok(next.filter(|_| options.next).map(|leg| leg.machines.clone()))
}

/// Asks whoever sits at the terminal.
///
/// # Errors
/// Nobody does, or they do not want to.
pub(super) fn agree(desk: &Desk) -> Result<(), Stop> {
    if !io::stdin().is_terminal() {
        return Err(Stop::input("nobody can be asked whether to begin").help("`--yes` begins without asking"));
    }
    desk.screen.note("Begin? [y/N]");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match (read, answer.trim()) {
        (Ok(1..), "y" | "Y" | "yes") => Ok(()),
        _ => Err(Stop::undecided("nothing was done")),
    }
}

/// Takes the fleet's lock.
///
/// # Errors
/// Somebody has it.
fn lock(desk: &Desk, folder: &Folder, broken: bool) -> Result<FleetLock, Stop> {
    try_lock(desk, folder, broken)?.map_err(trouble::locked)
}

/// The same; who has it is told apart.
///
/// # Errors
/// The environment does not say who takes it.
pub(super) fn try_lock(
    desk: &Desk,
    folder: &Folder,
    broken: bool,
) -> Result<Result<FleetLock, LockError>, Stop> {
    let holder = Holder::here(desk.user()?, desk.clock.now().wall);
    Ok(FleetLock::take(folder, &holder, broken))
}

/// What was decided and shown is no more what is there.
pub(super) fn meanwhile() -> Stop {
    Stop::undecided("somebody wrote into the promotion, or began another, meanwhile: nothing was done")
        .help("say it again: it looks anew; `seaworthy history` tells what was written")
}

/// The journal to go on with, and whether nothing may set out because something else has to be ended first.
fn journal(
    desk: &Desk,
    folder: &Folder,
    prospect: &Prospect,
    intent: Intent,
) -> Result<(PromotionJournal, bool), Stop> {
    match (intent, &prospect.last) {
        (Intent::End, Some((last, _))) => Ok((opened(folder, last)?, true)),
        (Intent::GoOn(Changes { changes, .. }), Some((last, _))) => {
            let mut journal = opened(folder, last)?;
            if !changes.is_empty() {
                let joined = Entry { at: desk.clock.now().wall, what: Happened::Joined { changes } };
                desk.screen.note(&told::entry(&joined));
                journal.note(joined.at, joined.what).map_err(trouble::promotion)?;
                journal = opened(folder, last)?;
            }
            Ok((journal, false))
        }
        (Intent::Start(changes) | Intent::Nothing(changes), _) => {
            let what = Happened::Started { changes: changes.changes, back: false };
            Ok((begun(folder, Entry { at: desk.clock.now().wall, what })?, false))
        }
        (Intent::GoOn(_) | Intent::End, None) => Err(Stop::broken("there is no promotion to go on with")),
    }
}

/// Begins a promotion. A freeze is of the fleet: another promotion does not lift it.
pub(super) fn begun(folder: &Folder, first: Entry) -> Result<PromotionJournal, Stop> {
    let at = first.at;
    let before = PromotionJournal::latest(folder).map_err(trouble::promotion)?;
    let before = before.map(|journal| journal.promotion().clone());
    let freeze = || -> Result<Option<Happened>, Stop> {
        let entries =
            before.as_ref().map(|before| opened(folder, before)?.entries().map_err(trouble::promotion));
        Ok(State::of(&entries.transpose()?.unwrap_or_default()).freeze())
    };
    let known = freeze()?;
    let also = known.clone().map(|what| Entry { at, what });
    let mut journal = PromotionJournal::create(folder, &first, also).map_err(trouble::state)?;
    // Whoever stopped everything just now found the other one to be the last; from now on they find this one.
    match freeze()? {
        Some(freeze) if known.is_none() => journal.note(at, freeze).map_err(trouble::promotion)?,
        _ => return Ok(journal),
    }
    opened(folder, journal.promotion())
}

pub(super) fn opened(folder: &Folder, promotion: &PromotionId) -> Result<PromotionJournal, Stop> {
    PromotionJournal::open(folder, promotion).map_err(trouble::promotion)
}

/// What is carried out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) fleet: &'a ResolvedFleet,
    pub(super) derivations: &'a Derivations,
    pub(super) reaches: &'a Reaches,
    pub(super) course: &'a Course,
    pub(super) proofs: &'a Proofs,
    /// What is to be told of machines that the promotion does not have, and should.
    pub(super) absent: &'a [String],
    /// Whether soaks, hours and people are waited for.
    pub(super) patient: bool,
}

/// Carries a promotion as far as it goes, and says what it waits for.
///
/// # Errors
/// Nobody can be sent, or the journal cannot be used.
pub(super) async fn go(
    desk: &Desk,
    crew: &dyn Crew,
    work: Work<'_>,
    journal: PromotionJournal,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let Work { fleet, derivations, reaches, course, proofs, absent, patient } = work;
    let deployer = crew.deployer(fleet, derivations, reaches, journal.promotion())?;
    desk.screen.note(&format!("promotion {}", journal.promotion()));
    let journal = journal.held_against(fleet.approvers());
    let mut log = Aloud { journal, desk, work, waits: Vec::new() };
    let ports = Ports { deployer, clock: &desk.clock, log: &mut log, interrupts };
    let Rested { state, rest } =
        carry(Errand { course, proofs, patient }, ports).await.map_err(trouble::log)?;
    let now = desk.clock.now().wall;
    let mut after = format!("\n{}", board::after(course, proofs, &state, now));
    let mut lines = absent.to_vec();
    lines.extend(advice::advice(fleet, course, proofs, &state, now));
    lines.push(sum(rest, !absent.is_empty()).to_owned());
    after.push('\n');
    lines.iter().for_each(|line| after.extend([line.as_str(), "\n"]));
    desk.out(&after)?;
    Ok(exit(rest, &state, absent, is_wrong(course, proofs, &state, now)))
}

/// Whether somebody has to mend something, of those that were asked for, before more can be done.
fn is_wrong(course: &Course, proofs: &Proofs, state: &State, now: Timestamp) -> bool {
    let board = decide(course, proofs, state, now);
    board.machines.values().filter(|word| !word.reasons.contains(&Why::NotAsked)).any(|word| {
        advice::verdict(&word.reasons) == GateState::Closed || word.reasons.contains(&Why::Strayed)
    })
}

fn sum(rest: Rest, anybody_is_absent: bool) -> &'static str {
    match rest {
        Rest::Idle(Outlook::Through) if anybody_is_absent => {
            "every other machine that was asked for is through"
        }
        Rest::Idle(Outlook::Through) => "every machine that was asked for is through",
        Rest::Idle(Outlook::Waits { .. }) => {
            "`seaworthy promote` goes on then; with `--wait` it waits by itself"
        }
        Rest::Idle(Outlook::Held) => "nothing more can be done now",
        Rest::Interrupted => "interrupted; `seaworthy promote` goes on",
    }
}

fn exit(rest: Rest, state: &State, absent: &[String], is_wrong: bool) -> Exit {
    let went_back = state.machines().values().any(|host| host.failed.is_some());
    let unreached = !absent.is_empty() || state.machines().values().any(|host| host.away);
    match rest {
        _ if went_back => Exit::Closed,
        Rest::Idle(Outlook::Through) if !unreached => Exit::Open,
        Rest::Idle(Outlook::Held) if !unreached && is_wrong => Exit::Closed,
        Rest::Idle(_) | Rest::Interrupted => Exit::Undecided,
    }
}

/// The journal, read aloud as it is written.
struct Aloud<'d> {
    journal: PromotionJournal,
    desk: &'d Desk,
    work: Work<'d>,
    /// What was last said to be waited for.
    waits: Vec<String>,
}

impl Log for Aloud<'_> {
    fn news(&mut self) -> io::Result<Vec<Entry>> {
        self.journal.news()
    }

    fn append(&mut self, entries: &[Entry]) -> io::Result<bool> {
        let appended = self.journal.append(entries)?;
        if appended {
            entries.iter().for_each(|entry| self.desk.screen.note(&told::entry(entry)));
        }
        Ok(appended)
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.journal.changed()
    }

    fn waits(&mut self, state: &State, now: Timestamp) {
        let Work { fleet, course, proofs, .. } = self.work;
        let waits = advice::advice(fleet, course, proofs, state, now);
        for line in waits.iter().filter(|line| !self.waits.contains(line)) {
            self.desk.screen.note(&format!("{now:.0}  waits: {line}"));
        }
        self.waits = waits;
    }
}
