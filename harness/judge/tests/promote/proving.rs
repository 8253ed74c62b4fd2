//! From answers on record to proofs.

use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, civil::date};
use judge::promote::{Answer, Proved, prove};
use model::{
    check::{Check, CheckId, Question},
    decision::GateState,
    digest::Digest,
    finding::Finding,
    fleet::FleetSource,
    place::Place,
    plan::{Header, Plan},
    rollout::Closure,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::Verdict,
    waiver::Waiver,
};

use crate::world::at;

fn subject(about: &str) -> Subject {
    if about == "fleet" { Subject::Fleet } else { Subject::Machine(about.into()) }
}

fn check(stage: Stage, about: &str) -> Check {
    Check {
        id: CheckId(format!("{stage}::{about}")),
        suite: "s".to_owned(),
        rule: "s/r".to_owned(),
        stage,
        subject: subject(about),
        severity: Severity::Error,
        limit: Duration::from_secs(1),
        question: Question::Policy { package: "s".to_owned() },
        key: Some(Digest::of(about)),
        reuse: None,
        skip: None,
        blind: None,
    }
}

/// A machine and the fleet at `invariants`, two machines at `boot`.
fn plan() -> Plan {
    let header = Header {
        fleet: "fleet".to_owned(),
        source: FleetSource::FleetToml,
        tool: "0".to_owned(),
        capabilities: Vec::new(),
        tree: Digest::of(""),
        machines: ["a".into(), "b".into()].into(),
        stages: Stage::ALL.into(),
        partial: false,
    };
    let checks = vec![
        check(Stage::Invariants, "fleet"),
        check(Stage::Invariants, "a"),
        check(Stage::Boot, "a"),
        check(Stage::Boot, "b"),
    ];
    Plan { header, checks, policies: BTreeMap::new(), waivers: Vec::new(), notes: Vec::new(), round: None }
}

type Answers = Vec<(&'static str, Answer)>;

fn passed(check: &'static str, hour: u8) -> (&'static str, Answer) {
    (check, Answer { at: at(hour), verdict: Verdict::Pass })
}

fn failed(hour: u8) -> Answer {
    let finding = Finding {
        rule: "s/r".to_owned(),
        subject: Subject::Fleet,
        message: "it is wrong".to_owned(),
        place: None,
        pointer: None,
        expected: None,
        actual: None,
        help: None,
        trace: Vec::new(),
    };
    Answer { at: at(hour), verdict: Verdict::Fail { findings: vec![finding] } }
}

fn proved(answers: &Answers, waivers: &[Waiver]) -> Proved {
    let closures = ["a", "b"].map(|name| (name.into(), Closure(format!("/nix/store/{name}"))));
    prove(&plan(), given(answers), waivers, date(2026, 6, 15), &closures.into())
}

fn given(answers: &Answers) -> impl Fn(&Check) -> Option<Answer> {
    |check| answers.iter().find(|(id, _)| *id == check.id.0).map(|(_, answer)| answer.clone())
}

/// What each stage comes to for a machine, and when the oldest of its evidence was gathered.
fn of(proved: &Proved, machine: &str) -> Vec<(Stage, GateState, Timestamp)> {
    let stages = &proved.proofs[machine].stages;
    stages.iter().map(|(stage, proven)| (*stage, proven.state, proven.at)).collect()
}

const ALL: [(&str, u8); 4] = [("invariants::fleet", 5), ("invariants::a", 7), ("boot::a", 3), ("boot::b", 9)];

fn all() -> Answers {
    ALL.iter().map(|(check, hour)| passed(check, *hour)).collect()
}

#[test]
fn what_passed_before_is_proven_since_the_oldest_of_it() {
    let proved = proved(&all(), &[]);
    let open = [(Stage::Invariants, GateState::Open, at(5)), (Stage::Boot, GateState::Open, at(3))];
    assert_eq!(of(&proved, "a"), open);
    assert_eq!(proved.proofs["a"].closure, Closure("/nix/store/a".to_owned()));
}

#[test]
fn the_fleets_gate_proves_nothing_of_a_machine_that_has_none_beside_others_that_do() {
    assert_eq!(of(&proved(&all(), &[]), "b"), [(Stage::Boot, GateState::Open, at(9))]);
}

#[test]
fn what_nobody_answered_is_undecided_and_says_so() {
    let proved = proved(&vec![passed("invariants::a", 1)], &[]);
    let states: Vec<_> = of(&proved, "a").into_iter().map(|(stage, state, _)| (stage, state)).collect();
    let undecided = [(Stage::Invariants, GateState::Undecided), (Stage::Boot, GateState::Undecided)];
    assert_eq!(states, undecided);
    let reasons = &proved.decision.gates.last().expect("a gate").reasons;
    assert_eq!(reasons, &[(CheckId("boot::b".to_owned()), "not asked: no evidence is on record".to_owned())]);
}

#[test]
fn why_evidence_was_refused_is_told() {
    let why = "the signature is of a key that nobody allowed";
    let refused = Answer { at: at(1), verdict: Verdict::Skipped { reason: why.to_owned() } };
    let reasons =
        &proved(&vec![("boot::b", refused)], &[]).decision.gates.last().expect("a gate").reasons.clone();
    assert_eq!(reasons[0].1, format!("not asked: {why}"));
}

#[test]
fn a_failure_on_record_closes_unless_it_is_waived() {
    let mut answers = all();
    answers[2].1 = failed(4);
    assert_eq!(of(&proved(&answers, &[]), "a")[1], (Stage::Boot, GateState::Closed, at(4)));
    let waiver = Waiver {
        rule: "s/r".to_owned(),
        subject: None,
        test: None,
        reason: "known".to_owned(),
        expires: date(2026, 6, 22),
        place: Place::file("fleet.toml"),
    };
    assert_eq!(of(&proved(&answers, &[waiver]), "a")[1], (Stage::Boot, GateState::Open, at(4)));
}

#[test]
fn the_fleets_failure_closes_every_machine_that_has_such_a_gate() {
    let mut answers = all();
    answers[0].1 = failed(4);
    assert_eq!(of(&proved(&answers, &[]), "a")[0], (Stage::Invariants, GateState::Closed, at(4)));
}

#[test]
fn an_old_warning_makes_no_evidence_older() {
    let mut plan = plan();
    let warning =
        Check { severity: Severity::Warning, id: CheckId("w".to_owned()), ..check(Stage::Boot, "a") };
    plan.checks.push(warning);
    let mut answers = all();
    answers.push(passed("w", 0));
    let closures = [("a".into(), Closure("a".to_owned()))].into();
    let proved = prove(&plan, given(&answers), &[], date(2026, 6, 15), &closures);
    assert_eq!(of(&proved, "a")[1].2, at(3));
}
