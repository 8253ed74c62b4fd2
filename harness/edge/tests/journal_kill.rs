//! A process that writes a journal is killed: everything that it had flushed is there.

#![expect(clippy::disallowed_methods, reason = "the test starts itself again, to kill that process")]

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use edge::{
    journal::{self, End, JournalWriter},
    state::State,
};
use model::event::{Event, What};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{id, plan, test},
};

/// Not a test by itself: writes events for ever, and says on its standard output how many it has flushed.
#[test]
#[ignore = "the process that is killed"]
fn write_for_ever() {
    let mut project = String::new();
    io::stdin().read_line(&mut project).unwrap();
    if project.is_empty() {
        return;
    }
    let state = State::open(Path::new(project.trim_end())).unwrap();
    let mut writer = JournalWriter::create(&state, &plan([test("a")]), moment(Duration::ZERO).wall).unwrap();
    for flushed in 1.. {
        let what = What::CheckStarted { check: id(&format!("nix-unit::tests::{flushed}")) };
        writer.emit(&Event { at: moment(Duration::ZERO).wall, what }).unwrap();
        writer.flush().unwrap();
        writeln!(io::stdout(), "\nflushed {flushed}").unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_flushed() {
    for enough in [1, 10, 1000] {
        let project = tempfile::tempdir().unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "write_for_ever", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{}", project.path().display()).unwrap();
        let mut flushed = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let Some(number) = line.unwrap().strip_prefix("flushed ").map(|number| number.parse().unwrap())
            else {
                continue;
            };
            flushed = number;
            if flushed >= enough {
                // SIGKILL. What it still says is read to the end: it was flushed before it was said.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(flushed >= enough, "it ended by itself after {flushed}");
        let state = State::find(project.path()).unwrap();
        let run = journal::latest(&state).unwrap().expect("a run");
        let journal = journal::read(&state, &run).unwrap();
        assert_eq!(journal.end, End::CutOff);
        assert!(journal.events.len() >= flushed, "{} of {flushed} events", journal.events.len());
    }
}
