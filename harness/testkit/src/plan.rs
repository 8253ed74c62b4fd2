//! Plans and checks with good defaults.
//!
//! Flows in: the one thing that matters to a test. Flows out: a [`Plan`], sorted as a real one.
//! Must not: lint; a test may want a plan that no linter would let through.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, civil::Date};
use model::{
    check::{Check, CheckId, GuestSize, Question},
    digest::Digest,
    evidence::{Reuse, RunId},
    fleet::{BootSource, FleetSource, TreeRef},
    machine::MachineName,
    place::Place,
    plan::{Header, Plan},
    round::Way,
    sighting::pair::Limits,
    stage::Stage,
    subject::Subject,
    suite::{Policy, Severity},
    waiver::Waiver,
};

/// A plan of some checks; the policies that they name are in it, each denying nothing.
#[must_use]
pub fn plan(checks: impl IntoIterator<Item = CheckBuilder>) -> Plan {
    let mut checks: Vec<Check> = checks.into_iter().map(CheckBuilder::build).collect();
    checks.sort_by_key(|check| check.stage);
    let machines: BTreeSet<MachineName> =
        checks.iter().filter_map(|check| check.subject.machine().cloned()).collect();
    let stages = checks.iter().map(|check| check.stage).collect();
    let policies = checks.iter().filter_map(policy).collect();
    Plan {
        header: header(machines, stages),
        checks,
        policies,
        round: None,
        waivers: Vec::new(),
        notes: Vec::new(),
    }
}

fn header(machines: BTreeSet<MachineName>, stages: BTreeSet<Stage>) -> Header {
    Header {
        fleet: "lagoon".to_owned(),
        source: FleetSource::FleetToml,
        tool: "0.1.0".to_owned(),
        capabilities: vec!["nix 2.34.8".to_owned(), "x86_64-linux".to_owned()],
        tree: Digest::of("tree"),
        machines,
        stages,
        partial: false,
    }
}

fn policy(check: &Check) -> Option<(String, Policy)> {
    let Question::Policy { package } = &check.question else { return None };
    let policy = Policy {
        file: format!("{package}.rego"),
        text: format!("package {package}\nimport rego.v1\n"),
        package: package.clone(),
        needs: BTreeSet::new(),
        commands: Default::default(),
    };
    Some((package.clone(), policy))
}

/// A check under construction. Its name is `<suite>::<check>::<subject or test>`.
#[derive(Debug, Clone)]
pub struct CheckBuilder(Check);

/// A test of the tree `.#tests`, about the fleet, on the stage `expressions`.
#[must_use]
pub fn test(name: &str) -> CheckBuilder {
    let tree = TreeRef::Flake { attribute: vec!["tests".to_owned()] };
    let question = Question::Expression { tree, path: vec![name.to_owned()] };
    CheckBuilder(check(Stage::Expressions, "nix-unit/tests", name, Subject::Fleet, question))
}

/// A policy about the fleet. The rule is `<suite>/<check>`.
#[must_use]
pub fn fleet_policy(stage: Stage, rule: &str) -> CheckBuilder {
    CheckBuilder(check(stage, rule, "fleet", Subject::Fleet, asks(rule)))
}

/// A policy about a machine. The rule is `<suite>/<check>`.
#[must_use]
pub fn machine_policy(stage: Stage, rule: &str, machine: &str) -> CheckBuilder {
    CheckBuilder(check(stage, rule, machine, Subject::Machine(machine.into()), asks(rule)))
}

/// A policy about a machine that is booted as a guest of this many MiB and processors. The rule is `<suite>/<check>`.
#[must_use]
pub fn guest(stage: Stage, rule: &str, machine: &str, memory: u32, processors: u16) -> CheckBuilder {
    let size = GuestSize { memory, processors };
    let question = Question::Guest {
        machine: machine.into(),
        package: package(rule),
        size,
        limit: Duration::from_secs(300),
        source: BootSource::Configuration,
    };
    CheckBuilder(check(stage, rule, machine, Subject::Machine(machine.into()), question))
}

/// What a machine sees of the network, among all that are asked. The rule is `<suite>/<check>`.
#[must_use]
pub fn probe(rule: &str, machine: &str) -> CheckBuilder {
    let way = Some(Way::Ssh { host: machine.to_owned(), port: None });
    let question = Question::Probe { machine: machine.into(), way, limits: Limits::default() };
    CheckBuilder(check(Stage::Mesh, rule, machine, Subject::Machine(machine.into()), question))
}

fn asks(rule: &str) -> Question {
    Question::Policy { package: package(rule) }
}

fn package(rule: &str) -> String {
    format!("seaworthy.{}", rule.replace('-', "_").replace('/', "."))
}

fn check(stage: Stage, rule: &str, last: &str, subject: Subject, question: Question) -> Check {
    Check {
        id: CheckId(format!("{}::{last}", rule.replace('/', "::"))),
        suite: rule.split('/').next().unwrap_or_default().to_owned(),
        rule: rule.to_owned(),
        stage,
        subject,
        severity: Severity::Error,
        limit: Duration::from_secs(10),
        question,
        key: None,
        reuse: None,
        skip: None,
        blind: None,
    }
}

impl CheckBuilder {
    /// On another stage.
    #[must_use]
    pub fn on(mut self, stage: Stage) -> Self {
        self.0.stage = stage;
        self
    }

    /// About a machine.
    #[must_use]
    pub fn about(mut self, machine: &str) -> Self {
        self.0.subject = Subject::Machine(machine.into());
        self
    }

    /// Of severity warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.0.severity = Severity::Warning;
        self
    }

    /// With another limit than ten seconds.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.0.limit = limit;
        self
    }

    /// May be reused under the digest of this text.
    #[must_use]
    pub fn key(mut self, text: &str) -> Self {
        self.0.key = Some(Digest::of(text));
        self
    }

    /// Was answered by an earlier run.
    #[must_use]
    pub fn reused(mut self) -> Self {
        let run = RunId("20260101T000000Z-000000".to_owned());
        self.0.reuse =
            Some(Reuse { run, at: Timestamp::UNIX_EPOCH, measurements: Vec::new(), replaced: Vec::new() });
        self
    }

    /// Will not be asked.
    #[must_use]
    pub fn skipped(mut self, reason: &str) -> Self {
        self.0.skip = Some(reason.to_owned());
        self
    }

    /// The check.
    #[must_use]
    pub fn build(self) -> Check {
        self.0
    }
}

/// A waiver of a rule for every subject, without an end.
#[must_use]
pub fn waiver(rule: &str) -> Waiver {
    Waiver {
        rule: rule.to_owned(),
        subject: None,
        test: None,
        reason: "known".to_owned(),
        expires: Date::MAX,
        place: Place::file("fleet.toml"),
    }
}

/// The name of a check.
#[must_use]
pub fn id(name: &str) -> CheckId {
    CheckId(name.to_owned())
}
