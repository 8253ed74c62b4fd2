//! What is wrong with a fleet's own files as a whole, through the binary: told alike by every command.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;

use std::{fs, path::Path};

use binary::{exits, report, seaworthy, text, verify};

/// A flake with two outputs, and a fleet that says this besides.
fn fleet(folder: &Path, more: &str) {
    fs::write(
        folder.join("flake.nix"),
        "{ outputs = _: { test = { testA = { expr = 1; expected = 1; }; }; lib = { }; }; }",
    )
    .unwrap();
    fs::write(folder.join("fleet.toml"), format!("[inventory.machines.cinnabar]\n{more}")).unwrap();
}

#[track_caller]
fn says(folder: &Path, arguments: &[&str], code: i32, told: &[&str]) {
    let output = seaworthy(folder).args(arguments).output().unwrap();
    exits(&output, code);
    let all = text(&output.stdout) + &text(&output.stderr);
    for told in told {
        assert!(all.contains(told), "{told}\n{all}");
    }
}

#[test]
fn a_tree_that_is_not_there_is_told_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fleet(folder, "[expressions]\ntrees = [\".#tests\", \".#checks\"]\n");
    let told = ["fleet.toml:3:10", "the flake has no output `tests`", "did you mean `test`?"];
    exits(&verify(folder).output().unwrap(), 2);
    says(folder, &["verify"], 2, &told);
    says(
        folder,
        &["plan"],
        2,
        &["fleet.toml:3:21", "the flake has no output `checks`", "it has `lib`, `test`"],
    );
    fleet(folder, "[expressions]\ntrees = [\"lib/tests.nix\"]\n");
    let told = ["fleet.toml:3:10", "there is no file `lib/tests.nix`"];
    says(folder, &["verify"], 2, &told);
    says(folder, &["fleet", "lint"], 1, &told);
    fs::create_dir(folder.join("lib")).unwrap();
    fs::write(folder.join("lib/tests.nix"), "{ testA = { expr = 1; expected = 1; }; }").unwrap();
    says(folder, &["fleet", "lint"], 0, &["1 machine: 0 errors, 0 warnings\n"]);
    assert_eq!(report(folder, &["--suite", "nix-unit"])["counts"]["passed"], 1);
}

#[test]
fn lint_shows_a_waiver_that_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let waiver = "[[waivers]]\nrule = \"host/way-in\"\nreason = \"known\"\nexpires = \"2020-01-31\"\n";
    fleet(folder.path(), waiver);
    let told = ["fleet.toml:5:", "waivers/expired", "the waiver of `host/way-in` expired on 2020-01-31"];
    says(folder.path(), &["fleet", "lint"], 1, &told);
}

#[test]
fn an_exception_of_nobody_is_refused_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let exception = "[[mesh.exceptions]]\nfrom = { machines = [\"cinnabra\"] }\nto = { tags = [\"all\"] }\nreach = \"must\"\nreason = \"known\"\n";
    fleet(folder.path(), exception);
    let told =
        ["fleet.toml:3:22", "unknown-machine", "no machine is called `cinnabra`", "did you mean `cinnabar`?"];
    says(folder.path(), &["fleet", "lint"], 1, &told);
    says(folder.path(), &["plan"], 2, &told);
}

#[test]
fn a_suite_named_like_a_built_in_one_is_refused_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    fleet(folder.path(), "");
    let suite = folder.path().join("seaworthy/suites/host");
    fs::create_dir_all(&suite).unwrap();
    fs::write(suite.join("suite.toml"), "").unwrap();
    for command in [&["verify"][..], &["plan"], &["suites", "list"], &["suites", "test", "host"]] {
        says(folder.path(), command, 2, &["seaworthy/suites/host has the name of a built-in suite"]);
    }
}
