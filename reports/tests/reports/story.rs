//! A run as a test tells it: its checks and how each came out. The decision is the one that gates.md describes.

use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, civil::date};
use model::{
    artifact::Artifact,
    check::{Check, CheckId, GuestSize, Question},
    decision::{Decision, Gate, GateState, Outcome},
    digest::Digest,
    event::{Event, What},
    evidence::{Reuse, RunId},
    finding::Finding,
    fleet::{BootSource, FleetSource, TreeRef},
    measurement::{Measurement, Unit},
    place::Place,
    plan::{Header, Note, Plan},
    record::Record,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::{Fault, Verdict},
    waiver::Waiver,
};
use reports::Report;

/// A run.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) plan: Plan,
    pub(crate) events: Vec<Event>,
    pub(crate) decision: Decision,
}

/// When every run starts.
const START: i64 = 1_780_000_000;

/// A run of the fleet `harbour` with two machines, in which nothing was asked.
pub(crate) fn story() -> Story {
    let header = Header {
        fleet: "harbour".to_owned(),
        source: FleetSource::FleetToml,
        tool: "0.1.0".to_owned(),
        capabilities: vec!["nix 2.34.8".to_owned()],
        tree: Digest::of("tree"),
        machines: ["cinnabar".into(), "magnetite".into()].into(),
        stages: Stage::ALL.into(),
        partial: false,
    };
    let started =
        What::RunStarted { run: RunId("20260528-1".to_owned()), plan: Digest::of("plan"), checks: 0 };
    Story {
        plan: Plan {
            header,
            checks: Vec::new(),
            policies: BTreeMap::new(),
            round: None,
            waivers: Vec::new(),
            notes: Vec::new(),
        },
        events: vec![event(0, started)],
        decision: Decision {
            gates: Vec::new(),
            waived: Vec::new(),
            idle: Vec::new(),
            warnings: Vec::new(),
            outcome: Outcome::Undecided,
        },
    }
}

fn event(at: i64, what: What) -> Event {
    Event { at: Timestamp::from_second(START + at).expect("a moment"), what }
}

/// A check of severity error on the stage `invariants`; `about` is a machine or `fleet`.
pub(crate) fn check(rule: &str, about: &str) -> Check {
    let (suite, name) = rule.split_once('/').expect("suite/check");
    let (id, subject) = match about {
        "fleet" => (format!("{suite}::{name}"), Subject::Fleet),
        machine => (format!("{suite}::{name}::{machine}"), Subject::Machine(machine.into())),
    };
    Check {
        id: CheckId(id),
        suite: suite.to_owned(),
        rule: rule.to_owned(),
        stage: Stage::Invariants,
        subject,
        severity: Severity::Error,
        limit: Duration::from_secs(10),
        question: Question::Policy { package: rule.to_owned() },
        key: Some(Digest::of(rule)),
        reuse: None,
        skip: None,
        blind: None,
    }
}

/// An expression test.
pub(crate) fn test(path: &str) -> Check {
    let tree = TreeRef::Flake { attribute: vec!["tests".to_owned()] };
    Check {
        id: CheckId(format!("nix-unit::.#tests::{path}")),
        stage: Stage::Expressions,
        question: Question::Expression { tree, path: path.split('.').map(str::to_owned).collect() },
        ..check("nix-unit/tests", "fleet")
    }
}

/// A check that is asked of a machine's guest.
pub(crate) fn boot(rule: &str, machine: &str) -> Check {
    let (size, limit) = (GuestSize { memory: 1024, processors: 1 }, Duration::from_secs(300));
    let source = BootSource::Configuration;
    let question = Question::Guest { machine: machine.into(), package: rule.to_owned(), size, limit, source };
    Check { stage: Stage::Boot, question, ..check(rule, machine) }
}

/// A number of a whole subject, or of a part of it: `boot/unit-time sshd.service`.
pub(crate) fn measurement(what: &str, value: f64, unit: Unit) -> Measurement {
    let (metric, of) =
        what.split_once(' ').map_or((what, None), |(metric, of)| (metric, Some(of.to_owned())));
    let (metric, value) = (metric.try_into().expect("a metric"), value.try_into().expect("a number"));
    Measurement { metric, of, value, unit }
}

/// What is measured of a boot.
pub(crate) fn measured_boot(seconds: f64) -> Vec<Measurement> {
    vec![
        measurement("boot/time", seconds, Unit::Seconds),
        measurement("boot/memory", 167_772_160.0, Unit::Bytes),
        measurement("boot/unit-time sshd.service", 1.25, Unit::Seconds),
    ]
}

pub(crate) fn console(machine: &str) -> Artifact {
    let path = format!("console/{machine}.log");
    Artifact { name: "console".to_owned(), path, digest: Digest::of("said"), bytes: 4 }
}

pub(crate) fn warning(check: Check) -> Check {
    Check { severity: Severity::Warning, ..check }
}

pub(crate) fn absent(check: Check) -> Check {
    Check { skip: Some("the fleet has no vars".to_owned()), ..check }
}

/// A finding of a check, in line 12 of fleet.toml.
pub(crate) fn finding(check: &Check, message: &str) -> Finding {
    Finding {
        rule: check.rule.clone(),
        subject: check.subject.clone(),
        message: message.to_owned(),
        place: Some(Place::new("fleet.toml", 12, 5)),
        pointer: None,
        expected: None,
        actual: None,
        help: None,
        trace: Vec::new(),
    }
}

pub(crate) fn broken(what: &str) -> Verdict {
    let remedy = Some("give it more memory".to_owned());
    Verdict::Broken { fault: Fault { what: what.to_owned(), remedy, detail: vec!["signal 9".to_owned()] } }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Story {
    /// This check came out so.
    pub(crate) fn told(mut self, check: Check, verdict: Verdict) -> Self {
        let what = What::CheckFinished {
            check: check.id.clone(),
            verdict: verdict.clone(),
            took: Duration::from_millis(120),
            key: None,
        };
        self.events.push(event(1, what));
        self.with(check, Some(&verdict))
    }

    /// This check measured that, before it is told how it came out.
    pub(crate) fn measured(mut self, check: &Check, measurements: Vec<Measurement>) -> Self {
        self.events.push(event(1, What::Measured { check: check.id.clone(), measurements }));
        self
    }

    /// That was replaced for this check, before it is told how it came out.
    pub(crate) fn without(mut self, check: &Check, replaced: &[&str]) -> Self {
        self.events.push(event(1, What::Replaced { check: check.id.clone(), replaced: texts(replaced) }));
        self
    }

    /// This check left a file behind, before it is told how it came out.
    pub(crate) fn kept(mut self, check: &Check, artifact: Artifact) -> Self {
        self.events.push(event(1, What::Kept { check: check.id.clone(), artifact }));
        self
    }

    pub(crate) fn passed(self, check: Check) -> Self {
        self.told(check, Verdict::Pass)
    }

    /// This check failed with one finding.
    pub(crate) fn failed(self, check: Check, change: impl FnOnce(&mut Finding)) -> Self {
        let mut finding = finding(&check, "the machine ghost is not in the inventory");
        change(&mut finding);
        self.told(check, Verdict::Fail { findings: vec![finding] })
    }

    /// An answer of three minutes earlier stands.
    pub(crate) fn reused(self, check: Check) -> Self {
        self.reused_from("20260527-9", 180, check)
    }

    /// An answer of so many seconds before this run stands.
    pub(crate) fn reused_from(self, run: &str, seconds: i64, check: Check) -> Self {
        self.reused_with(run, seconds, Vec::new(), &[], check)
    }

    /// The same, with what was measured and replaced then.
    pub(crate) fn reused_with(
        mut self,
        run: &str,
        seconds: i64,
        measurements: Vec<Measurement>,
        replaced: &[&str],
        mut check: Check,
    ) -> Self {
        let at = Timestamp::from_second(START - seconds).expect("a moment");
        let reuse = Reuse { run: RunId(run.to_owned()), at, measurements, replaced: texts(replaced) };
        check.reuse = Some(reuse.clone());
        self.events.push(event(1, What::CheckReused { check: check.id.clone(), reuse }));
        self.with(check, Some(&Verdict::Pass))
    }

    /// The run did not come to this check.
    pub(crate) fn unanswered(self, check: Check) -> Self {
        self.with(check, None)
    }

    /// A waiver accepts the check's finding.
    pub(crate) fn waived(mut self, check: Check) -> Self {
        let waiver = Waiver {
            rule: check.rule.clone(),
            subject: None,
            test: None,
            reason: "until the new disks are in".to_owned(),
            expires: date(2026, 12, 31),
            place: Place::new("fleet.toml", 40, 1),
        };
        let finding = finding(&check, "it has one disk");
        let verdict = Verdict::Fail { findings: vec![finding.clone()] };
        let took = Duration::from_millis(7);
        let what = What::CheckFinished { check: check.id.clone(), verdict, took, key: None };
        self.events.push(event(1, what));
        self.decision.waived.push((finding, waiver));
        self.with(check, Some(&Verdict::Pass))
    }

    pub(crate) fn noted(mut self, note: Note) -> Self {
        self.plan.notes.push(note);
        self
    }

    pub(crate) fn interrupted(mut self) -> Self {
        self.events.push(event(2, What::Interrupted));
        self
    }

    fn with(mut self, check: Check, verdict: Option<&Verdict>) -> Self {
        let (state, reason) = match verdict {
            Some(Verdict::Fail { findings }) if check.severity == Severity::Error => {
                let s = if findings.len() == 1 { "" } else { "s" };
                (GateState::Closed, Some(format!("{} finding{s}", findings.len())))
            }
            Some(Verdict::TimedOut { .. }) => {
                (GateState::Closed, Some("no answer within its limit".to_owned()))
            }
            Some(Verdict::Broken { fault }) => {
                (GateState::Undecided, Some(format!("the harness could not tell: {}", fault.what)))
            }
            Some(Verdict::Skipped { .. }) | None if check.skip.is_none() => {
                (GateState::Undecided, Some("not asked: the run ended first".to_owned()))
            }
            _ => (GateState::Open, None),
        };
        if check.skip.is_none() {
            self.hold(&check, state, reason);
        }
        self.plan.checks.push(check);
        self.plan.checks.sort_by_key(|check| check.stage);
        self
    }

    fn hold(&mut self, check: &Check, state: GateState, reason: Option<String>) {
        let gates = &mut self.decision.gates;
        let at = gates.iter().position(|gate| gate.stage == check.stage && gate.subject == check.subject);
        let at = at.unwrap_or_else(|| {
            let (stage, subject) = (check.stage, check.subject.clone());
            gates.push(Gate { stage, subject, state: GateState::Open, reasons: Vec::new() });
            gates.len() - 1
        });
        gates[at].state = gates[at].state.max(state);
        gates[at].reasons.extend(reason.map(|reason| (check.id.clone(), reason)));
        self.decision.outcome = match gates.iter().map(|gate| gate.state).max() {
            Some(GateState::Closed) => Outcome::Closed,
            Some(GateState::Open) => Outcome::Open,
            _ => Outcome::Undecided,
        };
    }

    pub(crate) fn outcome(mut self, outcome: Outcome) -> Self {
        self.decision.outcome = outcome;
        self
    }

    /// What one renderer makes of it, once the run has ended after 1.5 s.
    pub(crate) fn render<T>(&self, renderer: impl FnOnce(&Report<'_>) -> T) -> T {
        let end = event(2, What::RunEnded { took: Duration::from_millis(1_500) });
        let record = Record::of(self.events.iter().chain([&end]));
        renderer(&Report { plan: &self.plan, record: &record, decision: &self.decision })
    }
}

/// A run with something of everything.
pub(crate) fn everything() -> Story {
    let boots = |machine| boot("boot/comes-up", machine);
    story()
        .measured(&boots("cinnabar"), measured_boot(15.093))
        .kept(&boots("cinnabar"), console("cinnabar"))
        .passed(boots("cinnabar"))
        .kept(&boots("magnetite"), console("magnetite"))
        .failed(boots("magnetite"), |finding| {
            finding.message = "its kernel panicked".to_owned();
            finding.place = None;
        })
        .passed(test("net.open"))
        .failed(test("net.shut"), |finding| {
            finding.message = "the value is not the one expected".to_owned();
            finding.place = Some(Place::new("tests/net.nix", 7, 3));
            finding.expected = Some("{\n  port = 22;\n  open = true;\n}".to_owned());
            finding.actual = Some("{\n  port = 22;\n  open = false;\n}".to_owned());
        })
        .told(test("net.slow"), Verdict::TimedOut { limit: Duration::from_secs(10) })
        .failed(check("inventory/role-machine-exists", "fleet"), |finding| {
            finding.expected = Some("one of cinnabar, magnetite".to_owned());
            finding.actual = Some("ghost".to_owned());
            finding.help = Some("add the machine, or take it out of the role".to_owned());
            finding.trace = vec!["in role server".to_owned(), "in instance borg".to_owned()];
        })
        .reused(check("host/host-name", "cinnabar"))
        .waived(check("host/disks-distinct", "cinnabar"))
        .told(check("host/way-in", "magnetite"), broken("nix died"))
        .unanswered(check("host/host-name", "magnetite"))
        .failed(warning(check("source/kebab-case-file", "fleet")), |finding| {
            finding.message = "fooBar.nix is not in kebab case".to_owned();
            finding.place = Some(Place::file("fooBar.nix"));
        })
        .unanswered(absent(check("vars/orphan", "fleet")))
        .unanswered(absent(check("vars/machine-key", "magnetite")))
        .noted(Note::EmptyStage { stage: Stage::Secrets })
        .noted(Note::EmptyStage { stage: Stage::Build })
        .noted(Note::NoTests)
        .noted(Note::EmptySuite { suite: "mine".to_owned(), reason: "no machine is selected".to_owned() })
        .interrupted()
}
