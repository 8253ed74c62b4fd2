//! What nobody knows of the fleet: it is neither asked in vain nor taken for what the fleet does not have.

use jiff::civil::date;
use model::{
    fleet::TreeRef,
    machine::{MachineClass, MachineName},
    place::Place,
    plan::Note,
    subject::Subject,
    suite::{Part, Scope},
    survey::NixError,
    waiver::Waiver,
};

use crate::sample::{Sample, nix_unit, policy, sample, suite, tree};

/// Two machines of which `b` does not evaluate, asked about their facts, about their vars and as a whole.
fn harbour() -> Sample {
    let needs = [Part::Machines];
    let mut sample =
        sample().surveyed("a", MachineClass::Nixos).surveyed("b", MachineClass::Nixos).suite(suite(
            "host",
            [
                policy("all", Scope::Fleet, &needs),
                policy("name", Scope::Machine, &needs),
                policy("vars", Scope::Machine, &[]),
            ],
        ));
    sample.facts.parts.insert(Part::Machines);
    let failing = ["users", "sshd", "groups", "services", "toplevel"];
    let errors = failing.map(|fact| (fact.to_owned(), NixError::default()));
    sample.survey.machines.get_mut(&MachineName::from("b")).expect("b").errors = errors.into();
    sample
}

fn waive(sample: &mut Sample, rule: &str) {
    sample.fleet.fleet.waivers.push(Waiver {
        rule: rule.to_owned(),
        subject: Some(Subject::Machine("b".into())),
        test: None,
        reason: "known".to_owned(),
        expires: date(9999, 12, 31),
        place: Place::file("fleet.toml"),
    });
}

/// Of each check: why it is skipped, why it is blind, and whether a pass would be evidence.
#[track_caller]
fn sees(sample: &Sample, expected: &[(&str, Option<&str>, Option<&str>, bool)]) {
    let plan = sample.plan();
    let told: Vec<_> = plan
        .checks
        .iter()
        .map(|check| {
            (check.id.0.as_str(), check.skip.as_deref(), check.blind.as_deref(), check.key.is_some())
        })
        .collect();
    assert_eq!(told, expected);
}

const DARK: &str = "`b` does not evaluate: groups, services, sshd and 2 more";

#[test]
fn a_machine_that_does_not_evaluate_is_asked_nothing_about_its_facts() {
    let seen = [
        ("host::all", None, Some(DARK), false),
        ("host::name::a", None, None, true),
        ("host::vars::a", None, None, true),
        ("host::name::b", Some(DARK), Some(DARK), false),
        ("host::vars::b", None, None, true),
    ];
    sees(&harbour(), &seen);
    let mut with_other_waiver = harbour();
    waive(&mut with_other_waiver, "host/name");
    sees(&with_other_waiver, &seen);
}

#[test]
fn on_the_lowest_rung_it_is_asked_what_does_not_evaluate() {
    let mut sample = harbour();
    sample.suites[0].stage = model::stage::Stage::Expressions;
    assert!(sample.plan().checks.iter().all(|check| check.skip.is_none() && check.blind.is_none()));
}

#[test]
fn who_accepts_that_a_machine_does_not_evaluate_accepts_that_it_is_asked_nothing() {
    let mut sample = harbour();
    waive(&mut sample, "evaluation/machine-evaluates");
    let skip = format!("{DARK} (waived)");
    sees(
        &sample,
        &[
            ("host::all", None, None, true),
            ("host::name::a", None, None, true),
            ("host::vars::a", None, None, true),
            ("host::name::b", Some(skip.as_str()), None, true),
            ("host::vars::b", None, None, true),
        ],
    );
}

#[test]
fn a_machine_in_no_output_is_asked_and_passes_nothing() {
    let mut sample = sample()
        .machine("b", &[])
        .suite(suite("inventory", [policy("built", Scope::Machine, &[Part::Machines])]));
    sample.facts.parts.insert(Part::Machines);
    sees(&sample, &[("inventory::built::b", None, Some("`b` is in no output of the flake"), false)]);
    waive(&mut sample, "inventory/machine-is-built");
    sees(&sample, &[("inventory::built::b", None, None, true)]);
}

#[test]
fn what_was_not_evaluated_is_not_what_the_fleet_does_not_have() {
    let needs = [Part::Machines, Part::Vars];
    let rules = [policy("a", Scope::Fleet, &needs), policy("b", Scope::Fleet, &[Part::Vars])];
    let mut sample = sample().suite(suite("vars", rules));
    sample.survey.nix.clear();
    let unknown = Some("the fleet was not evaluated");
    sees(
        &sample,
        &[("vars::a", unknown, unknown, false), ("vars::b", Some("the fleet has no vars"), None, true)],
    );
}

#[test]
fn an_inventory_that_does_not_evaluate_is_one() {
    let mut sample = sample().suite(suite("roles", [policy("a", Scope::Fleet, &[Part::Inventory])]));
    sample.facts.parts.clear();
    sees(&sample, &[("roles::a", Some("the fleet has no inventory"), None, true)]);
    sample.survey.inventory_error = Some(NixError::default());
    let unknown = Some("the inventory does not evaluate");
    sees(&sample, &[("roles::a", unknown, unknown, false)]);
}

#[test]
fn a_tree_of_tests_that_was_not_evaluated_is_planned_and_not_asked() {
    let mut sample = sample().suite(nix_unit());
    sample.survey.nix.clear();
    let unknown = "the fleet was not evaluated";
    let suite = Note::EmptySuite { suite: "nix-unit".to_owned(), reason: unknown.to_owned() };
    let of_others = suite_of_one();
    assert!(sample.clone().suite(of_others).plan().notes.contains(&suite));
    sample.fleet.fleet.trees = Some(vec![TreeRef::File { path: "tests.nix".into() }]);
    sees(&sample, &[("nix-unit::tests.nix", Some(unknown), Some(unknown), false)]);
}

fn suite_of_one() -> model::suite::Suite {
    suite("source", [policy("a", Scope::Fleet, &[])])
}

#[test]
fn a_fleet_without_a_machine_and_without_a_test_has_nothing_to_prove() {
    let noted = |sample: Sample| sample.suite(suite_of_one()).plan().notes.contains(&Note::NothingToProve);
    assert!(noted(sample()));
    assert!(!noted(sample().surveyed("a", MachineClass::Nixos)));
    assert!(!noted(sample().machine("a", &[])));
    assert!(!noted(sample().tree(tree("tests", &["t"]))));
}
