//! Waivers through the binary: what names nothing is refused at its line.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;
#[path = "twins/harbour.rs"]
mod harbour;

use std::{fs, path::Path};

use binary::{exits, report, seaworthy, text};
use harbour::Harbour;

/// Adds a waiver to the fleet; its first line is this one of the file.
fn waive(folder: &Path, what: &str) -> usize {
    let path = folder.join("fleet.toml");
    let before = fs::read_to_string(&path).unwrap();
    let waiver = format!("\n[[waivers]]\n{what}\nreason = \"known\"\nexpires = \"9999-12-31\"\n");
    fs::write(&path, before.clone() + &waiver).unwrap();
    before.lines().count() + 3
}

#[test]
fn a_waiver_of_what_does_not_exist_is_refused_at_its_line() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    let sound = fs::read_to_string(folder.join("fleet.toml")).unwrap();
    let cases = [
        ("rule = \"host/way-inn\"", 0, "did you mean `host/way-in`?"),
        ("rule = \"nothing/like-it\"", 0, "seaworthy suites list"),
        ("rule = \"host/way-in\"\nsubject = \"cinabar\"", 1, "did you mean `cinnabar`?"),
    ];
    for (waiver, below, told) in cases {
        fs::write(folder.join("fleet.toml"), &sound).unwrap();
        let place = format!("fleet.toml:{}:", waive(&folder, waiver) + below);
        for command in ["verify", "plan"] {
            let output = seaworthy(&folder).arg(command).output().unwrap();
            exits(&output, 2);
            let err = text(&output.stderr);
            assert!(err.contains(&place) && err.contains(told), "{command}: {err}");
            assert!(!folder.join(".seaworthy").exists());
        }
        let lint = seaworthy(&folder).args(["fleet", "lint"]).output().unwrap();
        exits(&lint, 1);
        let err = text(&lint.stderr);
        assert!(err.contains(&place) && err.contains(told), "{err}");
    }
}

#[test]
fn a_rule_of_the_fleets_own_suites_can_be_waived() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    waive(&folder, "rule = \"house-rules/one-provider\"\nsubject = \"fleet\"");
    exits(&seaworthy(&folder).args(["fleet", "lint"]).output().unwrap(), 0);
    assert_eq!(report(&folder, &["--suite", "house-rules"])["outcome"], "open");
}

#[test]
fn a_waiver_that_nothing_needs_is_told_after_a_whole_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let flake = "{ outputs = _: { tests.testA = { expr = 1; expected = 1; }; }; }";
    fs::write(folder.join("flake.nix"), flake).unwrap();
    fs::write(folder.join("fleet.toml"), "").unwrap();
    waive(folder, "rule = \"nix-unit/tests\"\ntest = \".#tests::testB\"");
    let output = seaworthy(folder).args(["verify", "--format", "json"]).output().unwrap();
    exits(&output, 0);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["idle_waivers"][0]["test"], ".#tests::testB");
    assert_eq!(report(folder, &["--stage", "expressions"])["idle_waivers"], serde_json::json!([]));
}
