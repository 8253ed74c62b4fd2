//! What a policy's denials mean for one check.
//!
//! Flows in: denials, or why there are none. Flows out: the check's verdict. Must not: let a denial get lost: one that
//! names no machine of the fleet breaks a machine's check instead of passing it.

use model::{
    check::Check,
    facts::pointer,
    finding::Finding,
    machine::MachineName,
    subject::Subject,
    verdict::{Fault, Verdict},
};

use super::{Input, Module, RegoError, denial::Denial, module::Stopped};

/// How many findings of one check are kept; one more says how many were not.
const KEPT: usize = 1000;

pub(super) fn of(
    module: &Module,
    check: &Check,
    denials: &Result<Vec<Denial>, Stopped>,
    input: &Input<'_>,
) -> Verdict {
    match denials {
        Ok(denials) => match stray(check, denials, input) {
            Some(what) => broken(module.file(), 0, what),
            None => told(check, denials, input),
        },
        Err(Stopped::TimedOut(limit)) => Verdict::TimedOut { limit: *limit },
        Err(Stopped::Rego(error)) => uncompiled(error),
        Err(Stopped::Shape(what)) => broken(module.file(), 0, what.clone()),
    }
}

/// The verdict of a check whose policy went wrong.
pub(super) fn uncompiled(error: &RegoError) -> Verdict {
    broken(&error.file, error.line, error.message.clone())
}

fn broken(file: &str, line: u32, what: String) -> Verdict {
    let place = if line == 0 { file.to_owned() } else { format!("{file}:{line}") };
    let fault = Fault {
        what: format!("the policy {file} went wrong: {what}"),
        remedy: Some(format!("mend {place}, then run its cases: seaworthy suites test")),
        detail: Vec::new(),
    };
    Verdict::Broken { fault }
}

/// What is wrong with a denial that no check of this scope can take.
fn stray(check: &Check, denials: &[Denial], input: &Input<'_>) -> Option<String> {
    denials.iter().find_map(|denial| match (&denial.subject, &check.subject) {
        (None, Subject::Machine(_)) => {
            Some(format!("a denial of a check of machines has no `subject`: {:?}", denial.message))
        }
        (Some(name), _) if !input.knows(name) => {
            Some(format!("a denial's `subject` {name:?} is no machine of the fleet: {:?}", denial.message))
        }
        _ => None,
    })
}

fn told(check: &Check, denials: &[Denial], input: &Input<'_>) -> Verdict {
    let about = |denial: &&Denial| match &check.subject {
        Subject::Fleet => true,
        Subject::Machine(machine) => denial.subject.as_deref() == Some(machine.as_str()),
    };
    let mut findings: Vec<_> =
        denials.iter().filter(about).map(|denial| finding(&check.rule, denial, input)).collect();
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
