//! The whole flow on one page: sources -> fleet -> facts -> plan -> events -> record -> decision.

use std::{collections::HashMap, num::NonZeroUsize, sync::Arc, thread::available_parallelism};

use edge::{
    journal::JournalWriter,
    ledger::{Freshness, Ledger},
    policy::PolicyWorker,
    probe::{remote::Remote, worker::ProbeWorker},
    state::State,
    vm::{mesh::Mesh, worker::GuestWorker},
};
use model::{
    decision::Decision, digest::Digest, evidence::Evidence, facts::Facts, matrix::Matrix, plan::Plan,
    record::Record, resolved::ResolvedFleet, verdict::Fault,
};
use plan::{Draft, Inputs};
use run::{Dispatcher, Limits, Ports};
use tokio::sync::mpsc;

use crate::{
    desk::Desk,
    evaluation::{self, Evaluated},
    imported::{self, Imported},
    network,
    progress::Progress,
    settings,
    sources::{self, Sources},
    stop::Stop,
    trouble,
    wish::Wish,
    worker::{Flake, Workers},
};

/// A fleet with everything that is known of it before any check is asked.
#[derive(Debug)]
pub struct Known {
    /// The user's files.
    pub sources: Sources,
    /// What evaluation told.
    pub evaluated: Evaluated,
    /// The fleet, its tags, roles and settings resolved.
    pub fleet: ResolvedFleet,
    /// What policies are asked about.
    pub facts: Arc<Facts>,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Done {
    /// What was asked.
    pub plan: Plan,
    /// What was answered.
    pub record: Record,
    /// What the gates say.
    pub decision: Decision,
    /// Why nothing that needs evaluation was asked.
    pub fault: Option<Fault>,
}

/// Sources -> fleet -> facts.
///
/// # Errors
/// The user's input is wrong, or nothing can be learnt from nix.
pub async fn know(desk: &Desk, recall: bool, interrupts: &mut mpsc::Receiver<()>) -> Result<Known, Stop> {
    let mut sources = sources::read(desk).await?;
    let evaluated = evaluation::survey(desk, &sources, recall, interrupts).await?;
    let (fleet, problems) = match sources.fleet.take() {
        Some(fleet) => load::flake_fleet::complete(fleet, &evaluated.survey),
        None => load::flake_fleet::from_survey(&evaluated.survey),
    };
    problems.iter().for_each(|problem| desk.screen.note(&problem.to_string()));
    let fleet = load::resolve::resolve(fleet);
    let facts = load::facts::assemble(&fleet, &evaluated.survey, &sources.tree, desk.today());
    Ok(Known { sources, evaluated, fleet, facts: Arc::new(facts) })
}

/// Sources -> fleet, for those who need no facts: nothing is evaluated but an inventory that stands in the flake. None where there is
/// no `fleet.toml`.
///
/// # Errors
/// As [`know`].
pub async fn fleet(desk: &Desk, interrupts: &mut mpsc::Receiver<()>) -> Result<Option<ResolvedFleet>, Stop> {
    match sources::fleet_toml(desk)?.0 {
        Some(fleet) if load::flake_fleet::is_whole(&fleet) => Ok(Some(load::resolve::resolve(fleet))),
        Some(_) => Ok(Some(know(desk, true, interrupts).await?.fleet)),
        None => Ok(None),
    }
}

/// Fleet, facts and selection -> plan, with the evidence that answers parts of it already.
///
/// # Errors
/// The selection names what does not exist, or nothing; a file of the state folder cannot be used.
pub fn plan(desk: &Desk, known: &Known, wish: &Wish) -> Result<Plan, Stop> {
    let survey = &known.evaluated.survey;
    let machines = known.fleet.machines.keys().chain(survey.machines.keys()).collect();
    let machines = known.evaluated.fault.is_none().then_some(&machines);
    sources::waivers(desk, &known.sources, &known.fleet.fleet, machines)?;
    sources::asks(desk, &known.sources, &known.fleet)?;
    sources::exceptions(desk, &known.sources, &known.fleet)?;
    let evaluated = known.evaluated.fault.is_none() && desk.project.flake.is_some();
    let outputs = evaluated.then_some(survey.outputs.as_slice());
    sources::trees(desk, &known.sources, &known.fleet.fleet, outputs)?;
    let plan = draft(desk, known, wish, &capabilities(survey))?
        .lint()
        .map_err(|problems| settings::plan_stop(&problems, wish.filter.as_deref().unwrap_or_default()))?;
    let evidence = if wish.fresh { HashMap::new() } else { evidence(desk, known, &plan) };
    Ok(plan::attach(plan, &evidence, wish.fresh))
}

fn draft(desk: &Desk, known: &Known, wish: &Wish, capabilities: &[String]) -> Result<Draft, Stop> {
    let matrix = matrix(known);
    let network = Some(network::network(desk, wish.probing.as_ref(), &matrix)?);
    let suites = known.sources.suites.iter().filter_map(|suite| network::part(suite, wish.probing.is_some()));
    Ok(plan::draft(&Inputs {
        fleet: &known.fleet,
        survey: &known.evaluated.survey,
        facts: &known.facts,
        suites: &suites.collect::<Vec<_>>(),
        selection: &wish.selection,
        capabilities,
        tool: env!("CARGO_PKG_VERSION"),
        tree: known.sources.digest,
        network,
        today: desk.today(),
    }))
}

/// Who must reach whom.
#[must_use]
pub fn matrix(known: &Known) -> Matrix {
    load::reach::derive(&known.fleet, &known.facts.document)
}

/// The passes of earlier runs, and those that others signed where there are none.
fn evidence(desk: &Desk, known: &Known, plan: &Plan) -> HashMap<Digest, Evidence> {
    let mut evidence = others(desk, known, plan).evidence;
    evidence.extend(own_evidence(desk, plan));
    evidence
}

/// What others proved of a plan's checks.
#[must_use]
pub fn others(desk: &Desk, known: &Known, plan: &Plan) -> Imported {
    let keys = |capabilities: &[String]| {
        let theirs = draft(desk, known, &Wish::default(), capabilities).ok();
        let checks = theirs.and_then(|draft| draft.lint().ok()).map(|plan| plan.checks).unwrap_or_default();
        checks.into_iter().filter_map(|check| Some((check.id, check.key?))).collect()
    };
    let policy = known.fleet.fleet.promotion.as_ref();
    let signers = policy.map(|policy| policy.signers.as_slice()).unwrap_or_default();
    imported::read(desk, signers, plan, &keys)
}

/// The passes of earlier runs. Where they cannot be read, everything is asked again.
#[must_use]
pub fn own_evidence(desk: &Desk, plan: &Plan) -> HashMap<Digest, Evidence> {
    let keys: Vec<_> = plan.checks.iter().filter_map(|check| check.key).collect();
    let always = Freshness { now: desk.now, max_age: None };
    let found = State::find(&desk.project.folder).map(|state| {
        let (mut ledger, notes) = Ledger::open(&state)?;
        let (evidence, more) = ledger.lookup(&keys, always)?;
        trouble::tell(desk, notes.iter().chain(&more));
        Ok(evidence)
    });
    found.transpose().unwrap_or_else(|error| trouble::without_evidence(desk, &error)).unwrap_or_default()
}

/// Plan -> events -> record -> decision.
///
/// # Errors
/// The events cannot be written down.
pub async fn run(
    desk: &Desk,
    known: Known,
    plan: Plan,
    wish: &Wish,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Done, Stop> {
    let remote =
        wish.probing.as_ref().map(|probing| settings::ssh(desk, probing)).transpose()?.map(Remote::once);
    let state = State::open(&desk.project.folder).map_err(trouble::state)?;
    known.evaluated.keep(&state);
    let journal = JournalWriter::create(&state, &plan, desk.now).map_err(trouble::state)?;
    let run = journal.run().clone();
    let slots = wish.jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let yard = settings::yard(desk);
    // One that is kept has its memory as long as the others run.
    let kept = wish.keep.as_ref().map_or(0, |_| known.fleet.fleet.boot.size.memory);
    let limits = Limits { memory: yard.memory().await.saturating_sub(kept), ..Limits::of_slots(slots) };
    let dispatcher = Dispatcher::new(&plan, run.clone(), journal.plan(), limits);
    let round = plan.round.clone();
    let mesh = match (remote, &known.evaluated.evaluators) {
        (Some(remote), _) => round.map(|round| ProbeWorker::new(round, remote).keeping(journal.artifacts())),
        (None, Some(nix)) => round.and_then(|round| {
            let guests = round.guests.clone()?;
            let mesh = Mesh::new(nix.clone(), yard.clone(), Arc::clone(&known.facts), &guests);
            Some(ProbeWorker::new(round, mesh).keeping(journal.artifacts()))
        }),
        (None, None) => None,
    };
    let flake = known.evaluated.evaluators.map(|nix| Flake {
        guests: GuestWorker::new(
            nix.clone(),
            yard,
            plan.policies.clone(),
            Arc::clone(&known.facts),
            journal.artifacts(),
            wish.keep.clone(),
        ),
        nix,
    });
    let worker =
        Workers { flake, policy: PolicyWorker::new(plan.policies.clone(), Arc::clone(&known.facts)), mesh };
    let mut sink = (journal, Progress::of(&plan, desk.screen));
    let ports = Ports { worker: Arc::new(worker), clock: &desk.clock, sink: &mut sink, interrupts };
    let record = run::execute(dispatcher, ports).await.map_err(trouble::sink)?;
    drop(sink);
    trouble::recorded(desk, &state, &run);
    let decision = judge::decide(&plan, &record, &known.fleet.fleet.waivers, desk.today());
    Ok(Done { plan, record, decision, fault: known.evaluated.fault })
}

fn capabilities(survey: &model::survey::Survey) -> Vec<String> {
    let nix = Some(&survey.nix).filter(|nix| !nix.is_empty()).map(|nix| format!("nix {nix}"));
    let system = Some(&survey.system).filter(|system| !system.is_empty()).cloned();
    nix.into_iter().chain(system).collect()
}
