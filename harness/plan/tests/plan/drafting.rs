//! Which checks there are, and in which order.

use model::{
    check::Question,
    machine::MachineClass,
    place::Place,
    plan::Note,
    stage::Stage,
    subject::Subject,
    suite::{Part, Scope, Severity},
    waiver::Waiver,
};

use crate::sample::{TODAY, nix_unit, of_fleet, of_machine, policy, sample, suite, tree};

#[test]
fn a_policy_is_asked_once_of_the_fleet_or_once_of_each_machine() {
    sample()
        .machine("b", &[])
        .machine("a", &[])
        .surveyed("b", MachineClass::Nixos)
        .surveyed("c", MachineClass::Darwin)
        .suite(suite("host", [of_machine("name"), of_fleet("some")]))
        .asks(&["host::some", "host::name::a", "host::name::b", "host::name::c"]);
}

#[test]
fn every_test_is_a_check_of_its_own() {
    let sample =
        sample().suite(nix_unit()).tree(tree("tests", &["b.testX", "a"])).tree(tree("libTests", &["t"]));
    sample.asks(&["nix-unit::.#tests::b.testX", "nix-unit::.#tests::a", "nix-unit::.#libTests::t"]);
    let first = &sample.plan().checks[0];
    assert_eq!((first.rule.as_str(), &first.subject), ("nix-unit/tests", &Subject::Fleet));
    let Question::Expression { path, .. } = &first.question else { panic!("an expression") };
    assert_eq!(path, &["b", "testX"]);
}

#[test]
fn a_test_path_is_written_as_nix_writes_it() {
    let mut tests = tree("t", &[]);
    tests.tests = [vec!["a", "b"], vec!["a.b"], vec!["a\"b"], vec!["", "x y"], vec!["::"]]
        .map(|path| path.into_iter().map(str::to_owned).collect())
        .into();
    sample().suite(nix_unit()).tree(tests).asks(&[
        "nix-unit::.#t::a.b",
        r#"nix-unit::.#t::"a.b""#,
        r#"nix-unit::.#t::"a\"b""#,
        r#"nix-unit::.#t::""."x y""#,
        r#"nix-unit::.#t::"::""#,
    ]);
}

#[test]
fn the_waivers_that_count_today_stand_in_the_plan() {
    let waiver = |rule: &str, expires| Waiver {
        rule: rule.to_owned(),
        subject: None,
        test: None,
        reason: "a lab".to_owned(),
        expires,
        place: Place::file("fleet.toml"),
    };
    let mut sample = sample().suite(suite("host", [of_fleet("some")]));
    sample.fleet.fleet.waivers =
        vec![waiver("host/some", TODAY), waiver("host/other", TODAY.yesterday().unwrap())];
    let rules: Vec<_> = sample.plan().waivers.into_iter().map(|waiver| waiver.rule).collect();
    assert_eq!(rules, ["host/some"]);
}

#[test]
fn what_could_not_be_walked_is_asked_about() {
    sample()
        .suite(nix_unit())
        .tree(tree("tests", &["a"]))
        .broken(&["b", "c"])
        .tree(tree("rooted", &[]))
        .broken(&[])
        .tree(tree("empty", &[]))
        .asks(&["nix-unit::.#tests::a", "nix-unit::.#tests::b.c", "nix-unit::.#rooted", "nix-unit::.#empty"]);
}

#[test]
fn checks_stand_by_stage_then_suite_then_subject_then_as_written() {
    sample()
        .machine("b", &[])
        .machine("a", &[])
        .suite(suite("zebra", [of_fleet("one")]))
        .suite(suite("host", [of_machine("z"), of_machine("y"), of_fleet("x")]))
        .suite(nix_unit())
        .tree(tree("tests", &["t"]))
        .asks(&[
            "nix-unit::.#tests::t",
            "host::x",
            "host::z::a",
            "host::y::a",
            "host::z::b",
            "host::y::b",
            "zebra::one",
        ]);
}

#[test]
fn a_check_carries_what_its_definition_says() {
    let mut definition = of_fleet("taste");
    definition.severity = Severity::Warning;
    let plan = sample().suite(suite("style", [definition.clone()])).plan();
    let check = &plan.checks[0];
    assert_eq!(
        (check.severity, check.limit, check.stage),
        (Severity::Warning, definition.timeout, Stage::Invariants)
    );
    assert_eq!((check.suite.as_str(), check.rule.as_str()), ("style", "style/taste"));
    assert_eq!((&check.skip, &check.reuse), (&None, &None));
}

#[test]
fn a_policy_that_needs_what_was_not_gathered_is_skipped_and_says_why() {
    let needs = [Part::Inventory, Part::Vars, Part::Source];
    let plan = sample()
        .suite(suite("vars", [policy("a", Scope::Fleet, &needs), policy("b", Scope::Fleet, &needs[..1])]))
        .plan();
    let skips: Vec<_> = plan.checks.iter().map(|check| check.skip.as_deref()).collect();
    assert_eq!(skips, [Some("the fleet has no source tree and no vars"), None]);
}

#[test]
fn a_policy_is_held_once_and_only_if_it_is_asked() {
    let sample =
        sample().machine("a", &[]).machine("b", &[]).suite(suite("host", [of_machine("x"), of_machine("y")]));
    let packages = |plan: model::plan::Plan| plan.policies.into_keys().collect::<Vec<_>>();
    assert_eq!(packages(sample.plan()), ["x", "y"]);
    assert_eq!(packages(sample.filter("rule(host/y)").plan()), ["y"]);
}

#[test]
fn the_header_says_what_the_plan_is_about() {
    let plan = sample().machine("a", &[]).suite(suite("host", [of_machine("x")])).plan();
    assert_eq!((plan.header.fleet.as_str(), plan.header.tool.as_str()), ("harbour", "0.1.0"));
    assert_eq!(plan.header.machines, ["a".into()].into());
    assert_eq!(plan.header.stages, Stage::ALL.into());
}

#[test]
fn what_is_not_proven_is_noted() {
    let plan = sample()
        .suite(suite("host", [of_machine("name")]))
        .suite(suite("inventory", [of_fleet("roles")]))
        .suite(nix_unit())
        .select(|selection| selection.stages = [Stage::Expressions, Stage::Invariants, Stage::Mesh].into())
        .plan();
    assert_eq!(
        plan.notes,
        [
            Note::EmptyStage { stage: Stage::Expressions },
            Note::EmptyStage { stage: Stage::Mesh },
            Note::EmptySuite { suite: "host".to_owned(), reason: "the fleet has no machine".to_owned() },
            Note::NoTests,
            Note::NothingToProve,
        ]
    );
}

#[test]
fn a_full_plan_has_nothing_to_note() {
    let plan = sample()
        .suite(suite("inventory", [of_fleet("roles")]))
        .suite(nix_unit())
        .tree(tree("tests", &["a"]))
        .select(|selection| selection.stages = [Stage::Expressions, Stage::Invariants].into())
        .plan();
    assert_eq!(plan.notes, []);
}

#[test]
fn that_there_are_no_tests_is_noted_once_however_many_suites_look_for_them() {
    let plan = sample()
        .suite(suite("inventory", [of_fleet("roles")]))
        .suite(nix_unit())
        .suite(model::suite::Suite { name: "more".to_owned(), ..nix_unit() })
        .select(|selection| {
            selection.stages = [Stage::Expressions, Stage::Invariants].into();
            selection.suites = ["inventory".into(), "nix-unit".into(), "more".into()].into();
        })
        .plan();
    assert_eq!(
        plan.notes,
        [Note::EmptyStage { stage: Stage::Expressions }, Note::NoTests, Note::NothingToProve]
    );
}
