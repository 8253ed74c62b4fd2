//! Every broken fleet of `fixtures/fleets` gives exactly its findings, each sound one none: the binary, real nix, real git.
//!
//! A folder is found, its `expected.json` is held against what `seaworthy verify --format json` says. Nothing is registered.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and reads files")]

#[path = "twins/boot.rs"]
mod boot;
#[path = "twins/expected.rs"]
mod expected;
#[path = "twins/harbour.rs"]
mod harbour;
#[path = "twins/person.rs"]
mod person;

use std::{
    fs,
    process::{Command, ExitCode},
};

use expected::Expected;
use harbour::Harbour;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = fleets().into_iter().map(|name| {
        let fleet = name.clone();
        Trial::test(name, move || verify(&fleet))
    });
    libtest_mimic::run(&arguments, trials.chain(boot::trials()).collect()).exit_code()
}

fn verify(fleet: &str) -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder(fleet);
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["verify", "--format", "json", "--color", "never"])
        // What is wrong with these is told without booting them.
        .args(["--stage", "expressions", "--stage", "invariants"])
        .current_dir(&folder)
        .env("COLUMNS", "100")
        .output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let expected = Expected::of(&folder)?;
    let told = || format!("stdout:\n{out}\nstderr:\n{err}");
    if output.status.code() != Some(expected.exit) {
        return Err(format!("exit {:?}, expected {}\n{}", output.status.code(), expected.exit, told()).into());
    }
    if expected.exit == 2 {
        let nothing_written = !folder.join(".seaworthy").exists() && out.is_empty();
        let missing = expected.missing_in_text(&err);
        return match (missing, nothing_written) {
            (None, true) => Ok(()),
            (Some(missing), _) => Err(format!("not told: {missing}\n{}", told()).into()),
            (None, false) => Err(format!("something was written\n{}", told()).into()),
        };
    }
    let report: Value = serde_json::from_str(&out).map_err(|error| format!("{error}\n{}", told()))?;
    expected.compare(&report).map_err(|difference| format!("{difference}\n{err}").into())
}

/// The names of all fleets, sorted.
fn fleets() -> Vec<String> {
    let entries = fs::read_dir(harbour::fixtures()).into_iter().flatten();
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}
