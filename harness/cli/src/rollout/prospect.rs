//! Everything that is known before anything of a promotion is decided.
//!
//! Flows in: the desk, a crew. Flows out: a [`Prospect`]: policy, proofs, what runs where, and the last promotion.
//! Must not: change anything, here or on a machine.

use std::{collections::BTreeMap, sync::Arc};

use edge::{
    promotions::{FleetLock, PromotionJournal},
    state::State as Folder,
};
use judge::promote::{Changes, Host, Intent, Proved, State, intend};
use load::diagnostic::Severity;
use model::{
    course::Course,
    machine::MachineName,
    promotion::Signer,
    resolved::ResolvedFleet,
    rollout::{Closure, Entry, Happened, PromotionId, Standing},
};
use run::rollout::{Lookout, Unseen};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use super::{
    Crew, advice,
    crew::Derivations,
    proofs,
    reaches::{self, Reaches},
};
use crate::{
    complain,
    desk::Desk,
    pipeline::{self, Known},
    settings,
    stop::Stop,
    trouble,
    wish::Wish,
};

/// What is known.
#[derive(Debug)]
pub struct Prospect {
    /// The fleet.
    pub fleet: ResolvedFleet,
    /// What a promotion keeps to.
    pub course: Course,
    /// What is proven.
    pub proved: Proved,
    /// What each machine's closure is made by.
    pub derivations: Derivations,
    /// Whom each machine must reach.
    pub reaches: Reaches,
    /// What each machine's closure is now.
    pub closures: BTreeMap<MachineName, Closure>,
    /// What is there, of each machine of a wave.
    pub standings: BTreeMap<MachineName, Result<Standing, Unseen>>,
    /// The last promotion.
    pub last: Option<(PromotionId, State)>,
    /// Whether a process carries it out now.
    pub at_work: bool,
}

impl Prospect {
    /// Gathers it all: evaluates, looks evidence up, reads the last promotion, and asks machines, all of them at once.
    ///
    /// # Errors
    /// The fleet has no policy, or one that makes no sense; nothing can be learnt from nix; a journal was changed.
    pub async fn gather(
        desk: &Desk,
        crew: &dyn Crew,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> Result<Self, Stop> {
        let wish = Wish::default();
        let known = pipeline::know(desk, true, interrupts).await?;
        let course = course(desk, &known)?;
        let plan = pipeline::plan(desk, &known, &wish)?;
        let derivations = proofs::derivations(&known);
        let closures = proofs::closures(&known, &derivations).await?;
        let reaches = reaches::reaches(&known);
        let proved = proofs::proved(desk, &known, &plan, &closures);
        let lookout = crew.lookout(&known.fleet, &derivations)?;
        let machines = course.waves.iter().flat_map(|leg| leg.machines.iter().cloned());
        let standings = tokio::select! {
            biased;
            Some(()) = interrupts.recv() => return Err(settings::interrupted()),
            standings = ask(&lookout, machines) => standings,
        };
        let last = last(desk, known.fleet.approvers())?;
        let at_work = at_work(desk)?;
        let fleet = known.fleet;
        let mut known =
            Self { fleet, course, proved, derivations, reaches, closures, standings, last, at_work };
        known.course.absent = known.intent().never_seen();
        let silent = known.standings.iter().filter(|(_, seen)| seen.is_err());
        known.course.silent = silent.map(|(name, _)| name.clone()).collect();
        Ok(known)
    }

    /// What whoever promotes now means.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let in_waves = |name: &MachineName| self.course.waves.iter().any(|leg| leg.machines.contains(name));
        let wanted = self.closures.iter().filter(|(name, _)| in_waves(name));
        let wanted = wanted.map(|(name, closure)| (name.clone(), closure.clone())).collect();
        let seen = self
            .standings
            .iter()
            .filter_map(|(name, seen)| Some((name.clone(), seen.as_ref().ok()?.clone())));
        intend(self.last.as_ref().map(|(_, state)| state), &self.course, &wanted, &seen.collect())
    }

    /// What is to be told of machines that the promotion does not have.
    pub(super) fn absent(&self, intent: &Intent) -> Vec<String> {
        intent.left_out().iter().map(|(name, why)| advice::about(name, why)).collect()
    }

    /// The freeze that another promotion begins with: it is of the fleet, and whoever promotes anew does not lift it.
    pub(super) fn freeze(&self) -> Option<Happened> {
        self.last.as_ref().and_then(|(_, state)| state.freeze())
    }

    /// The promotion as it stands, or as it would begin now. What a process that is gone had begun is in doubt.
    #[must_use]
    pub fn state(&self, intent: &Intent, now: jiff::Timestamp) -> State {
        let mut state = self.journaled(intent, now);
        if !self.at_work && state.machines().values().any(Host::is_busy) {
            state.apply(&Entry { at: now, what: Happened::Resumed });
        }
        state
    }

    fn journaled(&self, intent: &Intent, now: jiff::Timestamp) -> State {
        match (intent, &self.last) {
            (Intent::End, Some((_, state))) => state.clone(),
            (Intent::GoOn(Changes { changes, .. }), Some((_, state))) => {
                let mut state = state.clone();
                state.apply(&Entry { at: now, what: Happened::Joined { changes: changes.clone() } });
                state
            }
            // What is through stays so, with the soaks that it had.
            (Intent::Nothing(_), Some((_, state))) if !state.machines().is_empty() => state.clone(),
            (Intent::Start(Changes { changes, .. }) | Intent::Nothing(Changes { changes, .. }), _) => {
                let started = Happened::Started { changes: changes.clone(), back: false };
                State::of(
                    &[started]
                        .into_iter()
                        .chain(self.freeze())
                        .map(|what| Entry { at: now, what })
                        .collect::<Vec<_>>(),
                )
            }
            (Intent::GoOn(_) | Intent::End, None) => State::default(),
        }
    }
}

/// The policy, if there is one that can come to its end.
fn course(desk: &Desk, known: &Known) -> Result<Course, Stop> {
    let course = load::course::course(&known.fleet).ok_or_else(|| {
        Stop::input("the fleet has no [promotion]: nothing says what may be deployed, and in which order")
            .help("the manual of seaworthy has an example; `seaworthy fleet lint` reads over what you write")
    })?;
    let text = known.sources.text.as_deref();
    let mut problems = load::lint::promotion::stuck(&known.fleet, text);
    problems.extend(load::lint::promotion::unasked(&known.fleet, &known.sources.suites, text));
    problems.retain(|problem| problem.severity == Severity::Error);
    if problems.is_empty() {
        return Ok(course);
    }
    desk.screen.note(complain::rendered(desk.screen, text.unwrap_or(""), &problems).trim_end());
    Err(Stop::input("the policy of fleet.toml never lets a machine through; its problems are shown above"))
}

/// The last promotion, if there was one.
///
/// # Errors
/// Its journal cannot be read, or was changed.
pub fn last(desk: &Desk, approvers: &[Signer]) -> Result<Option<(PromotionId, State)>, Stop> {
    let Some(folder) = Folder::find(&desk.project.folder) else { return Ok(None) };
    let Some(journal) = PromotionJournal::latest(&folder).map_err(trouble::promotion)? else {
        return Ok(None);
    };
    let mut journal = journal.held_against(approvers);
    let entries = journal.entries().map_err(trouble::promotion)?;
    Ok(Some((journal.promotion().clone(), State::of(&entries))))
}

/// Whether a process carries out the last promotion now.
fn at_work(desk: &Desk) -> Result<bool, Stop> {
    let folder = Folder::find(&desk.project.folder);
    folder.as_ref().map_or(Ok(false), FleetLock::is_held).map_err(trouble::locked)
}

/// How many machines are asked at once: each takes a process.
const AT_ONCE: usize = 64;

/// Asks all machines, many at once.
async fn ask(
    lookout: &Arc<dyn Lookout>,
    machines: impl Iterator<Item = MachineName>,
) -> BTreeMap<MachineName, Result<Standing, Unseen>> {
    at_once(machines.map(|machine| {
        let (lookout, asked) = (Arc::clone(lookout), machine.clone());
        (machine, async move { lookout.standing(asked).await })
    }))
    .await
}

/// What comes of a question to each machine, many at once.
pub(super) async fn at_once<T: Send + 'static>(
    questions: impl Iterator<Item = (MachineName, impl Future<Output = T> + Send + 'static)>,
) -> BTreeMap<MachineName, T> {
    let mut asked = JoinSet::new();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    for (machine, question) in questions {
        let turns = Arc::clone(&turns);
        asked.spawn(async move {
            // It is never closed.
            let _turn = turns.acquire().await;
            (machine, question.await)
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(told) = asked.join_next().await {
        // A task of ours does not panic, and nobody cancels it.
        let Ok((machine, answer)) = told else { continue };
        answers.insert(machine, answer);
    }
    answers
}
