//! `seaworthy verify` as a user meets it: reuse, selection, interrupts, exit codes, damaged and missing surroundings.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and reads files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;
#[path = "twins/harbour.rs"]
mod harbour;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use binary::{exits, report, seaworthy, text, verify};
use harbour::Harbour;
use serde_json::Value;

fn ids(report: &Value) -> Vec<&str> {
    report["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect()
}

/// A program that stands in for nix.
fn stand_in(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("stand-in-nix");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn what_has_not_changed_is_not_asked_again() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    let first = report(&folder, &[]);
    assert_eq!(first["outcome"], "open");
    assert_eq!(first["counts"]["reused"], 0);
    let again = report(&folder, &[]);
    assert_eq!(again["counts"]["reused"], again["counts"]["passed"]);
    assert_ne!(again["counts"]["passed"], 0);
    let fresh = report(&folder, &["--fresh"]);
    assert_eq!(fresh["counts"]["reused"], 0);
    // A changed file: the tests that evaluate it are asked again.
    let path = folder.join("fleet.toml");
    let changed = fs::read_to_string(&path).unwrap().replace("description = ", "description = \"changed\" #");
    fs::write(&path, changed + "\n# changed\n").unwrap();
    let changed = report(&folder, &["--stage", "expressions", "--suite", "nix-unit"]);
    assert_eq!(changed["counts"]["reused"], 0);
    assert_ne!(changed["counts"]["passed"], 0);
}

#[test]
fn a_selection_asks_what_it_names_and_nothing_else() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    let one = report(&folder, &["-E", "rule(host/host-name) & machine(cinnabar)"]);
    assert_eq!(ids(&one), ["host::host-name::cinnabar"]);
    let stage = report(&folder, &["--stage", "expressions"]);
    assert!(stage["checks"].as_array().unwrap().iter().all(|check| check["stage"] == "expressions"));
    for (arguments, told) in [
        (["-m", "cinabar"], "did you mean cinnabar"),
        (["-E", "tag("], "cannot be read"),
        (["--stage", "boat"], "the stages are"),
        (["--stage", "invariant"], "did you mean invariants?"),
        (["-E", "all() & rule(hots/*)"], "          ^^^^^^^^^^^^ matches no rule; did you mean host/*?"),
        (["-E", "none()"], "no check is selected"),
    ] {
        let output = seaworthy(&folder).arg("verify").args(arguments).output().unwrap();
        exits(&output, 2);
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}

#[test]
fn a_nix_that_does_not_work_is_told_and_nothing_is_written() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    let scripts = [
        ("echo 'nix (Nix) 2.3.16'", "too old"),
        ("kill -9 $$", "did not print a version"),
        ("head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2", "did not print a version"),
    ];
    for (script, told) in scripts {
        let outside = tempfile::tempdir().unwrap();
        let nix = stand_in(outside.path(), script);
        let output = verify(&folder).env("SEAWORTHY_NIX", &nix).output().unwrap();
        exits(&output, 2);
        let err = text(&output.stderr);
        assert!(err.contains(told), "{err}");
        assert!(!err.chars().any(|odd| odd.is_control() && !"\n\t".contains(odd)), "{err:?}");
        assert!(!folder.join(".seaworthy").exists());
    }
    let output = verify(&folder).env("SEAWORTHY_NIX", "/nowhere/nix").output().unwrap();
    exits(&output, 2);
    assert!(text(&output.stderr).contains("install nix"), "{}", text(&output.stderr));
}

#[test]
fn files_that_cannot_be_a_fleet_are_refused_by_name() {
    let huge = format!("x = \"{}\"", "a".repeat(50_000_000)).into_bytes();
    let many: Vec<u8> =
        (0..1_000_000).flat_map(|n| format!("[inventory.machines.m{n}]\n").into_bytes()).collect();
    let cases: [(&[u8], &str); 4] =
        [(b"\xff\xfe\x00", "UTF-8"), (b"hello [[[", "toml"), (&huge, "16 MiB"), (&many, "16 MiB")];
    for (bytes, told) in cases {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fleet.toml"), bytes).unwrap();
        let output = verify(folder.path()).output().unwrap();
        exits(&output, 2);
        let err = text(&output.stderr);
        assert!(
            err.contains("fleet.toml") && err.contains(told),
            "{}",
            err.chars().take(500).collect::<String>()
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else was written");
    }
    let empty = tempfile::tempdir().unwrap();
    let output = verify(empty.path()).output().unwrap();
    exits(&output, 2);
    assert!(text(&output.stderr).contains("no fleet.toml and no flake.nix"));
}

#[test]
fn two_runs_at_once_both_end_well() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    let runs: Vec<_> = (0..2).map(|_| verify(&folder).arg("--fresh").spawn().unwrap()).collect();
    for run in runs {
        exits(&run.wait_with_output().unwrap(), 0);
    }
    assert_eq!(fs::read_dir(folder.join(".seaworthy/runs")).unwrap().count(), 2);
    let listed = seaworthy(&folder).args(["report", "--list"]).output().unwrap();
    assert_eq!(text(&listed.stdout).lines().count(), 2);
}

#[test]
fn a_journal_that_was_cut_off_is_reported_as_far_as_it_goes() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    exits(&verify(&folder).output().unwrap(), 0);
    let run = fs::read_dir(folder.join(".seaworthy/runs")).unwrap().next().unwrap().unwrap().path();
    let events = run.join("events.jsonl");
    let bytes = fs::read(&events).unwrap();
    fs::write(&events, &bytes[..bytes.len() / 2]).unwrap();
    let output = seaworthy(&folder).arg("report").output().unwrap();
    exits(&output, 4);
    assert!(text(&output.stderr).contains("ends early"), "{}", text(&output.stderr));
    // Changed, not cut: no report, and no evidence.
    let changed = text(&bytes).replacen("\"pass\"", "\"fail\"", 1);
    fs::write(&events, changed).unwrap();
    let output = seaworthy(&folder).arg("report").output().unwrap();
    exits(&output, 2);
    assert!(text(&output.stderr).contains("events.jsonl"), "{}", text(&output.stderr));
}

#[test]
fn an_interrupt_ends_a_run_in_order() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("two");
    let slow = "{ testSlow = { expr = builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 99999999); expected = 0; }; }";
    fs::write(folder.join("slow.nix"), slow).unwrap();
    let toml = fs::read_to_string(folder.join("fleet.toml")).unwrap();
    fs::write(folder.join("fleet.toml"), toml + "\n[expressions]\ntrees = [\"slow.nix\"]\n").unwrap();
    let mut child = verify(&folder).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let journal = wait_for(Duration::from_secs(60), || {
        let run = fs::read_dir(folder.join(".seaworthy/runs")).ok()?.next()?.ok()?.path();
        let events = fs::read_to_string(run.join("events.jsonl")).ok()?;
        events.contains("testSlow").then_some(run)
    });
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let code = wait_for(Duration::from_secs(30), || child.try_wait().unwrap());
    assert_eq!(code.code(), Some(4));
    let events = fs::read_to_string(journal.join("events.jsonl")).unwrap();
    assert!(events.contains("\"interrupted\"") && events.contains("\"run-ended\""), "{events}");
}

fn wait_for<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "nothing happened within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_form_of_the_report_is_made_again_from_the_journal() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("broken-host-name");
    for format in ["human", "json", "junit", "markdown"] {
        let ran = verify(&folder).args(["--format", format]).output().unwrap();
        let told = seaworthy(&folder).args(["report", "--format", format]).output().unwrap();
        exits(&ran, 1);
        exits(&told, 1);
        assert!(text(&ran.stdout).contains("host-name"), "{format}");
        if format != "human" {
            assert_eq!(text(&ran.stdout), text(&told.stdout), "{format}");
        }
    }
}

fn waive(folder: &Path, what: &str) {
    let path = folder.join("fleet.toml");
    let waiver = format!("\n[[waivers]]\n{what}\nreason = \"known\"\nexpires = \"9999-12-31\"\n");
    fs::write(&path, fs::read_to_string(&path).unwrap() + &waiver).unwrap();
}

/// The ids of the checks with this result.
fn with_result<'r>(report: &'r Value, result: &str) -> Vec<&'r str> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["result"] == result);
    checks.map(|check| check["id"].as_str().unwrap()).collect()
}

#[test]
fn a_machine_whose_failure_is_waived_climbs_on() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("broken-machine-does-not-evaluate");
    let held = report(&folder, &[]);
    assert_eq!(held["outcome"], "closed");
    assert!(with_result(&held, "unasked").contains(&"host::way-in::cinnabar"), "{held}");
    waive(&folder, "rule = \"evaluation/machine-evaluates\"\nsubject = \"cinnabar\"");
    let free = report(&folder, &[]);
    assert_eq!(with_result(&free, "unasked"), [""; 0]);
    assert_eq!(with_result(&free, "waived"), ["evaluation::machine-evaluates::cinnabar"]);
    assert_eq!(free["outcome"], "open");
}

#[test]
fn a_waiver_of_one_test_waives_no_other() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("broken-test-fails");
    let tests = folder.join("tests/default.nix");
    let two = fs::read_to_string(&tests).unwrap().replace("expected = 2;", "expected = 3;");
    fs::write(&tests, two).unwrap();
    let (sum, difference) =
        ("nix-unit::.#tests::arithmetic.testSum", "nix-unit::.#tests::arithmetic.testDifference");
    let expect = |waived: &[&str], failed: &[&str]| {
        let report = report(&folder, &[]);
        assert_eq!(with_result(&report, "waived"), waived);
        assert_eq!(with_result(&report, "failed"), failed);
        report
    };
    expect(&[], &[difference, sum]);
    waive(&folder, "rule = \"nix-unit/tests\"\ntest = \".#tests::arithmetic.testSum\"");
    let one = expect(&[sum], &[difference]);
    assert_eq!(one["outcome"], "closed");
    assert_eq!(one["waived"][0]["waiver"]["test"], ".#tests::arithmetic.testSum");
    waive(&folder, "rule = \"nix-unit/tests\"\ntest = \".#tests::arithmetic.testDifference\"");
    assert_eq!(expect(&[difference, sum], &[])["outcome"], "open");
}

#[test]
fn a_policy_that_does_not_compile_is_shown_at_its_line_before_anything_runs() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    let policy = folder.join("seaworthy/suites/house-rules/one-provider.rego");
    let sound = fs::read_to_string(&policy).unwrap();
    let line = sound.lines().count() + 2;
    fs::write(&policy, format!("{sound}\ndeny contains {{\"message\": x}} if {{\n\tx := nobody\n}}\n"))
        .unwrap();
    for command in [&["verify"][..], &["plan"], &["suites", "list"], &["suites", "test", "house-rules"]] {
        let output = seaworthy(&folder).args(command).output().unwrap();
        exits(&output, 2);
        let err = text(&output.stderr);
        let place = format!("seaworthy/suites/house-rules/one-provider.rego:{}:7", line + 1);
        assert!(err.contains(&place) && err.contains("nobody"), "{command:?}: {err}");
        assert!(output.stdout.is_empty() && !folder.join(".seaworthy").exists(), "{command:?}");
    }
}

#[test]
fn a_policy_cannot_write_to_the_terminal() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    let policy = folder.join("seaworthy/suites/house-rules/one-provider.rego");
    let sound = fs::read_to_string(&policy).unwrap();
    let loud = "deny contains {\"message\": \"m\"} if {\n\tprint(\"\\u001b[31mloud\")\n\tfalse\n}";
    fs::write(&policy, format!("{sound}\n{loud}\n")).unwrap();
    let output = seaworthy(&folder).args(["verify", "--suite", "house-rules"]).output().unwrap();
    exits(&output, 0);
    assert!(!text(&output.stderr).contains("loud"), "{}", text(&output.stderr));
}
