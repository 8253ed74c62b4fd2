//! No vacuous green, through the binary: where there is nothing to prove, nothing is open.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;

use std::fs;

use binary::{exits, report, seaworthy, text};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, content) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// What `verify` says of these files, which is undecided.
#[track_caller]
fn undecided(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let output = seaworthy(folder.path()).arg("verify").output().unwrap();
    exits(&output, 4);
    let out = text(&output.stdout);
    assert!(out.lines().last().unwrap().starts_with("undecided: "), "{out}");
    out
}

#[test]
fn a_flake_without_a_machine_and_without_a_test_is_not_open() {
    let out = undecided(&[("flake.nix", "{ outputs = _: { packages.x86_64-linux = { }; }; }")]);
    assert!(out.contains("undecided: there is no machine and no test"), "{out}");
}

#[test]
fn an_output_that_is_misspelt_is_told_with_the_one_that_is_meant() {
    let out = undecided(&[("flake.nix", "{ outputs = _: { nixosConfiguratons.x = { }; }; }")]);
    let told = "output `nixosConfiguratons`: nothing reads it; did you mean `nixosConfigurations`?";
    assert!(out.contains(told), "{out}");
    let told = report(folder(&[("flake.nix", "{ outputs = _: { test = { }; }; }")]).path(), &[]);
    assert!(told["not_proven"].to_string().contains("did you mean `tests`?"), "{told}");
}

#[test]
fn a_fleet_toml_with_nothing_in_it_is_not_open() {
    undecided(&[("fleet.toml", "")]);
}

#[test]
fn what_a_fleet_without_a_flake_declares_is_not_proven() {
    let toml = "[inventory.machines.cinnabar]\n[expressions]\ntrees = [\".#tests\", \"lib/tests.nix\"]\n";
    let tests = "{ testA = { expr = 1; expected = 1; }; }";
    let folder = folder(&[("fleet.toml", toml), ("lib/tests.nix", tests)]);
    let output = seaworthy(folder.path()).arg("verify").output().unwrap();
    exits(&output, 4);
    assert!(text(&output.stderr).contains("there is no flake.nix in"), "{}", text(&output.stderr));
    let told = report(folder.path(), &[]);
    let result = |id: &str| {
        let checks = told["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == id).map(|check| check["result"].clone())
    };
    for id in ["evaluation::machine-evaluates::cinnabar", "nix-unit::.#tests", "nix-unit::lib/tests.nix"] {
        assert_eq!(result(id), Some("unasked".into()), "{id}: {told}");
    }
    for gate in told["gates"].as_array().unwrap() {
        assert_eq!(gate["state"], "undecided", "{gate}");
    }
}

const TWO: &str = r#"{ outputs = _: {
  tests.testA = { expr = 1; expected = 1; };
  nixosConfigurations.web = { config.networking.hostName = "web"; options = { }; };
}; }
"#;

#[test]
fn a_selection_is_open_only_as_far_as_it_goes() {
    let folder = folder(&[("flake.nix", TWO)]);
    let output = seaworthy(folder.path()).args(["verify", "--suite", "evaluation"]).output().unwrap();
    exits(&output, 0);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(out.lines().last().unwrap().starts_with("open as far as selected: "), "{out}");
    let left_out = out.lines().find(|line| line.ends_with(": not selected"));
    assert!(left_out.unwrap().starts_with("  invariants"), "{out}");
    // What was skipped has not been answered.
    assert!(err.contains("expressions: 4 checks answered\n"), "{err}");
    let output = seaworthy(folder.path()).args(["verify", "--suite", "host-certificates"]).output().unwrap();
    exits(&output, 4);
    let err = text(&output.stderr);
    assert!(err.contains("0 checks answered, 3 not asked\n"), "{err}");
    assert_eq!(report(folder.path(), &["--suite", "evaluation"])["partial"], true);
}
