//! From a fleet and its suites to a draft: every check that the selection means.
//!
//! In: [`Inputs`]. Out: a [`Draft`], with the checks in the plan's order and the problems found on the way.
//! It must not refuse anything itself: that is for `lint`.

mod among_guests;
mod expression;
mod guest;
mod policy;
mod probe;

pub use probe::{Channel, Network};

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::{
    check::{Check, CheckId, Question},
    digest::Digest,
    facts::Facts,
    machine::MachineName,
    plan::{Header, Note, Plan},
    resolved::ResolvedFleet,
    round::Round,
    stage::Stage,
    subject::Subject,
    suite::{CheckDefinition, Kind, Suite},
    survey::Survey,
};

use crate::{
    filter::{Candidate, Filter},
    key::Keys,
    lint::{PlanProblem, duplicate_suites},
    names::{Names, rule},
    outputs::misspelt,
    select::Selection,
    sight::{Sight, View},
};

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The fleet.
    pub fleet: &'a ResolvedFleet,
    /// What evaluation told.
    pub survey: &'a Survey,
    /// What policies are asked about.
    pub facts: &'a Facts,
    /// The suites, in any order.
    pub suites: &'a [Suite],
    /// What the user selected.
    pub selection: &'a Selection,
    /// What the machine that runs the plan can do: `nix 2.34.8`, `x86_64-linux`...
    pub capabilities: &'a [String],
    /// `seaworthy`'s version.
    pub tool: &'a str,
    /// Over the source tree.
    pub tree: Digest,
    /// Who must reach whom, where that is to be seen.
    pub network: Option<Network<'a>>,
    /// The day in UTC by which waivers expire.
    pub today: Date,
}

/// A plan that nobody has looked over yet. Only [`Draft::lint`] makes a plan of it.
#[derive(Debug, Clone)]
pub struct Draft {
    pub(crate) plan: Plan,
    pub(crate) problems: Vec<PlanProblem>,
}

/// Drafts a plan. Linear in the number of checks, but for sorting them.
#[must_use]
pub fn draft(inputs: &Inputs<'_>) -> Draft {
    let names = Names::of(inputs.fleet, inputs.survey, inputs.suites);
    let mut problems = duplicate_suites(inputs.suites);
    problems.extend(inputs.selection.unknown(&names));
    let mut drafting = Drafting::new(inputs, &names, problems);
    inputs
        .suites
        .iter()
        .filter(|suite| inputs.selection.takes(suite))
        .for_each(|suite| drafting.suite(suite));
    drafting.finish()
}

/// The work in progress.
struct Drafting<'a> {
    inputs: &'a Inputs<'a>,
    names: &'a Names<'a>,
    keys: Keys,
    sight: Sight<'a>,
    header: Header,
    checks: Vec<Check>,
    policies: BTreeMap<String, (String, model::suite::Policy)>,
    round: Option<Round>,
    notes: Vec<Note>,
    problems: Vec<PlanProblem>,
    sought: crate::filter::Sought<'a>,
    /// The ids that the filter was asked about, kept only where a suggestion may be made from them.
    seen: Vec<String>,
}

/// What the checks of one definition have in common.
#[derive(Clone, Copy)]
struct Context<'a> {
    suite: &'a Suite,
    definition: &'a CheckDefinition,
    rule: &'a str,
}

impl<'a> Drafting<'a> {
    fn new(inputs: &'a Inputs<'a>, names: &'a Names<'a>, problems: Vec<PlanProblem>) -> Self {
        Self {
            inputs,
            names,
            keys: Keys::of(inputs),
            sight: Sight::of(inputs),
            header: header(inputs, names),
            checks: Vec::new(),
            policies: BTreeMap::new(),
            round: None,
            notes: Vec::new(),
            problems,
            sought: inputs.selection.filter.as_ref().map(Filter::sought).unwrap_or_default(),
            seen: Vec::new(),
        }
    }

    fn suite(&mut self, suite: &Suite) {
        let before = self.checks.len();
        for definition in &suite.checks {
            let context = Context { suite, definition, rule: &rule(&suite.name, &definition.name) };
            match &definition.kind {
                Kind::Expression => self.expressions(context),
                Kind::Policy(policy) => self.policy(context, policy),
                Kind::Guest(policy) => self.guests(context, policy),
                Kind::Probe(limits) => self.probes(context, *limits),
            }
        }
        if self.checks.len() == before
            && !self
                .notes
                .iter()
                .any(|note| matches!(note, Note::EmptySuite { suite: told, .. } if *told == suite.name))
            && let Some(reason) = self.inputs.selection.why_empty(suite, &self.header.machines)
        {
            self.notes.push(Note::EmptySuite { suite: suite.name.clone(), reason });
        }
    }

    /// Whether the selection means this check.
    fn keeps(&mut self, candidate: &Candidate<'_>) -> bool {
        if self.sought.waits() {
            self.sought.see(candidate);
            self.seen.push(candidate.id.to_owned());
        }
        self.inputs.selection.keeps(candidate)
    }

    /// The id of a check of one machine, if the machine is there and the selection means it.
    fn of_machine(&mut self, context: Context<'_>, machine: &MachineName) -> Option<String> {
        let Context { suite, definition, rule } = context;
        let (_, traits) = self.names.machines().get_key_value(machine)?;
        let id = format!("{}::{}::{machine}", suite.name, definition.name);
        let candidate = Candidate {
            id: &id,
            rule,
            suite: &suite.name,
            stage: suite.stage,
            machine: Some((machine.as_str(), *traits)),
            test: None,
        };
        self.keeps(&candidate).then_some(id)
    }

    fn add(
        &mut self,
        context: Context<'_>,
        id: String,
        subject: Subject,
        question: Question,
        View { skip, blind }: View,
    ) {
        let Context { suite, definition, rule } = context;
        self.checks.push(Check {
            id: CheckId(id),
            suite: suite.name.clone(),
            rule: rule.to_owned(),
            stage: suite.stage,
            severity: definition.severity,
            limit: definition.timeout,
            key: self.keys.key(&definition.digest, rule, &subject, &question).filter(|_| blind.is_none()),
            subject,
            question,
            reuse: None,
            skip,
            blind,
        });
    }

    /// Whether there is neither a machine nor a test, whatever was selected.
    fn nothing_to_prove(&self) -> bool {
        let declared = self.inputs.fleet.fleet.trees.as_ref().is_some_and(|trees| !trees.is_empty());
        self.names.machines().is_empty() && self.inputs.survey.trees.is_empty() && !declared
    }

    fn finish(mut self) -> Draft {
        let missing = self.sought.refuse(self.seen.iter().map(String::as_str));
        self.problems.extend(missing.into_iter().map(PlanProblem::Filter));
        // Stable, so that the checks of one suite and subject stay in the order of the suite's file and of the tests.
        self.checks.sort_by(|a, b| (a.stage, &a.suite, &a.subject).cmp(&(b.stage, &b.suite, &b.subject)));
        let mut notes = empty_stages(self.inputs, &self.checks);
        notes.append(&mut self.notes);
        notes.extend(self.nothing_to_prove().then_some(Note::NothingToProve));
        notes.extend(misspelt(&self.inputs.survey.outputs));
        let policies = self.policies.into_iter().map(|(package, (_, policy))| (package, policy)).collect();
        let waivers = &self.inputs.fleet.fleet.waivers;
        let waivers = waivers.iter().filter(|waiver| !waiver.expired(self.inputs.today)).cloned().collect();
        let Self { header, checks, round, .. } = self;
        let plan = Plan { header, checks, policies, round, waivers, notes };
        Draft { plan, problems: self.problems }
    }
}

fn header(inputs: &Inputs<'_>, names: &Names<'_>) -> Header {
    let fleet = &inputs.fleet.fleet;
    let told = inputs.facts.document.pointer("/fleet/name").and_then(|name| name.as_str());
    Header {
        fleet: told.or(fleet.inventory.meta.name.as_deref()).unwrap_or("unnamed").to_owned(),
        source: fleet.source,
        tool: inputs.tool.to_owned(),
        capabilities: inputs.capabilities.to_vec(),
        tree: inputs.tree,
        machines: inputs.selection.machines(names),
        stages: inputs.selection.stages(),
        partial: inputs.selection.is_partial(),
    }
}

/// The stages without a check that were selected, or that would have some without a selection.
fn empty_stages(inputs: &Inputs<'_>, checks: &[Check]) -> Vec<Note> {
    let Inputs { suites, selection, .. } = inputs;
    let taken: BTreeSet<Stage> = checks.iter().map(|check| check.stage).collect();
    let selected = selection.stages();
    let note = |stage: Stage| {
        let mut of_stage = suites.iter().filter(|suite| suite.stage == stage).peekable();
        let has_checks = of_stage.peek().is_some();
        let asked_for = selection.filter.is_none() && of_stage.any(|suite| selection.takes(suite));
        match (has_checks, asked_for || !selection.is_partial()) {
            (true, false) => Some(Note::Unselected { stage }),
            _ => selected.contains(&stage).then_some(Note::EmptyStage { stage }),
        }
    };
    Stage::ALL.into_iter().filter(|stage| !taken.contains(stage)).filter_map(note).collect()
}
