//! What is asked of machines that are booted as guests.

use std::collections::BTreeSet;

use model::{
    check::Question,
    digest::Digest,
    fleet::{BootSource, Given},
    machine::MachineClass,
    stage::Stage,
    suite::{CheckDefinition, Kind, Part, Scope, Suite},
    survey::{MachineSurvey, NixError},
};
use serde_json::{Value, json};

use crate::sample::{Sample, policy, sample, suite};

/// A suite of one question to each guest.
fn boot() -> Suite {
    let CheckDefinition { kind, .. } = policy("up", Scope::Machine, &[Part::Boot, Part::Guest]);
    let Kind::Policy(held) = kind else { panic!("a policy") };
    let up = CheckDefinition { kind: Kind::Guest(held), ..policy("up", Scope::Machine, &[]) };
    Suite { stage: Stage::Boot, ..suite("boot", [up]) }
}

fn harbour() -> Sample {
    let surveyed = sample().surveyed("a", MachineClass::Nixos).surveyed("mac", MachineClass::Darwin);
    let mut harbour = surveyed.machine("a", &[]).suite(boot());
    harbour.facts.parts.insert(Part::Machines);
    harbour.survey.system = "x86_64-linux".to_owned();
    harbour.facts.document["machines"] = json!({"a": {"facts": {
        "toplevel": "/nix/store/aaa-a.drv", "boots": "configuration", "system": "x86_64-linux", "hostName": "a",
        "generators": {"key": {"path": "/nix/store/bbb-source/key"}},
    }}});
    harbour
}

fn change(harbour: &mut Sample, pointer: &str, value: &str) {
    *harbour.facts.document.pointer_mut(pointer).expect("a place in the facts") = value.into();
}

#[test]
fn only_nixos_machines_are_booted() {
    harbour().asks(&["boot::up::a"]);
}

#[test]
fn what_is_built_for_another_system_is_skipped_and_says_so() {
    let mut harbour = harbour();
    change(&mut harbour, "/machines/a/facts/system", "aarch64-linux");
    let plan = harbour.plan();
    assert_eq!(
        plan.checks[0].skip.as_deref(),
        Some("it is built for aarch64-linux, and this is x86_64-linux")
    );
}

#[test]
fn an_answer_stands_for_the_derivation_and_the_facts_but_not_for_where_the_sources_lie() {
    let key = |change: fn(&mut Sample)| {
        let mut harbour = harbour();
        change(&mut harbour);
        harbour.plan().checks[0].key
    };
    let as_it_is = key(|_| {}).expect("a key");
    let moved =
        key(|harbour| change(harbour, "/machines/a/facts/generators/key/path", "/nix/store/ccc-source/key"));
    assert_eq!(moved, Some(as_it_is));
    let built_anew = key(|harbour| change(harbour, "/machines/a/facts/toplevel", "/nix/store/ddd-a.drv"));
    assert_ne!(built_anew, Some(as_it_is));
    assert_ne!(key(|harbour| change(harbour, "/machines/a/facts/hostName", "b")), Some(as_it_is));
    assert_eq!(key(|harbour| harbour.facts.document = json!({})), None, "nobody knows what would be booted");
}

#[test]
fn only_of_machines_of_which_the_fleet_asks_something_its_asks_are_asked() {
    let CheckDefinition { kind, .. } = policy("asks", Scope::Machine, &[Part::Boot, Part::Guest, Part::Asks]);
    let Kind::Policy(held) = kind else { panic!("a policy") };
    let asks = CheckDefinition { kind: Kind::Guest(held), ..policy("asks", Scope::Machine, &[]) };
    let suite = || Suite { stage: Stage::Boot, ..suite("asked", [asks.clone()]) };
    harbour().suite(suite()).asks(&["boot::up::a"]);
    let mut asking = harbour().suite(suite());
    asking.facts.document["asks"] = json!([{"unit": "x", "machines": ["a"]}]);
    let without = harbour().plan().checks[0].key;
    let plan = asking.plan();
    let ids: Vec<&str> = plan.checks.iter().map(|check| check.id.0.as_str()).collect();
    assert_eq!(ids, ["asked::asks::a", "boot::up::a"]);
    assert_ne!(plan.checks[1].key, without, "an answer stands for what is asked, too");
    asking.facts.document["asks"] = json!([{"unit": "x", "machines": ["b"]}]);
    asking.asks(&["boot::up::a"]);
}

#[test]
fn what_does_not_evaluate_is_not_booted() {
    let told = |harbour: Sample| {
        let check = harbour.plan().checks.remove(0);
        assert_eq!((&check.skip, check.key), (&check.blind, None));
        check.skip
    };
    let mut dark = harbour();
    let error = ("toplevel".to_owned(), NixError::default());
    dark.survey.machines.insert("a".into(), MachineSurvey { errors: [error].into(), ..Default::default() });
    assert_eq!(told(dark).as_deref(), Some("`a` does not evaluate: toplevel"));
    let mut without_flake = harbour();
    without_flake.survey.nix.clear();
    without_flake.facts.parts.remove(&Part::Machines);
    assert_eq!(told(without_flake).as_deref(), Some("the fleet was not evaluated"));
}

/// Gives `a` a kernel to boot.
fn give(harbour: &mut Sample) {
    let given = Given { kernel: ".#kernel".to_owned(), initrd: None, root: None, append: "quiet".to_owned() };
    harbour.fleet.fleet.boot.given.insert("a".into(), given);
}

/// That it offers a virtual machine, and no more.
const VM: &str = "/nix/store/eee-vm.drv";

fn boots(harbour: &mut Sample, what: Value) {
    harbour.facts.document["machines"]["a"]["facts"]["boots"] = what;
}

fn source(harbour: &Sample) -> BootSource {
    let Question::Guest { source, .. } = harbour.plan().checks.remove(0).question else { panic!("a guest") };
    source
}

#[test]
fn what_is_booted_is_pinned_and_nothing_that_is_further_from_the_machine() {
    let mut harbour = harbour();
    give(&mut harbour);
    assert_eq!(source(&harbour), BootSource::Configuration);
    boots(&mut harbour, VM.into());
    assert_eq!(source(&harbour), BootSource::VmBuild);
    boots(&mut harbour, Value::Null);
    assert_eq!(source(&harbour).as_str(), "given");
    harbour.fleet.fleet.boot.given.clear();
    let told = harbour.plan().checks.remove(0).skip.expect("why it is not booted");
    assert!(told.ends_with("and fleet.toml no `[boot.given.a]`"), "{told}");
}

#[test]
fn an_answer_stands_for_the_source_of_what_was_booted() {
    let key = |change: fn(&mut Sample)| {
        let mut harbour = harbour();
        change(&mut harbour);
        harbour.plan().checks[0].key
    };
    let given: fn(&mut Sample) = |harbour| {
        give(harbour);
        boots(harbour, Value::Null);
    };
    let keys = [
        key(|_| {}),
        key(|harbour| boots(harbour, VM.into())),
        key(|harbour| boots(harbour, "/nix/store/fff-vm.drv".into())),
        key(given),
    ];
    assert_eq!(keys.iter().flatten().collect::<BTreeSet<_>>().len(), 4, "{keys:?}");
    assert_eq!(key(give), keys[0], "what is given and not booted changes nothing");
}

#[test]
fn an_answer_of_what_is_given_stands_for_that_and_for_every_file_of_the_fleet() {
    let key = |change: fn(&mut Sample)| {
        let mut harbour = harbour();
        give(&mut harbour);
        boots(&mut harbour, Value::Null);
        change(&mut harbour);
        harbour.plan().checks[0].key.expect("a key")
    };
    let as_it_is = key(|_| {});
    assert_ne!(key(|harbour| harbour.tree = Digest::of("another tree")), as_it_is);
    let loud = |harbour: &mut Sample| {
        let given = harbour.fleet.fleet.boot.given.get_mut("a").expect("what is given");
        given.append.clear();
    };
    assert_ne!(key(loud), as_it_is);
}

#[test]
fn a_machine_that_is_in_no_output_is_booted_where_it_is_given_what_to_boot() {
    let check = |mut harbour: Sample| {
        harbour.survey.machines.remove("a");
        harbour.facts.document["machines"] = json!({});
        let up = policy("up", Scope::Machine, &[Part::Boot]);
        let Kind::Policy(held) = up.kind.clone() else { panic!("a policy") };
        let up = CheckDefinition { kind: Kind::Guest(held), ..up };
        harbour.suites = vec![Suite { stage: Stage::Boot, ..suite("boot", [up]) }];
        harbour.plan().checks.remove(0)
    };
    let given = |change: fn(&mut Sample)| {
        let mut harbour = harbour();
        give(&mut harbour);
        change(&mut harbour);
        check(harbour)
    };
    assert!(check(harbour()).blind.is_some());
    let asked = given(|_| {});
    assert_eq!((&asked.skip, &asked.blind), (&None, &None));
    let without_flake = given(|harbour| {
        harbour.survey.nix.clear();
        harbour.facts.parts.remove(&Part::Machines);
    });
    assert_eq!(without_flake.skip.as_deref(), Some("the fleet was not evaluated"));
}

#[test]
fn what_is_given_does_not_stand_for_a_configuration_that_does_not_evaluate() {
    let mut harbour = harbour();
    give(&mut harbour);
    boots(&mut harbour, Value::Null);
    let error = ("toplevel".to_owned(), NixError::default());
    harbour
        .survey
        .machines
        .insert("a".into(), MachineSurvey { errors: [error].into(), ..Default::default() });
    assert_eq!(harbour.plan().checks.remove(0).skip.as_deref(), Some("`a` does not evaluate: toplevel"));
}
