//! A process that writes a journal, or a log, is killed: everything that it had flushed is there.

#![expect(clippy::disallowed_methods, reason = "the test starts itself again, to kill that process")]

mod killed;

use std::{fs, time::Duration};

use edge::{
    journal::{self, Artifacts, End, JournalWriter},
    state::State,
};
use killed::killed_after;
use model::event::{Event, What};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{id, plan, test},
};

/// Not a test by itself: writes events for ever, and says how many it has flushed.
#[test]
#[ignore = "the process that is killed"]
fn write_for_ever() {
    let Some(project) = killed::folder() else { return };
    let state = State::open(&project).unwrap();
    let mut writer = JournalWriter::create(&state, &plan([test("a")]), moment(Duration::ZERO).wall).unwrap();
    for flushed in 1.. {
        let what = What::CheckStarted { check: id(&format!("nix-unit::tests::{flushed}")) };
        writer.emit(&Event { at: moment(Duration::ZERO).wall, what }).unwrap();
        writer.flush().unwrap();
        killed::said(flushed);
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_flushed() {
    for enough in [1, 10, 1000] {
        let project = tempfile::tempdir().unwrap();
        let flushed = killed_after("write_for_ever", project.path(), enough);
        let state = State::find(project.path()).unwrap();
        let run = journal::latest(&state).unwrap().expect("a run");
        let journal = journal::read(&state, &run).unwrap();
        assert_eq!(journal.end, End::CutOff);
        assert!(journal.events.len() >= flushed, "{} of {flushed} events", journal.events.len());
    }
}

/// Not a test by itself: appends lines to a log for ever, and says how many.
#[test]
#[ignore = "the process that is killed"]
fn log_for_ever() {
    let Some(folder) = killed::folder() else { return };
    let mut log = Artifacts::of(&folder).log("console", "a").unwrap();
    for flushed in 1.. {
        log.append([(moment(Duration::ZERO).wall, flushed.to_string())]);
        killed::said(flushed);
    }
}

#[test]
fn a_log_of_a_killed_process_holds_every_line_that_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let flushed = killed_after("log_for_ever", folder.path(), 1000);
    let text = fs::read_to_string(folder.path().join("console/a.log")).unwrap();
    let whole = text.lines().map(|line| line.split_once(' ').expect("a time").1).enumerate();
    assert!(whole.clone().take(flushed).all(|(at, said)| said == (at + 1).to_string()), "{text}");
    assert!(whole.count() >= flushed, "{flushed} lines were said");
}
