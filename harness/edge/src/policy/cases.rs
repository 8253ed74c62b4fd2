//! Runs a suite's cases: the proof that each of its rules can fail, and does not fail where nothing is wrong.
//!
//! Flows in: a suite and one of its cases. Flows out: how what was found differs from what the case says.
//! Must not: find or read cases.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    case::{Case, CaseInput, Expected},
    check::{Check, CheckId, Question},
    digest::Digest,
    facts::{Facts, Places},
    finding::Finding,
    machine::MachineName,
    subject::Subject,
    suite::{CheckDefinition, Kind, Part, Policy, Scope, Suite},
    verdict::{Fault, Verdict},
};
use serde_json::Value;

use super::{Document, Input, Module, judge, verdict};

/// How a case came out.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseOutcome {
    /// Exactly the expected findings.
    AsExpected,
    /// Other findings.
    Differs {
        /// Expected, and not found.
        missing: Vec<Expected>,
        /// Found, and not expected.
        unexpected: Vec<Finding>,
    },
    /// A check could not tell.
    Broken {
        /// Why; at least one.
        faults: Vec<Fault>,
    },
}

/// Runs a suite's policies on a case's facts document. As in a plan, a check that needs a part which is not there is left
/// out.
#[must_use]
pub fn run_policies(suite: &Suite, document: &Value) -> Vec<(CheckId, Verdict)> {
    let facts = Facts {
        document: document.clone(),
        places: Places::default(),
        parts: BTreeSet::new(),
        digest: Digest::of(document.to_string()),
    };
    let document = Document::new(&facts);
    let input = Input::new(&document, &facts);
    suite.checks.iter().flat_map(|check| run_policy(suite, check, &input)).collect()
}

/// Whether the document has a part: by the key that stands for it.
fn has(document: &Value, part: Part) -> bool {
    let key = match part {
        Part::Inventory => "inventory",
        Part::Machines => "machines",
        Part::Modules => "modules",
        Part::Source => "source",
        Part::Vars => "vars",
        Part::Boot => "boot",
        Part::Guest => "guest",
        Part::Asks => "asks",
    };
    document.get(key).is_some()
}

fn run_policy(suite: &Suite, definition: &CheckDefinition, input: &Input<'_>) -> Vec<(CheckId, Verdict)> {
    let (Kind::Policy(policy) | Kind::Guest(policy)) = &definition.kind else { return Vec::new() };
    if !policy.needs.iter().all(|part| has(&input.facts.document, *part)) {
        return Vec::new();
    }
    let checks: Vec<_> = subjects(definition.scope, input)
        .into_iter()
        .map(|subject| check(suite, definition, policy, subject))
        .collect();
    match Module::compile(policy) {
        Ok(module) => judge(&module, &checks, input),
        Err(error) => {
            checks.into_iter().take(1).map(|check| (check.id, verdict::uncompiled(&error))).collect()
        }
    }
}

fn subjects(scope: Scope, input: &Input<'_>) -> Vec<Subject> {
    if scope == Scope::Fleet {
        return vec![Subject::Fleet];
    }
    let mut names = input.machines();
    if names.is_empty() {
        // Asked all the same, so that a denial about nobody is noticed.
        names.insert(String::new());
    }
    names.into_iter().map(|name| Subject::Machine(MachineName(name))).collect()
}

fn check(suite: &Suite, definition: &CheckDefinition, policy: &Policy, subject: Subject) -> Check {
    Check {
        id: CheckId(format!("{}::{}::{subject}", suite.name, definition.name)),
        suite: suite.name.clone(),
        rule: format!("{}/{}", suite.name, definition.name),
        stage: suite.stage,
        subject,
        severity: definition.severity,
        limit: definition.timeout,
        question: Question::Policy { package: policy.package.clone() },
        key: None,
        reuse: None,
        skip: None,
        blind: None,
    }
}

/// Runs a case of policies. `None` where its input is another: a tree of tests, which the evaluator has to run, or what
/// machines saw.
#[must_use]
pub fn run_case(suite: &Suite, case: &Case) -> Option<CaseOutcome> {
    match &case.input {
        CaseInput::Facts(document) => Some(compare(case, run_policies(suite, document))),
        CaseInput::Tests(_) | CaseInput::Sightings(..) => None,
    }
}

/// Compares what was answered on a case's input with what the case says.
#[must_use]
pub fn compare(case: &Case, verdicts: impl IntoIterator<Item = (CheckId, Verdict)>) -> CaseOutcome {
    let mut missing: BTreeMap<&Expected, usize> = BTreeMap::new();
    for expected in &case.findings {
        *missing.entry(expected).or_default() += 1;
    }
    let mut unexpected = Vec::new();
    let mut faults = Vec::new();
    for (check, verdict) in verdicts {
        match verdict {
            Verdict::Pass => {}
            Verdict::Fail { findings } => {
                unexpected.extend(findings.into_iter().filter(|finding| !cross_off(&mut missing, finding)));
            }
            other => faults.push(fault(&check, other)),
        }
    }
    let missing: Vec<_> = missing
        .into_iter()
        .flat_map(|(expected, times)| std::iter::repeat_n(expected.clone(), times))
        .collect();
    match (faults.is_empty(), missing.is_empty() && unexpected.is_empty()) {
        (false, _) => CaseOutcome::Broken { faults },
        (true, true) => CaseOutcome::AsExpected,
        (true, false) => CaseOutcome::Differs { missing, unexpected },
    }
}

/// Whether the finding was expected; it is not any more.
fn cross_off(missing: &mut BTreeMap<&Expected, usize>, finding: &Finding) -> bool {
    let subject = finding.subject.to_string();
    let found = missing.iter_mut().find(|(expected, times)| {
        **times > 0
            && expected.rule == finding.rule
            && expected.subject == subject
            && expected.pointer.as_deref().is_none_or(|pointer| finding.pointer.as_deref() == Some(pointer))
    });
    let Some((_, times)) = found else { return false };
    *times -= 1;
    true
}

fn fault(check: &CheckId, verdict: Verdict) -> Fault {
    let what = match verdict {
        Verdict::Broken { fault } => return fault,
        Verdict::TimedOut { limit } => format!("{check} did not end within {limit:?}"),
        other => format!("{check} was not answered: {other:?}"),
    };
    Fault { what, remedy: None, detail: Vec::new() }
}
