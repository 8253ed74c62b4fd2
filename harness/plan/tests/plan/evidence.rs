//! Which earlier answers stand.

use std::collections::HashMap;

use jiff::Timestamp;
use model::{
    digest::Digest,
    evidence::{Evidence, RunId},
    fleet::TreeRef,
    locks::Locks,
    measurement::{Measurement, Unit},
    plan::Plan,
    suite::{Kind, Part, Scope},
};
use plan::attach;

use crate::sample::{Sample, nix_unit, of_machine, policy, sample, suite, tree};

/// One policy on one machine, and one test.
fn harbour() -> Sample {
    sample()
        .machine("a", &[])
        .suite(suite("host", [of_machine("name")]))
        .suite(nix_unit())
        .tree(tree("tests", &["t"]))
}

/// The keys of the test and of the policy.
#[track_caller]
fn keys(sample: &Sample) -> [Digest; 2] {
    let plan = sample.plan();
    [0, 1].map(|at| plan.checks[at].key.expect("a key"))
}

/// Whether a change asks the test and the policy anew.
#[track_caller]
fn asks_anew(change: impl FnOnce(&mut Sample), test: bool, policy: bool) {
    let before = harbour();
    let mut after = before.clone();
    change(&mut after);
    let (before, after) = (keys(&before), keys(&after));
    assert_eq!([before[0] != after[0], before[1] != after[1]], [test, policy]);
}

#[test]
fn a_key_depends_on_everything_that_the_answer_does_and_on_nothing_else() {
    asks_anew(|_| {}, false, false);
    asks_anew(|sample| sample.tree = Digest::of("other"), true, false);
    asks_anew(|sample| sample.facts.digest = Digest::of("other"), false, true);
    asks_anew(|sample| sample.tool = "0.2.0".to_owned(), true, true);
    asks_anew(|sample| sample.capabilities.push("kvm".to_owned()), true, true);
    asks_anew(|sample| sample.suites[0].checks[0].digest = Digest::of("other"), false, true);
    asks_anew(|sample| sample.suites[1].checks[0].digest = Digest::of("other"), true, false);
    asks_anew(|sample| sample.survey.trees[0].tests[0][0] = "u".to_owned(), true, false);
    asks_anew(|sample| *sample = sample.clone().machine("b", &[]), false, false);
    let other = TreeRef::Flake { attribute: vec!["other".to_owned()] };
    asks_anew(|sample| sample.survey.trees[0].origin = other, true, false);
}

#[test]
fn where_a_part_ends_matters_to_a_key() {
    let with = |tool: &str, capability: &str| {
        let mut sample = harbour();
        (sample.tool, sample.capabilities) = (tool.to_owned(), vec![capability.to_owned()]);
        keys(&sample)
    };
    assert_ne!(with("a", "bc"), with("ab", "c"));
}

#[test]
fn no_two_checks_share_a_key() {
    let machines = ["a", "b", "fleet"].iter().fold(sample(), |sample, name| sample.machine(name, &[]));
    let mut asked_of_all = policy("all", Scope::Fleet, &[]);
    asked_of_all.digest = Digest::of("name");
    let plan = machines
        .suite(suite("host", [of_machine("name"), asked_of_all]))
        .suite(suite("other", [of_machine("name")]))
        .suite(nix_unit())
        .tree(tree("tests", &["a.b", "a"]))
        .tree(tree("more", &["a.b"]))
        .plan();
    let keys: std::collections::BTreeSet<_> = plan.checks.iter().map(|check| check.key).collect();
    assert_eq!(keys.len(), plan.checks.len());
}

#[test]
fn a_test_in_a_file_is_never_reused() {
    let mut sample = harbour();
    sample.survey.trees[0].origin = TreeRef::File { path: "tests.nix".to_owned() };
    assert_eq!(sample.plan().checks[0].key, None);
}

/// A pass of every check of a plan that has a key.
fn passes(plan: &Plan) -> HashMap<Digest, Evidence> {
    let of = |check: &model::check::Check| {
        let key = check.key?;
        let run = RunId("earlier".to_owned());
        let measurements = vec![seconds(12)];
        Some((key, Evidence { key, check: check.id.clone(), run, at: Timestamp::UNIX_EPOCH, measurements }))
    };
    plan.checks.iter().filter_map(of).collect()
}

fn seconds(value: u32) -> Measurement {
    let metric = "boot/time".try_into().expect("a metric");
    Measurement { metric, of: None, value: value.into(), unit: Unit::Seconds }
}

fn reused(plan: &Plan) -> Vec<bool> {
    plan.checks.iter().map(|check| check.reuse.is_some()).collect()
}

#[test]
fn a_pass_stands_for_a_check_of_the_same_key_only() {
    let plan = harbour().plan();
    let mut evidence = passes(&plan);
    assert_eq!(reused(&attach(plan.clone(), &evidence, false)), [true, true]);
    evidence.remove(&plan.checks[0].key.expect("a key"));
    assert_eq!(reused(&attach(plan.clone(), &evidence, false)), [false, true]);
    let changed = Sample { tree: Digest::of("other"), ..harbour() }.plan();
    assert_eq!(reused(&attach(changed, &passes(&plan), false)), [false, true]);
}

#[test]
fn a_pass_that_stands_brings_along_what_was_measured() {
    let plan = harbour().plan();
    let attached = attach(plan.clone(), &passes(&plan), false);
    let reuse = attached.checks[0].reuse.as_ref().expect("it stands");
    assert_eq!(reuse.measurements, [seconds(12)]);
}

#[test]
fn asking_afresh_reuses_nothing() {
    let plan = harbour().plan();
    let evidence = passes(&plan);
    let before = attach(plan, &evidence, false);
    assert_eq!(reused(&attach(before, &evidence, true)), [false, false]);
}

#[test]
fn a_check_that_is_skipped_is_not_answered_by_evidence() {
    let mut sample = harbour();
    if let Kind::Policy(policy) = &mut sample.suites[0].checks[0].kind {
        policy.needs = [Part::Vars].into();
    }
    let plan = sample.plan();
    assert!(plan.checks[1].skip.is_some());
    assert_eq!(reused(&attach(plan.clone(), &passes(&plan), false)), [true, false]);
}

#[test]
fn evidence_that_is_filed_under_the_wrong_key_stands_for_nothing() {
    let plan = harbour().plan();
    let mut evidence = passes(&plan);
    evidence.values_mut().for_each(|evidence| evidence.key = Digest::of("other"));
    assert_eq!(reused(&attach(plan, &evidence, false)), [false, false]);
}

#[test]
fn nothing_has_a_key_while_an_input_is_not_locked() {
    for locks in [Locks::Missing(["o".to_owned()].into()), Locks::Unknown] {
        let mut sample = harbour();
        sample.survey.locks = locks;
        assert!(sample.plan().checks.iter().all(|check| check.key.is_none()));
    }
}
