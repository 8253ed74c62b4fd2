//! What `init` writes reads back as the fleet that it was written from: here, and in Nix. What it teaches is right.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf},
    process::Command,
};

use load::{diagnostic::Diagnostic, flake_fleet};
use model::{
    facts::Places,
    fleet::{Fleet, FleetSource},
    inventory::{Instance, Inventory, Member, Meta, Module, Role},
    machine::{Deploy, Machine, MachineClass, MachineName},
    survey::Survey,
};
use proptest::{
    collection::{btree_map, btree_set},
    option,
    prelude::*,
};
use serde_json::{Map, Value as Json, json};

use super::{computed::without_computed, fleet_toml::text, repository, told};
use crate::init::files::{Action, files};

const EIGHT: &str = include_str!("../../../../fixtures/fleets/eight/fleet.toml");

fn fleet(source: FleetSource, inventory: Inventory) -> Fleet {
    Fleet {
        source,
        inventory,
        trees: None,
        boot: Default::default(),
        asks: Vec::new(),
        exceptions: Vec::new(),
        promotion: None,
        waivers: Vec::new(),
        places: Places::default(),
    }
}

/// A fleet as a flake without clan gives it.
fn of_names(machines: &[(&str, MachineClass)]) -> Fleet {
    let machine = |(name, machine_class): &(&str, MachineClass)| {
        (MachineName::from(*name), Machine { machine_class: *machine_class, ..Machine::default() })
    };
    let machines = machines.iter().map(machine).collect();
    fleet(FleetSource::Flake, Inventory { machines, ..Inventory::default() })
}

fn read(text: &str) -> (Option<Fleet>, Vec<Diagnostic>) {
    load::fleet_toml::parse("fleet.toml", text.as_bytes())
}

/// The inventory of a text that nothing is wrong with.
#[track_caller]
fn sound(text: &str) -> Inventory {
    let (fleet, problems) = read(text);
    assert_eq!(problems, [], "in\n{text}");
    fleet.expect("a fleet").inventory
}

fn eight() -> Inventory {
    sound(EIGHT)
}

/// Examples are marked by a `#` that no space follows.
fn with_examples(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.starts_with(' ') => format!("{example}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn a_flake_of_three_machines_becomes_a_short_file_that_teaches() {
    let machines =
        [("web1", MachineClass::Nixos), ("desk", MachineClass::Darwin), ("me@desk", MachineClass::Home)];
    let text = text(&of_names(&machines));
    let data: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(
        data,
        [
            "[inventory.meta]",
            "[inventory.machines.desk]",
            "machineClass = \"darwin\"",
            "tags = []",
            "[inventory.machines.web1]",
            "machineClass = \"nixos\"",
            "tags = []",
        ]
    );
    assert!(text.contains("# Left out, as an inventory has no home configurations: \"me@desk\"\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 115), "{text}");
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn every_example_is_right_once_its_mark_is_removed() {
    for fleet in [
        of_names(&[]),
        of_names(&[("web1", MachineClass::Nixos)]),
        of_names(&[("a b\nc", MachineClass::Nixos)]),
        fleet(FleetSource::Clan, eight()),
    ] {
        let plain = text(&fleet);
        let taught = with_examples(&plain);
        assert_ne!(plain, taught);
        sound(&plain);
        let (fleet, problems) = read(&taught);
        let fleet = fleet.unwrap_or_else(|| panic!("{problems:?} in\n{taught}"));
        assert_eq!(problems, [], "in\n{taught}");
        assert_eq!((fleet.waivers.len(), fleet.trees.map(|trees| trees.len())), (1, Some(2)));
        assert!(!fleet.inventory.instances.is_empty() && !fleet.inventory.tags.is_empty());
    }
}

#[test]
fn a_fleet_of_clans_is_written_whole() {
    let text = text(&fleet(FleetSource::Clan, eight()));
    assert_eq!(sound(&text), eight());
    assert!(text.contains("[inventory.instances.zerotier-local.roles.controller]\n"), "{text}");
    assert!(!text.contains("Left out"), "{text}");
}

#[test]
fn what_toml_cannot_say_is_named_in_the_file() {
    let role = Role { settings: json!({"port": null, "open": true}), ..Role::default() };
    let roles = [("r".to_owned(), role)].into();
    let instances = [("i".to_owned(), Instance { roles, ..Instance::default() })].into();
    let text = text(&fleet(FleetSource::Clan, Inventory { instances, ..Inventory::default() }));
    let noted = "#   inventory.instances.i.roles.r.settings.port is null, which TOML has no word for\n";
    assert!(text.ends_with(noted), "{text}");
    assert_eq!(sound(&text).instances["i"].roles["r"].settings, json!({"open": true}));
}

#[expect(clippy::disallowed_methods, reason = "the real nix is where the environment says")]
fn nix() -> PathBuf {
    let named = |name: &str| env::var_os(name).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = || env::split_paths(&path).map(|folder| folder.join("nix")).find(|nix| nix.is_file());
    let cached = || Some(named("HOME")?.join(".cache/seaworthy/bin/nix")).filter(|nix| nix.is_file());
    named("SEAWORTHY_NIX")
        .or_else(on_path)
        .or_else(cached)
        .expect("this test needs nix: run `ci/run test`, or set SEAWORTHY_NIX")
}

/// The inventory as Nix reads it from the text, and as clan takes it: a role's list of tags is short for a table.
#[expect(clippy::disallowed_methods, reason = "the real nix reads what was written")]
fn read_by_nix(text: &str) -> Json {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let expression = format!("(builtins.fromTOML (builtins.readFile {})).inventory", file.path().display());
    let features = ["--extra-experimental-features", "nix-command"];
    let output = Command::new(nix())
        .args(features)
        .args(["eval", "--impure", "--offline", "--json", "--expr", &expression])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}\nin\n{text}", String::from_utf8_lossy(&output.stderr));
    let mut inventory: Json = serde_json::from_slice(&output.stdout).unwrap();
    let instances = inventory.get_mut("instances").and_then(Json::as_object_mut).into_iter().flatten();
    for (_, instance) in instances {
        let roles = instance.get_mut("roles").and_then(Json::as_object_mut).into_iter().flatten();
        for tags in roles.filter_map(|(_, role)| role.get_mut("tags")) {
            if let Some(list) = tags.as_array() {
                *tags = list.iter().map(|tag| (tag.as_str().unwrap().to_owned(), json!({}))).collect();
            }
        }
    }
    inventory
}

#[track_caller]
fn check_in_nix(mut inventory: Inventory) {
    // clan itself has none at this level.
    inventory.instances.values_mut().for_each(|instance| instance.settings = Json::Null);
    let text = text(&fleet(FleetSource::Clan, inventory.clone()));
    let survey = Survey { inventory: Some(read_by_nix(&text)), ..Survey::default() };
    let (read, problems) = flake_fleet::from_survey(&survey);
    assert_eq!(problems, [], "in\n{text}");
    assert_eq!(read.inventory, inventory, "in\n{text}");
}

#[test]
fn nix_reads_the_same_fleet() {
    check_in_nix(eight());
}

#[test]
fn nix_reads_whatever_names_and_settings_there_are() {
    let odd = ["a b", "ä\"ö\\", "line\nbreak", "dotted.name", "", "#", "tab\there", "☃"];
    let machines = odd.map(|name| (MachineName::from(name), Machine::default())).into();
    let settings: Map<_, _> =
        odd.iter().map(|name| ((*name).to_owned(), json!([name, 1, {"k": [name]}]))).collect();
    let member = Member { settings: json!({"f": 1.5, "big": i64::MAX, "small": i64::MIN, "no": false}) };
    let role = Role {
        machines: [(MachineName::from("a b"), member.clone())].into(),
        tags: [("dotted.name".to_owned(), member), ("all".to_owned(), Member::default())].into(),
        settings: Json::Object(settings),
    };
    let module = Module { name: Some("m".into()), input: None };
    let instance = Instance { module, roles: [("r s".to_owned(), role)].into(), settings: Json::Null };
    check_in_nix(Inventory {
        machines,
        instances: [("i.j".to_owned(), instance)].into(),
        ..Inventory::default()
    });
}

/// Any JSON that TOML can say.
fn sayable() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1e300..1e300_f64).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            btree_map(any::<String>(), inner, 0..4).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// Settings: null where there are none, else at least one field.
fn settings() -> impl Strategy<Value = Json> {
    let fields = btree_map(any::<String>(), sayable(), 1..4);
    option::of(fields)
        .prop_map(|fields| fields.map_or(Json::Null, |fields| Json::Object(fields.into_iter().collect())))
}

fn members<Name: Ord + std::fmt::Debug>(
    name: impl Strategy<Value = Name>,
) -> impl Strategy<Value = BTreeMap<Name, Member>> {
    btree_map(name, settings().prop_map(|settings| Member { settings }), 0..3)
}

fn machine_name() -> impl Strategy<Value = MachineName> {
    prop_oneof!["a|b|c", any::<String>()].prop_map(MachineName)
}

/// Often one that is computed.
fn tag() -> impl Strategy<Value = String> {
    prop_oneof!["all|nixos|darwin|a", any::<String>()]
}

fn role() -> impl Strategy<Value = Role> {
    (members(machine_name()), members(any::<String>()), settings())
        .prop_map(|(machines, tags, settings)| Role { machines, tags, settings })
}

fn instance() -> impl Strategy<Value = Instance> {
    let module = (option::of(any::<String>()), option::of(any::<String>()));
    (module, btree_map(any::<String>(), role(), 0..3), settings()).prop_map(
        |((name, input), roles, settings)| Instance { module: Module { name, input }, roles, settings },
    )
}

fn machine() -> impl Strategy<Value = Machine> {
    let words = || option::of(any::<String>());
    let tags = btree_set(tag(), 0..3);
    let deploy = (words(), words(), option::of(any::<bool>()));
    (words(), words(), any::<bool>(), option::of(any::<i64>()), tags, deploy).prop_map(
        |(description, icon, darwin, installed_at, tags, (target_host, build_host, forward_agent))| Machine {
            description,
            icon,
            machine_class: if darwin { MachineClass::Darwin } else { MachineClass::Nixos },
            installed_at,
            tags,
            deploy: Deploy { target_host, build_host, forward_agent },
        },
    )
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let meta =
        (option::of("[a-z_-]{1,8}"), option::of(any::<String>()), option::of("[a-z]{1,8}(\\.[a-z]{1,8})?"));
    let members = btree_set(machine_name(), 0..3);
    (
        meta,
        btree_map(machine_name(), machine(), 0..4),
        btree_map(any::<String>(), instance(), 0..3),
        btree_map(tag(), members, 0..3),
    )
        .prop_map(|((name, description, domain), machines, instances, tags)| Inventory {
            meta: Meta { name, description, domain, ..Meta::default() },
            machines,
            instances,
            tags,
        })
}

/// The tags that each machine carries in the end.
fn tags(inventory: Inventory) -> Vec<BTreeSet<String>> {
    let resolved = load::resolve::resolve(fleet(FleetSource::Clan, inventory));
    resolved.machines.into_values().map(|machine| machine.tags.into_iter().collect()).collect()
}

proptest! {
    #[test]
    fn any_inventory_reads_back_as_it_was(inventory in inventory()) {
        let text = text(&fleet(FleetSource::Clan, inventory.clone()));
        let (read, problems) = read(&text);
        prop_assert_eq!(problems, [], "in\n{}", text);
        let read = read.expect("a fleet");
        prop_assert_eq!(&read.inventory, &without_computed(inventory.clone()), "in\n{}", text);
        prop_assert_eq!(tags(read.inventory), tags(inventory), "in\n{}", text);
    }
}

#[test]
fn the_user_is_told_what_was_done_and_what_is_left_to_do() {
    let fleet = of_names(&[("web1", MachineClass::Nixos)]);
    let fresh = files(&fleet, &|_| false);
    let folder = Path::new("/repository/fleet");
    let done = told(&fresh, false, folder, Some(folder));
    assert!(done.starts_with("wrote         fleet.toml\n"), "{done}");
    assert!(done.contains("git add fleet.toml") && done.contains("SEAWORTHY"), "{done}");
    assert!(!done.contains("begins at"), "{done}");
    assert!(told(&fresh, true, folder, None).starts_with("would write   fleet.toml\n"));
    assert!(!told(&fresh, false, folder, None).contains("git add"));
    let above = told(&fresh, false, folder, Some("/repository".as_ref()));
    assert!(above.contains("begins at /repository"), "{above}");

    let there = files(&fleet, &|_| true);
    assert!(there.iter().all(|file| file.action == Action::AlreadyThere));
    let done = told(&there, false, folder, Some("/repository".as_ref()));
    assert!(done.contains("to add to justfile:\n\n    # prove the fleet"), "{done}");
    assert!(
        !done.contains("next:") && !done.contains("begins at") && !done.contains("to add to fleet.toml"),
        "{done}"
    );
}

#[test]
fn the_repository_around_the_fleet_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = folder.path().join("infra/fleet");
    std::fs::create_dir_all(&fleet).unwrap();
    assert_eq!(repository(&fleet), None);
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    assert_eq!(repository(&fleet), Some(folder.path()));
    assert_eq!(repository(folder.path()), Some(folder.path()));
}
