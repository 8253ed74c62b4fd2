//! The journal as files: what is written is read back, and whatever else stands there is seen.

#![expect(clippy::disallowed_methods, reason = "the tests change journals behind the reader's back")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use edge::{
    journal::{self, Damage, End, Journal, JournalError, JournalWriter},
    state::State,
};
use model::{
    digest::Digest,
    event::{Event, What},
    evidence::{Reuse, RunId},
    plan::Plan,
    stage::Stage,
    verdict::Verdict,
};
use proptest::{collection::vec, prelude::*};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{id, machine_policy, plan, test},
    redact::redact,
    worker::{broken, fail},
};

struct Written {
    project: tempfile::TempDir,
    run: RunId,
    events: Vec<Event>,
}

impl Written {
    fn folder(&self) -> PathBuf {
        self.project.path().join(".seaworthy/runs").join(&self.run.0)
    }

    fn lines(&self) -> PathBuf {
        self.folder().join("events.jsonl")
    }

    fn read(&self) -> Result<Journal, JournalError> {
        journal::read(&State::find(self.project.path()).expect("a state folder"), &self.run)
    }

    /// Reads the journal as it would be with other lines.
    fn read_with(&self, lines: &[u8]) -> Result<Journal, JournalError> {
        fs::write(self.lines(), lines).expect("the journal is written");
        self.read()
    }
}

fn write(plan: &Plan, whats: Vec<What>) -> Written {
    let project = tempfile::tempdir().expect("a folder");
    let state = State::open(project.path()).expect("a state folder");
    let mut writer = JournalWriter::create(&state, plan, moment(Duration::ZERO).wall).expect("a journal");
    let (run, digest) = (writer.run().clone(), writer.plan());
    let started = What::RunStarted { run: run.clone(), plan: digest, checks: plan.checks.len() };
    let mut events = Vec::new();
    for (second, what) in (0..).zip([started].into_iter().chain(whats)) {
        let event = Event { at: moment(Duration::from_millis(second * 1500)).wall, what };
        writer.emit(&event).expect("the event is taken");
        events.push(event);
    }
    writer.flush().expect("the events are written");
    Written { project, run, events }
}

fn sample_plan() -> Plan {
    plan([test("a").key("k"), test("b"), machine_policy(Stage::Invariants, "s/r", "ämber").reused()])
}

fn sample() -> Written {
    let reuse = Reuse {
        run: RunId("20260101T000000Z-000000".to_owned()),
        at: moment(Duration::ZERO).wall,
        measurements: Vec::new(),
        replaced: Vec::new(),
    };
    let finished = |name: &str, verdict, key| What::CheckFinished {
        check: id(name),
        verdict,
        took: Duration::from_millis(1250),
        key,
    };
    let whats = vec![
        What::CheckReused { check: id("s::r::ämber"), reuse },
        What::CheckStarted { check: id("nix-unit::tests::a") },
        finished("nix-unit::tests::a", Verdict::Pass, Some(Digest::of("k"))),
        finished("nix-unit::tests::b", fail("nix-unit/tests", "wrong \"value\"\nin ämber"), None),
        What::RunEnded { took: Duration::from_secs(9) },
    ];
    write(&sample_plan(), whats)
}

/// What must not happen: that a changed journal reads as something which was never written.
#[track_caller]
fn seen_or_cut_off(read: Result<Journal, JournalError>, events: &[Event], how: &str) {
    if let Ok(journal) = read {
        assert_eq!(journal.end, End::CutOff, "not seen: {how}");
        assert!(events.starts_with(&journal.events), "other events: {how}");
    }
}

#[track_caller]
fn damaged_at(read: Result<Journal, JournalError>, expected: u64) -> Damage {
    match read {
        Err(JournalError::Damaged { line, source, .. }) => {
            assert_eq!(line, expected, "{source}");
            source
        }
        other => panic_with(&format!("{other:?}")),
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "an assert")]
fn panic_with(other: &str) -> ! {
    panic!("not damaged: {other}")
}

#[test]
fn what_is_written_is_read_back() {
    let written = sample();
    let journal = written.read().unwrap();
    assert_eq!(journal.events, written.events);
    assert_eq!(journal.plan, sample_plan());
    assert_eq!(journal.end, End::Sealed);
}

#[test]
fn the_format_is_public() {
    let written = sample();
    let text = fs::read_to_string(written.lines()).unwrap();
    let expected = [
        r#"{"seq":0,"prev":"<digest>","at":"<time>","event":"run-started","run":"<run>","plan":"<digest>","checks":3}"#,
        r#"{"seq":1,"prev":"<digest>","at":"<time>","event":"check-reused","check":"s::r::ämber","reuse":{"run":"<run>","at":"<time>"}}"#,
        r#"{"seq":2,"prev":"<digest>","at":"<time>","event":"check-started","check":"nix-unit::tests::a"}"#,
        r#"{"seq":3,"prev":"<digest>","at":"<time>","event":"check-finished","check":"nix-unit::tests::a","verdict":"pass","took":<took>,"key":"<digest>"}"#,
        r#"{"seq":4,"prev":"<digest>","at":"<time>","event":"check-finished","check":"nix-unit::tests::b","verdict":"fail","findings":[{"rule":"nix-unit/tests","subject":"fleet","message":"wrong \"value\"\nin ämber"}],"took":<took>}"#,
        r#"{"seq":5,"prev":"<digest>","at":"<time>","event":"run-ended","took":<took>}"#,
        r#"{"seq":6,"prev":"<digest>","sealed":true}"#,
    ];
    assert_eq!(redact(&text).lines().collect::<Vec<_>>(), expected);
    let second: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["prev"], Digest::of(text.lines().next().unwrap()).to_string());
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["prev"], Digest::of(fs::read(written.folder().join("plan.json")).unwrap()).to_string());
}

#[test]
fn cut_at_any_byte_it_reads_as_a_beginning() {
    let written = sample();
    let bytes = fs::read(written.lines()).unwrap();
    for length in 0..bytes.len() {
        let journal =
            written.read_with(&bytes[..length]).unwrap_or_else(|error| panic_with(&error.to_string()));
        assert_eq!(journal.end, End::CutOff, "cut at {length}");
        let whole = bytes[..length].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(journal.events, written.events[..whole], "cut at {length}");
    }
}

#[test]
fn any_changed_byte_is_seen_or_cuts_the_end_off() {
    let written = sample();
    let bytes = fs::read(written.lines()).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        // Another bit of each byte; which one hardly matters, and all of them take long.
        changed[at] ^= 1 << (at % 8);
        seen_or_cut_off(written.read_with(&changed), &written.events, &format!("byte {at}"));
    }
}

#[test]
fn any_changed_byte_of_the_plan_is_seen() {
    let written = sample();
    let path = written.folder().join("plan.json");
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert!(written.read().is_err(), "not seen: byte {at}");
    }
}

#[test]
fn lines_that_are_missing_doubled_or_moved_are_named() {
    let written = sample();
    let text = fs::read_to_string(written.lines()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let with = |order: &[usize]| {
        written.read_with(order.iter().map(|line| lines[*line]).collect::<String>().as_bytes())
    };
    assert!(matches!(damaged_at(with(&[0, 2, 3, 4, 5, 6]), 2), Damage::OutOfOrder { expected: 1, found: 2 }));
    assert!(matches!(damaged_at(with(&[1, 2]), 1), Damage::OutOfOrder { .. }));
    assert!(matches!(damaged_at(with(&[0, 1, 1, 2]), 3), Damage::OutOfOrder { .. }));
    assert!(matches!(damaged_at(with(&[0, 1, 3, 2]), 3), Damage::OutOfOrder { .. }));
    assert!(matches!(damaged_at(with(&[0, 1, 2, 6]), 4), Damage::OutOfOrder { .. }));
    assert!(matches!(damaged_at(with(&[0, 1, 2, 3, 4, 5, 6, 6]), 8), Damage::AfterTheEnd));
}

#[test]
fn a_verdict_that_was_turned_is_seen_at_the_next_line() {
    let written = sample();
    let text = fs::read_to_string(written.lines()).unwrap();
    let turned = text.replacen(r#""verdict":"pass""#, r#""verdict":"skip""#, 1);
    assert!(matches!(damaged_at(written.read_with(turned.as_bytes()), 4), Damage::NotALine(_)));
    let turned = text.replacen("1250", "1251", 1).replacen("250000000", "250000001", 1);
    assert!(matches!(damaged_at(written.read_with(turned.as_bytes()), 5), Damage::BrokenChain));
}

#[test]
fn a_line_without_an_end_is_not_read_for_ever() {
    let written = sample();
    let lines = fs::OpenOptions::new().write(true).open(written.lines()).unwrap();
    lines.set_len(0).unwrap();
    // A terabyte of zeros, none of which is on the disk.
    lines.set_len(1 << 40).unwrap();
    assert!(matches!(damaged_at(written.read(), 1), Damage::TooLong { limit: 67_108_864 }));
}

#[test]
fn another_runs_plan_is_seen() {
    let (written, other) = (sample(), write(&plan([]), Vec::new()));
    fs::copy(other.folder().join("plan.json"), written.folder().join("plan.json")).unwrap();
    assert!(matches!(damaged_at(written.read(), 1), Damage::OtherOwner));
}

#[test]
fn a_run_that_was_cut_off_before_its_first_event_is_empty() {
    let written = sample();
    fs::remove_file(written.lines()).unwrap();
    let journal = written.read().unwrap();
    assert_eq!((journal.events, journal.end), (Vec::new(), End::CutOff));
}

#[test]
fn what_is_no_run_is_said_to_be_none() {
    let written = sample();
    let state = State::find(written.project.path()).unwrap();
    for name in ["", "../runs", "20200101T000000Z-000000"] {
        let error = journal::read(&state, &RunId(name.to_owned())).unwrap_err();
        assert_eq!(error.to_string(), format!("no run is called {name:?}"));
    }
}

#[test]
fn runs_are_listed_once_they_have_a_plan() {
    let written = sample();
    let state = State::find(written.project.path()).unwrap();
    state.create_run(moment(Duration::from_secs(5)).wall).unwrap();
    assert_eq!(journal::list(&state).unwrap(), std::slice::from_ref(&written.run));
    let later = JournalWriter::create(&state, &plan([]), moment(Duration::from_secs(2)).wall).unwrap();
    assert_eq!(journal::latest(&state).unwrap().as_ref(), Some(later.run()));
    assert_eq!(left_behind(&state.runs().join(&written.run.0)), ["events.jsonl", "plan.json"]);
}

fn left_behind(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn any_what() -> impl Strategy<Value = What> {
    let verdict = prop_oneof![
        Just(Verdict::Pass),
        ".*".prop_map(|message| fail("s/r", &message)),
        ".*".prop_map(|what| broken(&what)),
        any::<Duration>().prop_map(|limit| Verdict::TimedOut { limit }),
        ".*".prop_map(|reason| Verdict::Skipped { reason }),
    ];
    prop_oneof![
        ".*".prop_map(|check| What::CheckStarted { check: id(&check) }),
        (".*", verdict, any::<Duration>(), any::<bool>()).prop_map(|(check, verdict, took, key)| {
            What::CheckFinished { check: id(&check), verdict, took, key: key.then(|| Digest::of("k")) }
        }),
        Just(What::Interrupted),
        any::<Duration>().prop_map(|took| What::RunEnded { took }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_events_survive_and_any_change_is_seen(
        mut whats in vec(any_what(), 0..12), at: prop::sample::Index, by in 1u8.., cut: prop::sample::Index,
    ) {
        whats.retain(|what| !matches!(what, What::RunEnded { .. }));
        whats.push(What::RunEnded { took: Duration::MAX });
        let written = write(&sample_plan(), whats);
        prop_assert_eq!(&written.read().unwrap().events, &written.events);
        let bytes = fs::read(written.lines()).unwrap();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] ^= by;
        seen_or_cut_off(written.read_with(&changed), &written.events, &format!("{by} at {}", at.index(bytes.len())));
        let beginning = written.read_with(&bytes[..cut.index(bytes.len())]).unwrap();
        prop_assert!(written.events.starts_with(&beginning.events));
    }
}
