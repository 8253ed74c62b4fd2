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

/// The JSON report of `verify`.
pub(crate) fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = seaworthy(folder).args(["verify", "--format", "json"]).args(arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    })
}
