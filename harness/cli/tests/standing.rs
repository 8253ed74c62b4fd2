//! What may stand for a later run, through the binary: only what depends on nothing but the digest that it is filed under.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "twins/binary.rs"]
mod binary;

use std::{fs, path::Path, process::Command};

use binary::{exits, report, text, verify};
use tempfile::TempDir;

/// A flake whose one test holds while the value of its input is 1, and the input beside it.
fn with_input() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("fleet")).unwrap();
    fs::create_dir_all(folder.path().join("other")).unwrap();
    let other = folder.path().join("other");
    let tests = "tests.testValue = { expr = o.value; expected = 1; };";
    let flake =
        format!("{{ inputs.o.url = \"path:{}\"; outputs = {{ o, ... }}: {{ {tests} }}; }}", other.display());
    fs::write(folder.path().join("fleet/flake.nix"), flake).unwrap();
    set_value(&other, 1);
    folder
}

fn set_value(other: &Path, value: u32) {
    fs::write(other.join("flake.nix"), format!("{{ outputs = _: {{ value = {value}; }}; }}")).unwrap();
}

#[test]
fn nothing_stands_where_an_input_is_not_locked() {
    let folder = with_input();
    let fleet = folder.path().join("fleet");
    let output = verify(&fleet).output().unwrap();
    exits(&output, 0);
    let told = "the input `o` is not locked: nothing stands for a later run; `nix flake lock` locks it";
    let err = text(&output.stderr);
    assert_eq!(err.matches(told).count(), 1, "{err}");
    assert_eq!(report(&fleet, &[])["counts"]["reused"], 0);
    set_value(&folder.path().join("other"), 2);
    assert_eq!(report(&fleet, &[])["outcome"], "closed");
}

#[test]
fn an_input_that_is_locked_lets_answers_stand() {
    let folder = with_input();
    let fleet = folder.path().join("fleet");
    let experimental = ["--extra-experimental-features", "nix-command flakes"];
    let nix = seaworthy_nix();
    let locked = Command::new(nix).args(["flake", "lock"]).args(experimental).current_dir(&fleet).output();
    let locked = locked.unwrap();
    assert!(locked.status.success(), "{}", text(&locked.stderr));
    let output = verify(&fleet).output().unwrap();
    exits(&output, 0);
    assert!(!text(&output.stderr).contains("locked"), "{}", text(&output.stderr));
    let again = report(&fleet, &[]);
    assert_eq!(again["counts"]["reused"], again["counts"]["passed"]);
    // An input that the lock file does not have as yet.
    let flake = fs::read_to_string(fleet.join("flake.nix")).unwrap();
    let other = folder.path().join("other").display().to_string();
    let more = format!("{{ inputs.p.url = \"path:{other}\";");
    fs::write(fleet.join("flake.nix"), flake.replacen('{', &more, 1)).unwrap();
    let output = verify(&fleet).output().unwrap();
    exits(&output, 0);
    assert!(text(&output.stderr).contains("the input `p` is not locked"), "{}", text(&output.stderr));
    assert_eq!(report(&fleet, &[])["counts"]["reused"], 0);
}

/// The nix that the binary finds too.
fn seaworthy_nix() -> std::path::PathBuf {
    let set = |name: &str| std::env::var_os(name).map(std::path::PathBuf::from);
    let cached = set("HOME").map(|home| home.join(".cache/seaworthy/bin/nix")).filter(|nix| nix.is_file());
    set("SEAWORTHY_NIX").or(cached).unwrap_or_else(|| "nix".into())
}

/// A flake of two machines, of which the facts of one do not evaluate.
const HALF: &str = r#"{ outputs = _: { nixosConfigurations = let
  machine = name: more: { config = { networking.hostName = name; system.stateVersion = "24.05"; } // more; options = { }; };
in {
  alpha = machine "alpha" { };
  gamma = machine "gamma" { services = throw "no services"; };
}; }; }
"#;

#[test]
fn a_machine_that_does_not_evaluate_passes_nothing_that_is_about_its_facts() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("flake.nix"), HALF).unwrap();
    let about_gamma = ["-E", "rule(host/host-name) & machine(gamma)"];
    // The second time, a pass would be evidence.
    for _ in 0..2 {
        let told = report(folder.path(), &about_gamma);
        assert_eq!(told["outcome"], "undecided");
        let check = &told["checks"][0];
        assert_eq!(check["result"], "unasked");
        let why = check["why"].as_str().unwrap();
        assert!(why.starts_with("`gamma` does not evaluate: services"), "{why}");
    }
    assert_eq!(report(folder.path(), &["-E", "rule(host/host-name) & machine(alpha)"])["outcome"], "open");
    // A rule of the fleet that reads everybody's facts, too.
    let of_all = report(folder.path(), &["-E", "rule(host/uid-consistent)"]);
    assert_eq!(of_all["outcome"], "undecided");
    assert!(of_all["gates"][0]["reasons"].to_string().contains("`gamma`"), "{of_all}");
}
