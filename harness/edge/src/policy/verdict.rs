//! What a policy's denials mean for one check.
//!
//! Flows in: denials, or why there are none. Flows out: the check's verdict. Must not: let a denial get lost: one that
//! names no machine of the fleet breaks a machine's check instead of passing it.

use std::collections::BTreeMap;

use model::{
    check::Check,
    facts::pointer,
    finding::Finding,
    machine::MachineName,
    subject::Subject,
    verdict::{Fault, Verdict},
};

use super::{Input, Module, RegoError, denial::Denial, module::Stopped};

/// Where a fleet keeps policies of its own; all others are ours.
const OWN_SUITES: &str = "seaworthy/suites/";

/// How many findings of one check are kept; one more says how many were not.
const KEPT: usize = 1000;

/// What one evaluation of a policy told, by subject, so that each check finds its part without looking at all of it.
pub(super) struct Answer<'a> {
    file: &'a str,
    told: Result<Told<'a>, &'a Stopped>,
}

/// Denials by the machine that they are about.
struct Told<'a> {
    all: &'a [Denial],
    of_machine: BTreeMap<&'a str, Vec<&'a Denial>>,
    /// What is wrong with the first denial that names no subject, and with the first whose subject nobody knows.
    unnamed: Option<String>,
    unknown: Option<String>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        module: &'a Module,
        denials: &'a Result<Vec<Denial>, Stopped>,
        input: &Input<'_>,
    ) -> Self {
        Self { file: module.file(), told: denials.as_ref().map(|denials| Told::new(denials, input)) }
    }

    /// The verdict of one of the policy's checks.
    pub(super) fn verdict(&self, check: &Check, input: &Input<'_>) -> Verdict {
        let told = match &self.told {
            Ok(told) => told,
            Err(Stopped::TimedOut(limit)) => return Verdict::TimedOut { limit: *limit },
            Err(Stopped::Rego(error)) => return uncompiled(error),
            Err(Stopped::Shape(what)) => return broken(self.file, 0, what.clone()),
        };
        let stray =
            told.unknown.as_ref().or(told.unnamed.as_ref().filter(|_| check.subject != Subject::Fleet));
        match (stray, &check.subject) {
            (Some(what), _) => broken(self.file, 0, what.clone()),
            (None, Subject::Fleet) => judged(check, told.all.iter(), input),
            (None, Subject::Machine(machine)) => {
                let about = told.of_machine.get(machine.as_str());
                judged(check, about.into_iter().flatten().copied(), input)
            }
        }
    }
}

impl<'a> Told<'a> {
    fn new(all: &'a [Denial], input: &Input<'_>) -> Self {
        let mut told = Self { all, of_machine: BTreeMap::new(), unnamed: None, unknown: None };
        for denial in all {
            let Some(name) = &denial.subject else {
                told.unnamed.get_or_insert_with(|| {
                    format!("a denial of a check of machines has no `subject`: {:?}", denial.message)
                });
                continue;
            };
            if told.unknown.is_none() && !input.knows(name) {
                told.unknown = Some(format!(
                    "a denial's `subject` {name:?} is no machine of the fleet: {:?}",
                    denial.message
                ));
            }
            told.of_machine.entry(name).or_default().push(denial);
        }
        told
    }
}

/// The verdict of a check whose policy went wrong.
pub(crate) fn uncompiled(error: &RegoError) -> Verdict {
    broken(&error.file, error.line, error.message.clone())
}

fn broken(file: &str, line: u32, what: String) -> Verdict {
    let place = if line == 0 { file.to_owned() } else { format!("{file}:{line}") };
    let remedy = if file.starts_with(OWN_SUITES) {
        format!("mend {place}, then run its cases: seaworthy suites test")
    } else {
        format!("this is a mistake in seaworthy itself, in its own {place}: please report it")
    };
    let what = format!("the policy {file} went wrong: {what}");
    let fault = Fault { what, remedy: Some(remedy), detail: Vec::new() };
    Verdict::Broken { fault }
}

fn judged<'a>(check: &Check, denials: impl Iterator<Item = &'a Denial>, input: &Input<'_>) -> Verdict {
    let mut findings: Vec<_> = denials.map(|denial| finding(&check.rule, denial, input)).collect();
    if findings.is_empty() {
        return Verdict::Pass;
    }
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    bound(check, &mut findings);
    Verdict::Fail { findings }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    (&finding.place, &finding.pointer, &finding.subject, &finding.message)
}

fn bound(check: &Check, findings: &mut Vec<Finding>) {
    let beyond = findings.len().saturating_sub(KEPT);
    if beyond > 0 {
        findings.truncate(KEPT);
        let denial = Denial { message: format!("and {beyond} more of the same rule"), ..Denial::default() };
        findings.push(Finding { subject: check.subject.clone(), ..bare(&check.rule, &denial) });
    }
}

fn finding(rule: &str, denial: &Denial, input: &Input<'_>) -> Finding {
    let pointer = denial.path.as_ref().map(|path| pointer(path.iter().map(String::as_str)));
    let place = pointer.as_deref().and_then(|pointer| input.places().find(pointer)).cloned();
    Finding { place, pointer, ..bare(rule, denial) }
}

fn bare(rule: &str, denial: &Denial) -> Finding {
    let subject = denial.subject.as_ref().map(|name| Subject::Machine(MachineName(name.clone())));
    Finding {
        rule: rule.to_owned(),
        subject: subject.unwrap_or(Subject::Fleet),
        message: denial.message.clone(),
        place: None,
        pointer: None,
        expected: denial.expected.clone(),
        actual: denial.actual.clone(),
        help: denial.help.clone(),
        trace: Vec::new(),
    }
}
