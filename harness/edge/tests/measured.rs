//! What checks measure and leave behind, in journals and in the ledger.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests change files behind the journal's and the ledger's back"
)]

use std::{fs, time::Duration};

use edge::{
    journal::{self, Damage, End, Journal, JournalError, JournalWriter},
    ledger::{Freshness, Ledger, Note},
    state::State,
};
use model::{
    digest::Digest,
    event::{Event, What},
    evidence::RunId,
    measurement::Measurement,
    record::Record,
    verdict::Verdict,
};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{id, plan, test},
    taken::{artifact, seconds},
    worker::fail,
};

const A: &str = "nix-unit::tests::a";

struct Project {
    folder: tempfile::TempDir,
    state: State,
}

fn project() -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("a state folder");
    Project { folder, state }
}

impl Project {
    /// A run, so many seconds after the first, in which the test `a` was asked.
    fn run(&self, second: u64, whats: Vec<What>) -> RunId {
        let at = moment(Duration::from_secs(second)).wall;
        let mut journal =
            JournalWriter::create(&self.state, &plan([test("a").key("a")]), at).expect("a journal");
        let started = What::RunStarted { run: journal.run().clone(), plan: journal.plan(), checks: 1 };
        let ended = What::RunEnded { took: Duration::ZERO };
        for what in [started].into_iter().chain(whats).chain([ended]) {
            journal.emit(&Event { at, what }).expect("an event");
        }
        journal.flush().expect("written");
        journal.run().clone()
    }

    fn lines(&self, run: &RunId) -> std::path::PathBuf {
        self.folder.path().join(".seaworthy/runs").join(&run.0).join("events.jsonl")
    }

    /// What the ledger knows of `a` in numbers, and from which run.
    #[track_caller]
    fn known(&self) -> (Option<(RunId, Vec<Measurement>)>, Vec<Note>) {
        let (mut ledger, mut notes) = Ledger::open(&self.state).expect("a ledger");
        let fresh = Freshness { now: moment(Duration::from_secs(1000)).wall, max_age: None };
        let (mut found, more) = ledger.lookup(&[Digest::of("a")], fresh).expect("an answer");
        notes.extend(more);
        (found.remove(&Digest::of("a")).map(|evidence| (evidence.run, evidence.measurements)), notes)
    }
}

fn measured(value: u32) -> What {
    What::Measured { check: id(A), measurements: vec![seconds("boot/time", value)] }
}

fn finished(verdict: Verdict) -> What {
    What::CheckFinished { check: id(A), verdict, took: Duration::ZERO, key: Some(Digest::of("a")) }
}

#[test]
fn a_journal_gives_back_what_was_measured_and_kept() {
    let project = project();
    let third = Measurement {
        of: Some("sshd.service".to_owned()),
        value: 122.416_000_000_000_01.try_into().expect("a number"),
        ..seconds("boot/unit-time", 0)
    };
    let kept = What::Kept { check: id(A), artifact: artifact("console/ä.log") };
    let measured = What::Measured { check: id(A), measurements: vec![third.clone()] };
    let run = project.run(0, vec![measured, kept, finished(Verdict::Pass)]);
    let Journal { events, end, .. } = journal::read(&project.state, &run).expect("a journal");
    let record = Record::of(&events);
    assert_eq!(end, End::Sealed);
    assert_eq!(record.measurements(&id(A)), [third]);
    assert_eq!(record.artifacts(&id(A)), [artifact("console/ä.log")]);
}

#[test]
fn an_event_that_nobody_knows_is_damage_still() {
    let project = project();
    let run = project.run(0, vec![measured(1), finished(Verdict::Pass)]);
    let text = fs::read_to_string(project.lines(&run)).expect("a journal");
    for (from, to) in [(r#""measured""#, r#""guessed""#), (r#""value":1.0"#, r#""value":null"#)] {
        assert!(text.contains(from), "{text}");
        fs::write(project.lines(&run), text.replacen(from, to, 1)).expect("changed");
        match journal::read(&project.state, &run) {
            Err(JournalError::Damaged { line: 2, source: Damage::NotALine(_), .. }) => {}
            other => panic!("not damaged: {other:?}"),
        }
    }
}

/// As version 0.1.0 wrote them before there was anything to measure.
#[test]
fn a_journal_without_anything_measured_is_read() {
    let reused = r#"{"at":"2026-01-01T00:00:00Z","event":"check-reused","check":"a","reuse":{"run":"r","at":"2026-01-01T00:00:00Z"}}"#;
    let event: Event = serde_json::from_str(reused).expect("an event");
    assert_eq!(serde_json::to_string(&event).expect("JSON"), reused, "and what has no numbers is written so");
    assert_eq!(Record::of([&event]).measurements(&id("a")), []);
}

#[test]
fn evidence_has_the_numbers_of_the_run_that_asked() {
    let project = project();
    let first = project.run(0, vec![measured(1), measured(2), finished(Verdict::Pass)]);
    let both = vec![seconds("boot/time", 1), seconds("boot/time", 2)];
    assert_eq!(project.known().0, Some((first, both.clone())));
    assert_eq!(project.known().0.expect("known").1, both, "from the index, too");
    let second = project.run(1, vec![measured(3), finished(Verdict::Pass)]);
    assert_eq!(project.known().0, Some((second, vec![seconds("boot/time", 3)])));
    let third = project.run(2, vec![finished(Verdict::Pass)]);
    assert_eq!(project.known().0, Some((third, Vec::new())), "older numbers do not stay");
}

#[test]
fn a_failure_gives_no_numbers_to_anybody() {
    let project = project();
    project.run(0, vec![measured(1), finished(fail("nix-unit/tests", "wrong"))]);
    assert_eq!(project.known().0, None);
}

#[test]
fn numbers_that_make_no_sense_are_read_from_the_journal_again() {
    let project = project();
    let run = project.run(0, vec![measured(1), finished(Verdict::Pass)]);
    assert!(project.known().1.is_empty());
    let index =
        rusqlite::Connection::open(project.folder.path().join(".seaworthy/index.db")).expect("an index");
    index.execute("UPDATE passes SET measured = '[{\"metric\":1}]'", []).expect("changed");
    drop(index);
    let (known, notes) = project.known();
    assert_eq!(known, Some((run, vec![seconds("boot/time", 1)])));
    assert!(matches!(&notes[..], [Note::Rebuilt { .. }]), "{notes:?}");
}
