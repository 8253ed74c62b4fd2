//! Resolution, against Nix itself: clan's rules told in plain Nix, and clan's own modules where a checkout is at hand.
//!
//! Nix is `$SEAWORTHY_NIX`, or `nix` on the path, or `~/.cache/seaworthy/bin/nix`.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use load::resolve::resolve;
use model::{inventory::Inventory, resolved::ResolvedFleet};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use super::fleets;

#[test]
fn resolution_is_what_plain_nix_says() {
    for inventories in made_up(3, 20) {
        let told = nix("retold.nix", &[("inventories", &json(&inventories))]);
        for (inventory, told) in inventories.into_iter().zip(told) {
            let shown = json(&inventory);
            let resolved = resolve(fleets::of_inventory(inventory));
            assert_eq!(told["machines"], json!(resolved.machines), "machines of {shown}");
            assert_eq!(told["roles"], json!(resolved.roles), "roles of {shown}");
            assert_eq!(
                conflicts(&told["conflicts"]),
                conflicts(&json!(resolved.conflicts)),
                "conflicts of {shown}"
            );
        }
    }
}

/// Run with `SEAWORTHY_CLAN_CORE` and `SEAWORTHY_NIXPKGS_LIB`, the folders of checkouts of the two, and `--ignored`.
#[test]
#[ignore = "needs checkouts of clan-core and of nixpkgs' lib"]
fn resolution_is_what_clans_own_modules_say() {
    let path = |name: &str| variable(name).unwrap_or_else(|| panic!("{name} is not set"));
    let (clan, lib) = (path("SEAWORTHY_CLAN_CORE"), path("SEAWORTHY_NIXPKGS_LIB"));
    for inventories in made_up(20, 20) {
        let arguments =
            [("clanCore", clan.as_str()), ("nixpkgsLib", &lib), ("inventories", &json(&inventories))];
        for (inventory, told) in inventories.into_iter().zip(nix("clan-core.nix", &arguments)) {
            let shown = json(&inventory);
            let resolved = resolve(fleets::of_inventory(inventory));
            let machines: Value = resolved
                .machines
                .iter()
                .map(|(name, machine)| {
                    (name.to_string(), json!({ "class": machine.class, "tags": machine.tags }))
                })
                .collect();
            assert_eq!(told["machines"], machines, "machines of {shown}");
            assert_eq!(told["roles"], json!(resolved.roles), "roles of {shown}");
            same_settings(&told["settings"], &resolved, &shown);
        }
    }
}

/// Settings of machines that are defined are the same; null stands for a conflict, of phantoms too.
#[track_caller]
fn same_settings(told: &Value, resolved: &ResolvedFleet, shown: &str) {
    for (instance, roles) in &resolved.roles {
        for (role, members) in roles {
            for member in members {
                let told = &told[instance][role][member.as_str()];
                let conflicts = resolved.conflicts.iter().any(|conflict| {
                    (&conflict.instance, &conflict.role, &conflict.machine) == (instance, role, member)
                });
                assert_eq!(told.is_null(), conflicts, "{instance} {role} {member} of {shown}");
                if let Some(machine) = resolved.machines.get(member).filter(|_| !conflicts) {
                    assert_eq!(
                        told, &*machine.roles[instance][role],
                        "{instance} {role} {member} of {shown}"
                    );
                }
            }
        }
    }
}

/// Batches of inventories, the same ones each time. clan has no settings at the level of an instance.
fn made_up(batches: usize, size: usize) -> Vec<Vec<Inventory>> {
    let mut runner = TestRunner::deterministic();
    let mut one = || {
        let mut inventory = fleets::inventory().new_tree(&mut runner).expect("an inventory").current();
        inventory.instances.values_mut().for_each(|instance| instance.settings = Value::Null);
        inventory
    };
    let batches: Vec<Vec<_>> = (0..batches).map(|_| (0..size).map(|_| one()).collect()).collect();
    let resolved = batches.iter().flatten().map(|inventory| resolve(fleets::of_inventory(inventory.clone())));
    let conflicts: usize = resolved.map(|fleet| fleet.conflicts.len()).sum();
    assert!(conflicts > batches.len(), "inventories that never conflict prove little");
    batches
}

fn conflicts(list: &Value) -> Vec<String> {
    let conflict = |value: &Value| {
        json!([value["machine"], value["instance"], value["role"], value["option"]]).to_string()
    };
    let mut list: Vec<_> = list.as_array().expect("a list").iter().map(conflict).collect();
    list.sort();
    list
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

/// Calls the function in a file of `tests/fleet/expressions` with texts, in an evaluator that knows no settings of this machine's.
#[expect(clippy::disallowed_methods, reason = "a test meets the real Nix")]
fn nix(file: &str, arguments: &[(&str, &str)]) -> Vec<Value> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/expressions").join(file);
    let texts = arguments.iter().map(|(name, text)| format!("{name} = {};", quoted(text)));
    let call = format!("import {} {{ {} }}", quoted(&file.display().to_string()), texts.collect::<String>());
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program());
    command
        .env_clear()
        .env("HOME", home.path())
        .env("NIX_CONFIG", "extra-experimental-features = nix-command");
    command.args(["eval", "--impure", "--json", "--store", "dummy://", "--expr", &call]);
    let output = command.stdin(Stdio::null()).output().expect("nix can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A text as Nix writes it: as JSON does, and `${` would begin an expression.
fn quoted(text: &str) -> String {
    json(&text).replace("${", "\\${")
}

fn program() -> PathBuf {
    let cached = variable("HOME").map(|home| PathBuf::from(home).join(".cache/seaworthy/bin/nix"));
    let path = variable("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join("nix")).find(|program| program.is_file());
    let stated = variable("SEAWORTHY_NIX").map(PathBuf::from);
    stated.or(on_path).or(cached).expect("a place to look for nix")
}

#[expect(clippy::disallowed_methods, reason = "a test finds the real Nix")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
