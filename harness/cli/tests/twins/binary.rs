//! The binary as a user starts it, and what it answered.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The command, started in a fleet's folder.
pub(crate) fn seaworthy(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.current_dir(folder).env("COLUMNS", "100").env_remove("CI").args(["--color", "never"]);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
pub(crate) fn exits(output: &Output, code: i32) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout:\n{out}\nstderr:\n{err}");
}

/// The stages that are asked where a test does not say: nothing is booted in vain.
const STAGES: [&str; 4] = ["--stage", "expressions", "--stage", "invariants"];

/// `verify` of everything but the boot.
pub(crate) fn verify(folder: &Path) -> Command {
    let mut command = seaworthy(folder);
    command.arg("verify").args(STAGES);
    command
}

/// The JSON report of `verify`.
pub(crate) fn report(folder: &Path, arguments: &[&str]) -> Value {
    let selects = arguments.iter().any(|argument| ["--stage", "--suite", "-E"].contains(argument));
    let mut command = if selects { seaworthy(folder) } else { verify(folder) };
    if selects {
        command.arg("verify");
    }
    let output = command.args(["--format", "json"]).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    })
}
