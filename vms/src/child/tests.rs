//! What is promised of children: all that they write is told, none is left behind.

use std::{ffi::OsString, path::Path, time::Duration};

use super::{Child, Next, Stream, ask};

fn shell(script: &str) -> [OsString; 2] {
    ["-c".into(), script.into()]
}

fn start(script: &str, limit: Duration) -> Child {
    Child::start(Path::new("/bin/sh"), &shell(script), limit).unwrap()
}

#[test]
fn both_streams_and_the_end_are_told() {
    let mut child = start("echo out; echo err >&2; exit 3", Duration::from_secs(10));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = loop {
        match child.await_next().unwrap() {
            Next::Chunk(chunk) if chunk.stream == Stream::Out => out.extend(chunk.bytes),
            Next::Chunk(chunk) => err.extend(chunk.bytes),
            Next::Ended(status) => break status,
            Next::OutOfTime => panic!("out of time"),
        }
    };
    assert_eq!((out.as_slice(), err.as_slice(), status.code()), (&b"out\n"[..], &b"err\n"[..], Some(3)));
}

#[test]
fn a_child_that_hangs_is_killed_when_it_is_dropped() {
    // Its own child tells its number: a wrapper must not leave behind what it wraps.
    let mut child = start("sleep 1000 & echo $!; wait", Duration::from_millis(300));
    let Next::Chunk(chunk) = child.await_next().unwrap() else { panic!("no pid") };
    let pid = String::from_utf8(chunk.bytes).unwrap();
    assert!(matches!(child.await_next().unwrap(), Next::OutOfTime));
    assert!(!cfg!(target_os = "linux") || runs(pid.trim()));
    drop(child);
    assert_ends(pid.trim());
}

/// Set for the owner: this same test, started again as a process of its own that can be killed.
const OWNER: &str = "SEAWORTHY_TEST_OWNS_A_CHILD";

#[test]
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "an owner that is killed has to be another process")]
fn a_child_dies_with_its_owner_even_when_that_is_killed() {
    use std::io::{BufRead, BufReader};

    if std::env::var_os(OWNER).is_some() {
        let mut child = start("sleep 1000 & echo $!; wait", Duration::from_secs(1000));
        let Next::Chunk(chunk) = child.await_next().unwrap() else { panic!("no pid") };
        println!("\nchild {}", String::from_utf8(chunk.bytes).unwrap());
        std::thread::sleep(Duration::from_secs(1000));
    }
    let name = "child::tests::a_child_dies_with_its_owner_even_when_that_is_killed";
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(OWNER, "1")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let pid = lines.filter_map(|line| line.strip_prefix("child ").map(str::to_owned)).next().unwrap();
    assert!(runs(&pid));
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_ends(&pid);
}

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "what is no child of ours cannot be waited for")]
fn assert_ends(pid: &str) {
    let began = std::time::Instant::now();
    while runs(pid) {
        assert!(began.elapsed() < Duration::from_secs(5), "{pid} still runs");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether it runs: a zombie that nobody has reaped yet does not.
#[expect(clippy::disallowed_methods, reason = "the system is asked about a process")]
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

#[test]
fn a_child_that_closes_its_streams_and_lives_on_is_out_of_time() {
    let mut child = start("exec sleep 1000 >&- 2>&-", Duration::from_millis(200));
    assert!(matches!(child.await_next().unwrap(), Next::OutOfTime));
}

#[test]
fn a_child_that_never_stops_writing_is_out_of_time_and_costs_no_memory() {
    let said =
        ask(Path::new("/bin/sh"), &shell("while :; do echo y; done"), Duration::from_millis(300)).unwrap();
    assert_eq!(said.status, None);
    assert_eq!(said.text.len(), 64 * 1024);
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    assert!(ask(Path::new("/no/such/program"), &[], Duration::from_secs(1)).is_err());
}
