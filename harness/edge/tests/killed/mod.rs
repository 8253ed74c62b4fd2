//! A process that is killed: a test of the same file that is ignored, and writes for ever.
//!
//! Flows in: what it works in, by its standard input. Flows out: how much it had said to be on the disk, by its standard output.
//! Must not: know what is written.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const SAID: &str = "on the disk: ";

/// In the process: where it works. None where it was started by nobody who kills it.
pub(crate) fn folder() -> Option<PathBuf> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).expect("a line");
    let folder = line.trim_end();
    (!folder.is_empty()).then(|| folder.into())
}

/// In the process: so much is on the disk.
pub(crate) fn said(count: usize) {
    // The test's own harness writes without an end of line. What the reader has is gone from here: no buffer keeps it.
    let mut out = io::stdout().lock();
    writeln!(out, "\n{SAID}{count}").and_then(|()| out.flush()).expect("somebody listens");
}

/// Starts the test `what`, and kills it once it has said that enough is on the disk; how much it had said.
pub(crate) fn killed_after(what: &str, folder: &Path, enough: usize) -> usize {
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", what, "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    writeln!(child.stdin.take().expect("its input"), "{}", folder.display()).expect("it listens");
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
        let line = line.expect("a line");
        let Some(number) = line.strip_prefix(SAID) else { continue };
        count = number.parse().expect("a number");
        if count >= enough {
            // SIGKILL. What it still says is read to the end: it was on the disk before it was said.
            child.kill().expect("it is killed");
        }
    }
    child.wait().expect("it is gone");
    assert!(count >= enough, "it ended by itself after {count}");
    count
}
