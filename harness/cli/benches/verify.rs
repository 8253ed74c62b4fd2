//! How long `seaworthy verify` takes on the sample fleet of eight machines: the first time, asked afresh, with its four NixOS
//! hosts booted, and unchanged.
//!
//! Whole processes, from start to exit, with real nix and real git. The goals: 2 s with nix warm, 0.1 s unchanged.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark spawns, reads the clock and prints"
)]
#![expect(clippy::unwrap_used, reason = "what a benchmark needs and does not find ends it")]

#[path = "../tests/twins/harbour.rs"]
mod harbour;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use harbour::Harbour;

const TIMES: usize = 9;
/// Everything but the boot.
const STILL: [&str; 2] = ["--stage", "expressions,invariants"];

fn main() {
    let harbour = Harbour::open().unwrap();
    let folder = harbour.folder("eight");
    println!("seaworthy verify, eight machines: wall time of whole processes, {TIMES} of each\n");
    println!("{:32} {:>8} {:>8} {:>8}", "", "min ms", "median", "max");
    row("fresh (nix evaluates)", || {
        // Nothing is recalled: neither answers nor the survey.
        let _gone = std::fs::remove_dir_all(folder.join(".seaworthy"));
        verify(&folder, &STILL)
    });
    row("--fresh (all asked again)", || verify(&folder, &[&STILL[..], &["--fresh"]].concat()));
    rows(1, "four hosts booted, first time", || verify(&folder, &["--stage", "boot"]));
    rows(3, "four hosts booted, again", || verify(&folder, &["--stage", "boot", "--fresh"]));
    row("unchanged, all stages", || verify(&folder, &[]));
    row("fleet lint", || took(&folder, &["fleet", "lint"]));
    row("git status, beside it", || {
        let start = Instant::now();
        let status =
            Command::new("git").arg("status").current_dir(&folder).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        start.elapsed()
    });
}

fn verify(folder: &Path, arguments: &[&str]) -> Duration {
    took(folder, &[&["verify"], arguments].concat())
}

fn took(folder: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "seaworthy {arguments:?} in {}: {status}", folder.display());
    start.elapsed()
}

fn row(what: &str, mut run: impl FnMut() -> Duration) {
    let _warm = run();
    rows(TIMES, what, run);
}

fn rows(times: usize, what: &str, mut run: impl FnMut() -> Duration) {
    let mut times: Vec<Duration> = (0..times).map(|_| run()).collect();
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1000.0;
    println!("{what:32} {:8.1} {:8.1} {:8.1}", ms(0), ms(times.len() / 2), ms(times.len() - 1));
}
