//! What the document says of a small fleet, and where it says that it is written.

use std::collections::BTreeMap;

use model::{
    machine::{MachineClass, MachineName},
    survey::{MachineSurvey, ModuleSurvey, NixError, Survey},
    tree::{Entry, Node, Tree},
};
use serde_json::json;

use super::*;

const TODAY: Date = jiff::civil::date(2026, 11, 20);

fn tree(files: &[(&str, &str)]) -> Tree {
    let entry = |(path, text): &(&str, &str)| Entry {
        path: (*path).to_owned(),
        node: Node::File { size: text.len() as u64, text: Some((*text).to_owned()) },
    };
    let mut entries: Vec<_> = files.iter().map(entry).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { entries }
}

fn survey(machines: &[(&str, Value)]) -> Survey {
    let machine = |(name, facts): &(&str, Value)| {
        let facts = serde_json::from_value::<BTreeMap<_, _>>(facts.clone()).unwrap();
        let survey = MachineSurvey { facts, ..MachineSurvey::default() };
        (MachineName::from(*name), survey)
    };
    Survey { nix: "2.34.8".to_owned(), machines: machines.iter().map(machine).collect(), ..Survey::default() }
}

fn of(fleet_toml: &str, survey: &Survey, tree: &Tree) -> Facts {
    let (fleet, problems) = crate::fleet_toml::parse("fleet.toml", fleet_toml.as_bytes());
    let fleet = fleet.unwrap_or_else(|| panic!("{problems:?}"));
    assemble(&crate::resolve::resolve(fleet), survey, tree, TODAY)
}

#[track_caller]
fn written(facts: &Facts, pointer: &str, place: &str) {
    assert_eq!(facts.places.find(pointer).map(ToString::to_string).as_deref(), Some(place), "{pointer}");
}

#[test]
fn an_option_is_written_in_the_machines_own_file() {
    let tree = tree(&[
        ("hosts/a.nix", "{\n  networking.hostName = \"a\";\n}"),
        ("hosts/b.nix", "{\n\n  networking = { hostName = \"b\"; };\n}"),
        ("base.nix", "{ system.stateVersion = \"25.11\"; users.users.crs58.uid = 550; }"),
    ]);
    let facts = json!({ "hostName": "x", "stateVersion": "25.11", "users": { "crs58": { "uid": 550 } } });
    let facts = of("", &survey(&[("a", facts.clone()), ("b", facts)]), &tree);
    written(&facts, "/machines/a/facts/hostName", "hosts/a.nix:2:3");
    written(&facts, "/machines/b/facts/hostName", "hosts/b.nix:3:18");
    written(&facts, "/machines/b/facts/stateVersion", "base.nix:1:3");
    written(&facts, "/machines/a/facts/users/crs58/uid", "base.nix:1:34");
}

#[test]
fn what_nobody_defines_is_in_the_machines_file_and_never_in_anothers() {
    let tree = tree(&[("hosts/a.nix", "{ networking.hostId = \"1\"; }"), ("hosts/b/default.nix", "{ }")]);
    let survey =
        survey(&[("a", json!({ "hostId": "1" })), ("b", json!({ "hostId": null })), ("c", json!({}))]);
    let facts = of("", &survey, &tree);
    written(&facts, "/machines/b/facts/hostId", "hosts/b/default.nix");
    written(&facts, "/machines/c/facts/hostId", "flake.nix");
}

#[test]
fn an_error_is_where_the_evaluator_says_if_that_is_a_file_of_the_users() {
    let mut survey = survey(&[("a", json!({}))]);
    let error = |file: &str| NixError {
        message: "no".to_owned(),
        file: Some(file.to_owned()),
        line: Some(3),
        column: Some(7),
        trace: vec!["long".to_owned()],
        ..NixError::default()
    };
    let machine = survey.machines.get_mut("a").unwrap();
    machine.errors.insert("toplevel".to_owned(), error("hosts/a.nix"));
    machine.errors.insert("users".to_owned(), error("/nix/store/x-source/lib/modules.nix"));
    let facts = of("", &survey, &tree(&[("flake.nix", "{ }")]));
    written(&facts, "/machines/a/errors/toplevel", "hosts/a.nix:3:7");
    written(&facts, "/machines/a/errors/users", "flake.nix");
    assert_eq!(facts.document.pointer("/machines/a/errors/toplevel/message"), Some(&json!("no")));
    assert_eq!(facts.document.pointer("/machines/a/errors/toplevel/trace"), None);
}

#[test]
fn a_part_that_was_not_gathered_is_not_there() {
    let facts = of("", &Survey::default(), &Tree::default());
    assert_eq!(facts.parts, [Part::Inventory].into());
    let tree = tree(&[("vars/shared/g/f/value", "x"), ("flake.nix", "{ }")]);
    let facts = of("", &survey(&[]), &tree);
    assert_eq!(facts.parts, [Part::Inventory, Part::Machines, Part::Source, Part::Vars].into());
}

#[test]
fn a_module_says_what_clan_told_of_it_and_nothing_else() {
    let told = |schemas: Option<Value>, constraints: Option<Value>| ModuleSurvey { schemas, constraints };
    let limits = json!({ "maxInstances": 1, "roles": {} });
    let of_core = [
        ("both", told(Some(json!({ "peer": { "type": "object" } })), Some(limits.clone()))),
        ("no-interface", told(None, Some(limits.clone()))),
        ("no-limits", told(Some(json!({})), None)),
        ("nothing", told(None, None)),
    ];
    let of_core = of_core.map(|(name, module)| (name.to_owned(), module)).into();
    let modules = [("clan-core".to_owned(), Some(of_core)), ("unknown".to_owned(), None)].into();
    let facts = of("", &Survey { modules: Some(modules), ..survey(&[]) }, &Tree::default());
    assert!(facts.parts.contains(&Part::Modules));
    let expected = json!({
        "clan-core": {
            "both": { "roles": { "peer": { "schema": { "type": "object" } } }, "constraints": limits },
            "no-interface": { "constraints": limits },
            "no-limits": { "roles": {} },
            "nothing": {},
        },
        "unknown": null,
    });
    assert_eq!(facts.document["modules"], expected);
}

#[test]
fn a_machine_says_which_others_have_its_name() {
    let mut survey = survey(&[("a", json!({})), ("b", json!({}))]);
    survey.machines.get_mut("a").unwrap().shadows = vec![MachineClass::Darwin, MachineClass::Home];
    let facts = of("", &survey, &Tree::default());
    assert_eq!(facts.document["machines"]["a"]["shadows"], json!(["darwin", "home"]));
    assert_eq!(facts.document["machines"]["b"]["shadows"], json!([]));
}

#[test]
fn a_waiver_expires_with_its_last_day() {
    let waiver = |day: &str| format!("[[waivers]]\nrule = \"a/b\"\nreason = \"r\"\nexpires = \"{day}\"\n");
    for (day, expired) in [("2026-11-19", true), ("2026-11-20", false)] {
        let facts = of(&waiver(day), &Survey::default(), &Tree::default());
        assert_eq!(facts.document.pointer("/waivers/0/expired"), Some(&json!(expired)), "{day}");
        written(&facts, "/waivers/0", "fleet.toml:1:1");
    }
}

#[test]
fn the_digest_is_of_the_document_alone() {
    let one = of("", &survey(&[("a", json!({ "hostName": "a" }))]), &tree(&[("flake.nix", "{ }")]));
    let same =
        of("# a comment\n", &survey(&[("a", json!({ "hostName": "a" }))]), &tree(&[("flake.nix", "{ }")]));
    let other = of("", &survey(&[("a", json!({ "hostName": "b" }))]), &tree(&[("flake.nix", "{ }")]));
    assert_eq!(one.digest, same.digest);
    assert_ne!(one.digest, other.digest);
}
