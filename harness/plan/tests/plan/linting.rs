//! What is refused as a plan.

use std::collections::BTreeSet;

use model::suite::{Kind, Scope};
use proptest::prelude::*;

use crate::sample::{nix_unit, of_fleet, of_machine, policy, sample, suite, tree};

#[test]
fn nothing_to_ask_is_no_plan() {
    sample().refused(&["no check is selected"]);
    sample()
        .suite(suite("inventory", [of_fleet("roles")]))
        .filter("none()")
        .refused(&["no check is selected"]);
}

#[test]
fn two_suites_of_one_name_are_refused_and_so_are_their_checks() {
    sample()
        .suite(suite("x", [of_fleet("a"), of_fleet("b")]))
        .suite(suite("x", [of_fleet("a")]))
        .refused(&["two suites are called x", "two checks are called x::a"]);
}

#[test]
fn two_policies_of_one_package_are_refused_unless_they_are_the_same() {
    let mut other = policy("b", Scope::Fleet, &[]);
    if let Kind::Policy(policy) = &mut other.kind {
        policy.package = "a".to_owned();
    }
    let first = suite("x", [of_fleet("a")]);
    sample()
        .suite(first.clone())
        .suite(suite("y", [other]))
        .refused(&["two policies declare the package a: x/a and y/b"]);
    sample().suite(first).suite(suite("y", [of_fleet("a")])).asks(&["x::a", "y::a"]);
}

#[test]
fn names_that_do_not_exist_are_all_told() {
    sample()
        .machine("cinnabar", &["cloud"])
        .suite(suite("inventory", [of_fleet("roles")]))
        .select(|selection| {
            selection.machines = ["cinabar".into(), "zzz".into()].into();
            selection.tags = ["clouds".into()].into();
            selection.suites = ["inventary".into()].into();
        })
        .filter("machine(cinnbar) & suite(q*)")
        .refused(&[
            "no machine is called cinabar; did you mean cinnabar?",
            "no machine is called zzz",
            "no tag is called clouds; did you mean cloud?",
            "no suite is called inventary; did you mean inventory?",
            "filter: no machine is called cinnbar; did you mean cinnabar?",
            "filter: matches no suite",
        ]);
}

#[test]
fn a_filter_on_checks_that_no_check_fits_is_refused() {
    let sample = sample()
        .machine("a", &[])
        .suite(suite("host", [of_machine("name"), of_fleet("roles")]))
        .suite(nix_unit())
        .tree(tree("tests", &["net.open"]));
    sample.clone().filter("check(host::name::a) | check(host::rolls) | test(~shut)").refused(&[
        "filter: no check is called host::rolls; did you mean host::roles?",
        "filter: matches no test",
    ]);
    sample.filter("suite(host) - check(host::name::a) - test(net.open)").asks(&["host::roles"]);
}

#[test]
fn a_tag_that_the_inventory_defines_exists_even_if_no_machine_carries_it() {
    let mut sample = sample().machine("a", &[]).suite(suite("host", [of_machine("name"), of_fleet("roles")]));
    sample.fleet.fleet.inventory.tags.insert("spare".to_owned(), BTreeSet::new());
    sample.clone().select(|selection| selection.tags = ["spare".into()].into()).asks(&["host::roles"]);
    sample.filter("tag(spare) | check(host::roles)").asks(&["host::roles"]);
}

proptest! {
    #[test]
    fn a_plan_is_sorted_its_ids_are_unique_and_it_does_not_depend_on_the_order_of_suites(
        machines in prop::collection::btree_set("[a-d]{1,2}", 0..5),
        names in prop::collection::btree_set("[a-e]{1,2}", 1..5),
        tests in prop::collection::btree_set("[a-c.\"]{1,3}", 0..5),
        turn in 0..5_usize,
    ) {
        let mut sample = machines.iter().fold(sample(), |sample, name| sample.machine(name, &[]));
        for name in &names {
            let (m, f) = (format!("{name}m"), format!("{name}f"));
            sample = sample.suite(suite(name, [of_machine(&m), of_fleet(&f)]));
        }
        let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
        sample = sample.suite(nix_unit()).tree(tree("tests", &tests));
        let plan = sample.plan();
        let ids: BTreeSet<_> = plan.checks.iter().map(|check| &check.id).collect();
        prop_assert_eq!(ids.len(), plan.checks.len());
        prop_assert_eq!(plan.checks.len(), names.len() * (machines.len() + 1) + tests.len().max(1));
        prop_assert!(plan.checks.is_sorted_by_key(|check| (check.stage, &check.suite, &check.subject)));
        let turn = turn % sample.suites.len();
        sample.suites.rotate_left(turn);
        prop_assert_eq!(plan, sample.plan());
    }
}
