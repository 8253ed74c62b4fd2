//! A run as a test tells it: which checks there were, how each came out, and what the judge says.

use std::time::Duration;

use jiff::civil::{Date, date};
use model::{
    check::{Check, CheckId, Question},
    decision::Decision,
    digest::Digest,
    finding::Finding,
    fleet::FleetSource,
    place::Place,
    plan::{Header, Note, Plan},
    record::{Outcome, Record},
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::{Fault, Verdict},
    waiver::Waiver,
};

/// The day on which every story is judged.
pub(crate) const TODAY: Date = date(2026, 6, 15);

/// One check and how it came out.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) check: Check,
    pub(crate) verdict: Option<Verdict>,
}

/// A run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    pub(crate) told: Vec<Told>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) interrupted: bool,
    /// The fleet has nothing to prove.
    pub(crate) idle: bool,
    /// Only a part of it was selected.
    pub(crate) partial: bool,
}

/// A check of severity error on the stage `invariants`; `about` is a machine or `fleet`.
pub(crate) fn check(rule: &str, about: &str, verdict: Verdict) -> Told {
    Told { check: planned(rule, about), verdict: Some(verdict) }
}

/// A check that the run did not come to.
pub(crate) fn unanswered(rule: &str, about: &str) -> Told {
    Told { check: planned(rule, about), verdict: None }
}

fn planned(rule: &str, about: &str) -> Check {
    let (suite, name) = rule.split_once('/').expect("suite/check");
    Check {
        id: CheckId(format!("{suite}::{name}::{about}")),
        suite: suite.to_owned(),
        rule: rule.to_owned(),
        stage: Stage::Invariants,
        subject: subject(about),
        severity: Severity::Error,
        limit: Duration::from_secs(10),
        question: Question::Policy { package: rule.to_owned() },
        key: None,
        reuse: None,
        skip: None,
        blind: None,
    }
}

pub(crate) fn subject(about: &str) -> Subject {
    if about == "fleet" { Subject::Fleet } else { Subject::Machine(about.into()) }
}

impl Told {
    pub(crate) fn warning(mut self) -> Self {
        self.check.severity = Severity::Warning;
        self
    }

    pub(crate) fn on(mut self, stage: Stage) -> Self {
        self.check.stage = stage;
        self
    }

    /// A pass of it would prove nothing.
    pub(crate) fn blind(mut self) -> Self {
        self.check.blind = Some("`b` does not evaluate".to_owned());
        self
    }

    /// The plan knew that it would not be asked.
    pub(crate) fn absent(mut self) -> Self {
        self.check.skip = Some("the fleet has no vars".to_owned());
        self
    }
}

/// A failure with one finding for each `(rule, about)`.
pub(crate) fn fail(findings: &[(&str, &str)]) -> Verdict {
    Verdict::Fail { findings: findings.iter().map(|(rule, about)| finding(rule, about)).collect() }
}

fn finding(rule: &str, about: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        subject: subject(about),
        message: "it is wrong".to_owned(),
        place: None,
        pointer: None,
        expected: None,
        actual: None,
        help: None,
        trace: Vec::new(),
    }
}

pub(crate) fn broken() -> Verdict {
    Verdict::Broken { fault: Fault { what: "nix died".to_owned(), remedy: None, detail: Vec::new() } }
}

pub(crate) fn timed_out() -> Verdict {
    Verdict::TimedOut { limit: Duration::from_secs(10) }
}

pub(crate) fn skipped(reason: &str) -> Verdict {
    Verdict::Skipped { reason: reason.to_owned() }
}

/// A waiver that counts for another week; `about` of `None` is every subject.
pub(crate) fn waiver(rule: &str, about: Option<&str>) -> Waiver {
    Waiver {
        rule: rule.to_owned(),
        subject: about.map(subject),
        test: None,
        reason: "known".to_owned(),
        expires: date(2026, 6, 22),
        place: Place::file("fleet.toml"),
    }
}

pub(crate) fn story(told: impl Into<Vec<Told>>) -> Story {
    Story { told: told.into(), ..Story::default() }
}

impl Story {
    pub(crate) fn waived(mut self, waiver: Waiver) -> Self {
        self.waivers.push(waiver);
        self
    }

    pub(crate) fn interrupted(mut self) -> Self {
        self.interrupted = true;
        self
    }

    pub(crate) fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    pub(crate) fn idle(mut self) -> Self {
        self.idle = true;
        self
    }

    pub(crate) fn decide(&self) -> Decision {
        self.decide_without_planning("")
    }

    /// The decision if the plan lacked this check, though an answer to it was recorded.
    pub(crate) fn decide_without_planning(&self, id: &str) -> Decision {
        let planned = self.told.iter().filter(|told| told.check.id.0 != id);
        let mut checks: Vec<Check> = planned.map(|told| told.check.clone()).collect();
        checks.sort_by_key(|check| check.stage);
        let outcomes = self.told.iter().filter_map(|told| {
            let outcome = Outcome { verdict: told.verdict.clone()?, took: Duration::ZERO, reuse: None };
            Some((told.check.id.clone(), outcome))
        });
        let record =
            Record { outcomes: outcomes.collect(), interrupted: self.interrupted, ..Record::default() };
        let mut plan = plan(checks);
        plan.header.partial = self.partial;
        plan.notes.extend(self.idle.then_some(Note::NothingToProve));
        judge::decide(&plan, &record, &self.waivers, TODAY)
    }

    /// The outcome, then each gate, with its reasons in parentheses.
    pub(crate) fn told(&self) -> String {
        let decision = self.decide();
        let mut text = format!("{:?}", decision.outcome);
        for gate in decision.gates {
            text.push_str(&format!("\n{} {} {:?}", gate.stage, gate.subject, gate.state));
            for (id, reason) in gate.reasons {
                text.push_str(&format!(" ({id}: {reason})"));
            }
        }
        text
    }
}

fn plan(checks: Vec<Check>) -> Plan {
    Plan {
        header: Header {
            fleet: "harbour".to_owned(),
            source: FleetSource::FleetToml,
            tool: "0.0.0".to_owned(),
            capabilities: Vec::new(),
            tree: Digest::of(""),
            machines: Default::default(),
            stages: Stage::ALL.into(),
            partial: false,
        },
        checks,
        policies: Default::default(),
        round: None,
        waivers: Vec::new(),
        notes: Vec::new(),
    }
}
