//! `seaworthy rollback`: one machine back to the exact closure that ran there before.
//!
//! Flows in: the way back. Flows out: the machine rolled back where that is under way, or else a promotion of its own, to what ran
//! there before. Must not: ask for evidence: what is gone back to has run there.

use std::collections::BTreeSet;

use edge::{
    promotions::{FleetLock, LockError, PromotionJournal},
    state::State as Folder,
};
use judge::promote::{Proofs, State};
use model::{
    course::{Course, Leg},
    machine::MachineName,
    resolved::ResolvedFleet,
    rollout::{Entry, Happened, PromotionId},
};
use run::Clock as _;
use tokio::sync::mpsc;

use super::{
    Crew,
    crew::Derivations,
    people,
    promote::{Work, agree, begun, go, meanwhile, opened, try_lock},
    reaches::Reaches,
    told::short,
    way_back::WayBack,
};
use crate::{args, desk::Desk, exit::Exit, pipeline, stop::Stop, trouble};

/// Takes a machine back. Who asks for it twice gets it once.
///
/// # Errors
/// Nothing was promoted to it, it has nothing to go back to, or somebody else promotes.
pub async fn roll_back(
    desk: &Desk,
    options: &args::Rollback,
    crew: &dyn Crew,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let machine = MachineName(options.machine.clone());
    people::last(desk)?;
    let folder = Folder::open(&desk.project.folder).map_err(trouble::state)?;
    let way = WayBack::find(&folder, &machine)?;
    if let WayBack::There(at) = &way {
        desk.screen.note(&format!("{machine} runs {}, as before: nothing is to be done", short(&at.0)));
        return Ok(Exit::Open);
    }
    desk.screen.note(&format!("{machine} goes back to {}", short(&way.to().0)));
    if !options.yes {
        agree(desk)?;
    }
    let Some(fleet) = pipeline::fleet(desk, interrupts).await? else {
        return Err(Stop::input("there is no fleet.toml: nobody knows where machines are reached"));
    };
    let taking = Taking { desk, folder: &folder, fleet: &fleet, machine: &machine };
    let _lock = match try_lock(desk, &folder, options.break_lock)? {
        Err(error @ LockError::Held(_)) if taking.is_in_the_last_one(&way)? => return taking.ask(&error),
        lock => lock.map_err(trouble::locked)?,
    };
    if WayBack::find(&folder, &machine)? != way {
        return Err(meanwhile());
    }
    let journal = taking.journal(way, crew, interrupts).await?;
    let leg = Leg { name: "back".to_owned(), machines: [machine.clone()].into(), ..Leg::default() };
    let course = Course { waves: vec![leg], back: true, ..Course::default() };
    let exit = taking.carry(crew, &course, journal, interrupts).await?;
    desk.screen.note(&format!(
        "`seaworthy promote` brings {machine} what the fleet wants of it: change that first, if it was the fault"
    ));
    let is_back = matches!(WayBack::find(&folder, &machine)?, WayBack::There(_));
    Ok(if is_back { Exit::Open } else { exit })
}

/// A machine that is taken back, with what that takes.
struct Taking<'a> {
    desk: &'a Desk,
    folder: &'a Folder,
    fleet: &'a ResolvedFleet,
    machine: &'a MachineName,
}

impl Taking<'_> {
    /// Whether what it goes back from is what the last promotion brought.
    fn is_in_the_last_one(&self, way: &WayBack) -> Result<bool, Stop> {
        let state = State::of(&people::last(self.desk)?.entries().map_err(trouble::promotion)?);
        let host = state.machines().get(self.machine);
        Ok(!state.is_way_back() && host.is_some_and(|host| host.change.old == *way.to()))
    }

    /// Asks the process that promotes now: it goes on for as long as soaks and people take.
    fn ask(&self, held: &LockError) -> Result<Exit, Stop> {
        let mut journal = people::last(self.desk)?;
        self.note_ailing(&mut journal)?;
        // One that has just ended hears of nothing.
        if !FleetLock::is_held(self.folder).map_err(trouble::locked)? {
            return Err(meanwhile());
        }
        let (promotion, machine) = (journal.promotion(), self.machine);
        self.desk.screen.note(&format!(
            "{held}, and takes {machine} back in promotion {promotion}: `seaworthy history` tells when it has"
        ));
        Ok(Exit::Undecided)
    }

    /// The journal that takes it back.
    async fn journal(
        &self,
        way: WayBack,
        crew: &dyn Crew,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> Result<PromotionJournal, Stop> {
        match way {
            WayBack::Begin(change, half_way) => {
                if let Some(promotion) = half_way {
                    self.end(&promotion, crew, interrupts).await?;
                }
                let changes = [(self.machine.clone(), change)].into();
                let what = Happened::Started { changes, back: true };
                begun(self.folder, Entry { at: self.desk.clock.now().wall, what })
            }
            WayBack::Within(promotion, _) => {
                self.note_ailing(&mut opened(self.folder, &promotion)?)?;
                opened(self.folder, &promotion)
            }
            WayBack::GoOn(promotion, _) => opened(self.folder, &promotion),
            WayBack::There(_) => Err(Stop::broken("it is back already")),
        }
    }

    fn note_ailing(&self, journal: &mut PromotionJournal) -> Result<(), Stop> {
        let why = format!("{} took it back", self.desk.user()?);
        let what = Happened::Ailing { machine: self.machine.clone(), why };
        journal.note(self.desk.clock.now().wall, what).map_err(trouble::promotion)
    }

    /// Ends what a promotion has half-way, and lets nothing more of it set out.
    async fn end(
        &self,
        promotion: &PromotionId,
        crew: &dyn Crew,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> Result<(), Stop> {
        let course = Course { only: Some(BTreeSet::new()), back: true, ..Course::default() };
        self.carry(crew, &course, opened(self.folder, promotion)?, interrupts).await?;
        let entries = opened(self.folder, promotion)?.entries().map_err(trouble::promotion)?;
        if State::of(&entries).ends() {
            return Ok(());
        }
        Err(Stop::undecided(format!(
            "promotion {promotion} has machines half-way, and they could not be ended"
        ))
        .help("see above which they are: once they are reached, the same command goes on"))
    }

    async fn carry(
        &self,
        crew: &dyn Crew,
        course: &Course,
        journal: PromotionJournal,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> Result<Exit, Stop> {
        // Nobody is asked to prove anything, or knows whom the machine must reach.
        let (derivations, reaches, proofs) = (Derivations::new(), Reaches::new(), Proofs::new());
        let work = Work {
            fleet: self.fleet,
            derivations: &derivations,
            reaches: &reaches,
            course,
            proofs: &proofs,
            absent: &[],
            patient: false,
        };
        go(self.desk, crew, work, journal, interrupts).await
    }
}
