//! What a selection keeps.

use model::{machine::MachineClass, plan::Note, stage::Stage};

use crate::sample::{Sample, nix_unit, of_fleet, of_machine, sample, suite, tree};

/// Machines `a` (cloud), `b` and the surveyed `c` (darwin); a host suite, an inventory suite and a test.
fn harbour() -> Sample {
    sample()
        .machine("a", &["cloud"])
        .machine("b", &[])
        .surveyed("c", MachineClass::Darwin)
        .suite(suite("host", [of_machine("name")]))
        .suite(suite("inventory", [of_fleet("roles")]))
        .suite(nix_unit())
        .tree(tree("tests", &["net.a"]))
}

const TEST: &str = "nix-unit::.#tests::net.a";

#[test]
fn a_machine_is_selected_by_name_or_by_tag_and_the_fleet_stays() {
    harbour().select(|selection| selection.machines = ["b".into()].into()).asks(&[
        TEST,
        "host::name::b",
        "inventory::roles",
    ]);
    harbour().select(|selection| selection.tags = ["cloud".into()].into()).asks(&[
        TEST,
        "host::name::a",
        "inventory::roles",
    ]);
    harbour()
        .select(|selection| {
            selection.machines = ["b".into()].into();
            selection.tags = ["cloud".into(), "darwin".into()].into();
        })
        .asks(&[TEST, "host::name::a", "host::name::b", "host::name::c", "inventory::roles"]);
}

#[test]
fn the_header_names_the_selected_machines_and_stages() {
    let plan = harbour()
        .select(|selection| {
            selection.machines = ["b".into()].into();
            selection.stages = [Stage::Invariants].into();
        })
        .plan();
    assert_eq!(plan.header.machines, ["b".into()].into());
    assert_eq!(plan.header.stages, [Stage::Invariants].into());
}

#[test]
fn stages_and_suites_narrow_what_machines_leave() {
    harbour().select(|selection| selection.stages = [Stage::Expressions].into()).asks(&[TEST]);
    harbour()
        .select(|selection| {
            selection.suites = ["host".into(), "nix-unit".into()].into();
            selection.stages = [Stage::Invariants].into();
            selection.machines = ["a".into()].into();
        })
        .asks(&["host::name::a"]);
}

#[test]
fn a_filter_narrows_further() {
    harbour().filter("tag(cloud) | test(net.a)").asks(&[TEST, "host::name::a"]);
    harbour().filter("class(darwin)").asks(&["host::name::c"]);
    harbour().filter("!machine(*)").asks(&[TEST, "inventory::roles"]);
    harbour().filter("check(host::name::b)").asks(&["host::name::b"]);
}

#[test]
fn a_suite_that_was_asked_for_and_came_to_nothing_is_noted() {
    let notes = |sample: Sample| sample.plan().notes;
    let of_host = |reason: &str| Note::EmptySuite { suite: "host".into(), reason: reason.into() };
    let by_name = harbour().select(|selection| selection.suites = ["host".into(), "inventory".into()].into());
    assert!(
        notes(by_name.filter("suite(inventory)")).contains(&of_host("the filter leaves none of its checks"))
    );
    assert!(
        !notes(harbour().filter("suite(inventory)"))
            .iter()
            .any(|note| matches!(note, Note::EmptySuite { .. }))
    );
}

#[test]
fn a_stage_that_was_not_selected_is_not_one_without_checks() {
    let unselected = |sample: Sample| {
        let plan = sample.plan();
        let stages = plan.notes.iter().filter_map(|note| match note {
            Note::Unselected { stage } => Some(*stage),
            _ => None,
        });
        (plan.header.partial, stages.collect::<Vec<_>>())
    };
    assert_eq!(unselected(harbour()), (false, vec![]));
    let of_host = harbour().select(|selection| selection.suites = ["host".into()].into());
    let notes = of_host.plan().notes;
    assert!(!notes.contains(&Note::EmptyStage { stage: Stage::Expressions }), "{notes:?}");
    assert!(notes.contains(&Note::EmptyStage { stage: Stage::Boot }), "{notes:?}");
    assert_eq!(unselected(of_host), (true, vec![Stage::Expressions]));
    let by_stage = harbour().select(|selection| selection.stages = [Stage::Invariants].into());
    assert_eq!(unselected(by_stage), (true, vec![Stage::Expressions]));
    assert_eq!(unselected(harbour().filter("suite(host)")), (true, vec![Stage::Expressions]));
    let one_machine = harbour().select(|selection| selection.machines = ["a".into()].into());
    assert_eq!(unselected(one_machine), (true, vec![]));
}
