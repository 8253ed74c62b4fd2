//! `seaworthy rollback`: one machine back to the exact closure that ran there before.
//!
//! Flows in: the last promotion that changed it. Flows out: the machine rolled back where that is under way, or else a promotion of its
//! own, to what ran there before. Must not: evaluate, or ask for evidence: what is gone back to has run there.

use edge::{promotions::PromotionJournal, state::State as Folder};
use judge::promote::{Host, Phase, Proofs, State};
use model::{
    course::{Course, Leg},
    machine::MachineName,
    rollout::{Change, Entry, Happened},
};
use tokio::sync::mpsc;

use super::{
    Crew,
    crew::Derivations,
    people,
    promote::{Work, agree, begun, go, lock},
    reaches::Reaches,
    told::short,
};
use crate::{args, desk::Desk, exit::Exit, sources, stop::Stop, trouble};

/// Takes a machine back.
///
/// # Errors
/// Nothing was promoted to it, it has nothing to go back to, or somebody else promotes.
pub async fn roll_back(
    desk: &Desk,
    options: &args::Rollback,
    crew: &dyn Crew,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let (Some(fleet), _) = sources::fleet_toml(desk)? else {
        return Err(Stop::input("there is no fleet.toml: nobody knows where machines are reached"));
    };
    let fleet = load::resolve::resolve(fleet);
    let machine = MachineName(options.machine.clone());
    let folder = Folder::open(&desk.project.folder).map_err(trouble::state)?;
    let mut journal = people::last(desk)?;
    let last = journal.promotion().clone();
    let mut state = State::of(&journal.entries().map_err(trouble::promotion)?);
    let freeze = state.freeze();
    let host = loop {
        if let Some(host) = state.machines().get(&machine).filter(|host| host.change.old != host.change.new) {
            break host.clone();
        }
        // What another promotion changed was not changed back by one that has nothing to do with the machine.
        journal = PromotionJournal::before(&folder, journal.promotion())
            .map_err(trouble::promotion)?
            .ok_or_else(|| never(&machine))?;
        state = State::of(&journal.entries().map_err(trouble::promotion)?);
    };
    let back = way_back(&host, &machine)?;
    if back.is_none() && *journal.promotion() != last {
        return Err(never(&machine));
    }
    desk.screen.note(&format!("{machine} goes back to {}", short(&host.change.old.0)));
    if !options.yes {
        agree(desk)?;
    }
    let _lock = lock(desk, &folder, options.break_lock)?;
    if let Some(change) = back {
        let first = Happened::Started { changes: [(machine.clone(), change)].into() };
        journal = begun(&folder, Entry { at: desk.now, what: first }, freeze)?;
    } else {
        let why = format!("{} took it back", desk.user()?);
        journal
            .note(desk.now, Happened::Ailing { machine: machine.clone(), why })
            .map_err(trouble::promotion)?;
        journal =
            PromotionJournal::open(&folder, &journal.promotion().clone()).map_err(trouble::promotion)?;
    }
    let leg = Leg { name: "back".to_owned(), machines: [machine.clone()].into(), ..Leg::default() };
    let course = Course { waves: vec![leg], back: true, ..Course::default() };
    let proofs = Proofs::new();
    // Nothing is evaluated, so that nobody knows whom it must reach.
    let (derivations, reaches) = (Derivations::new(), Reaches::new());
    let work = Work {
        fleet: &fleet,
        derivations: &derivations,
        reaches: &reaches,
        course: &course,
        proofs: &proofs,
        absent: &[],
        patient: false,
    };
    let exit = go(desk, crew, work, journal, interrupts).await?;
    desk.screen.note(&format!(
        "`seaworthy promote` brings {machine} what the fleet wants of it: change that first, if it was the fault"
    ));
    Ok(exit)
}

fn never(machine: &MachineName) -> Stop {
    Stop::input(format!("no promotion brought `{machine}` a closure that could be taken back"))
        .help("`seaworthy history --list` shows them all, `seaworthy history PROMOTION` what one changed")
}

/// The change that takes it back; none where the promotion can still do so itself.
fn way_back(host: &Host, machine: &MachineName) -> Result<Option<Change>, Stop> {
    let Change { old, new } = &host.change;
    match host.phase {
        Phase::Settled { .. } => Ok(Some(Change { old: new.clone(), new: old.clone() })),
        _ if host.is_under_way() || host.doubt || host.begun.is_some() => Ok(None),
        _ => Err(Stop::input(format!("{machine} runs {}, as before the last promotion", short(&old.0)))),
    }
}
