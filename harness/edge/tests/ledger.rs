//! The ledger over real journals: what counts as evidence, and what becomes of an index that is gone or damaged.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests damage files behind the ledger's back, and start themselves again"
)]

use std::{
    collections::HashMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use edge::{
    journal::JournalWriter,
    ledger::{Freshness, Ledger, Note},
    state::State,
};
use model::{
    digest::Digest,
    event::{Event, What},
    evidence::{Evidence, RunId},
    verdict::Verdict,
};
use run::Sink as _;
use testkit::{
    clock::moment,
    plan::{id, plan, test},
    worker::{broken, fail},
};

struct Project {
    folder: tempfile::TempDir,
    state: State,
}

fn project() -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    let state = State::open(folder.path()).expect("a state folder");
    Project { folder, state }
}

const HOUR: u64 = 3600;

impl Project {
    /// A run at an hour: each of these tests was answered so; its key is the digest of its name.
    fn run(&self, hour: u64, answers: &[(&str, Verdict)]) -> RunId {
        write_run(&self.state, hour, answers, true)
    }

    fn open(&self) -> (Ledger, Vec<Note>) {
        Ledger::open(&self.state).expect("a ledger")
    }

    /// The runs that stand for these keys at hour 100, by a ledger that is opened for it.
    #[track_caller]
    fn evidence(&self, names: &[&str]) -> Vec<Option<RunId>> {
        let (mut ledger, notes) = self.open();
        assert!(notes.is_empty(), "{notes:?}");
        let found = look(&mut ledger, names);
        names.iter().map(|name| Some(found.get(&Digest::of(name))?.run.clone())).collect()
    }

    fn index(&self) -> PathBuf {
        self.folder.path().join(".seaworthy/index.db")
    }
}

fn write_run(state: &State, hour: u64, answers: &[(&str, Verdict)], ends: bool) -> RunId {
    let plan = plan(answers.iter().map(|(name, _)| test(name).key(name)));
    let at = moment(Duration::from_secs(hour * HOUR)).wall;
    let mut journal = JournalWriter::create(state, &plan, at).expect("a journal");
    let started =
        What::RunStarted { run: journal.run().clone(), plan: journal.plan(), checks: answers.len() };
    let finished = answers.iter().map(|(name, verdict)| What::CheckFinished {
        check: id(&format!("nix-unit::tests::{name}")),
        verdict: verdict.clone(),
        took: Duration::ZERO,
        key: verdict.passed().then(|| Digest::of(name)),
    });
    let ended = ends.then_some(What::RunEnded { took: Duration::ZERO });
    for what in [started].into_iter().chain(finished).chain(ended) {
        journal.emit(&Event { at, what }).expect("an event");
    }
    journal.flush().expect("written");
    journal.run().clone()
}

fn at_hour(hour: u64) -> Freshness {
    Freshness { now: moment(Duration::from_secs(hour * HOUR)).wall, max_age: None }
}

#[track_caller]
fn look(ledger: &mut Ledger, names: &[&str]) -> HashMap<Digest, Evidence> {
    let keys: Vec<Digest> = names.iter().map(Digest::of).collect();
    let (found, notes) = ledger.lookup(&keys, at_hour(100)).expect("an answer");
    assert!(notes.is_empty(), "{notes:?}");
    found
}

fn failed() -> Verdict {
    fail("nix-unit/tests", "wrong")
}

#[test]
fn only_a_pass_is_evidence() {
    let project = project();
    let limit = Duration::from_secs(1);
    let run = project.run(
        0,
        &[
            ("passed", Verdict::Pass),
            ("failed", failed()),
            ("broken", broken("lost")),
            ("late", Verdict::TimedOut { limit }),
            ("skipped", Verdict::Skipped { reason: "held".to_owned() }),
        ],
    );
    let found = project.evidence(&["passed", "failed", "broken", "late", "skipped", "never asked"]);
    assert_eq!(found, [Some(run), None, None, None, None, None]);
}

#[test]
fn evidence_says_what_it_was() {
    let project = project();
    let run = project.run(3, &[("a", Verdict::Pass)]);
    let found = look(&mut project.open().0, &["a"]);
    let at = moment(Duration::from_secs(3 * HOUR)).wall;
    let expected = Evidence {
        key: Digest::of("a"),
        check: id("nix-unit::tests::a"),
        run,
        at,
        measurements: Vec::new(),
        replaced: Vec::new(),
    };
    assert_eq!(found[&Digest::of("a")], expected);
}

#[test]
fn the_newest_pass_stands_in_whatever_order_runs_are_taken_in() {
    let project = project();
    let late = project.run(2, &[("a", Verdict::Pass)]);
    let (mut ledger, _) = project.open();
    let early = project.run(1, &[("a", Verdict::Pass)]);
    ledger.record(&early).unwrap();
    assert_eq!(look(&mut ledger, &["a"])[&Digest::of("a")].run, late);
    fs::remove_file(project.index()).unwrap();
    assert_eq!(project.evidence(&["a"]), [Some(late)]);
}

#[test]
fn a_flaky_check_is_never_reused() {
    let project = project();
    project.run(1, &[("then fails", Verdict::Pass), ("then passes", failed())]);
    project.run(2, &[("then fails", failed()), ("then passes", Verdict::Pass)]);
    project.run(3, &[("then fails", Verdict::Pass)]);
    assert_eq!(project.evidence(&["then fails", "then passes"]), [None, None]);
}

#[test]
fn a_fault_of_the_harness_spoils_nothing() {
    let project = project();
    let run = project.run(1, &[("a", Verdict::Pass)]);
    project.run(2, &[("a", broken("lost"))]);
    assert_eq!(project.evidence(&["a"]), [Some(run)]);
}

#[test]
fn a_run_that_was_cut_off_counts_as_far_as_it_got() {
    let project = project();
    let run = write_run(&project.state, 0, &[("a", Verdict::Pass)], false);
    assert_eq!(project.evidence(&["a"]), [Some(run)]);
}

#[test]
fn age_is_limited_on_request_and_the_future_is_no_evidence() {
    let project = project();
    project.run(10, &[("a", Verdict::Pass)]);
    let (mut ledger, _) = project.open();
    let mut found = |hour, max_age: Option<u64>| {
        let max_age = max_age.map(|hours| Duration::from_secs(hours * HOUR));
        let fresh = Freshness { max_age, ..at_hour(hour) };
        ledger.lookup(&[Digest::of("a")], fresh).unwrap().0.len()
    };
    assert_eq!(found(12, None), 1);
    assert_eq!(found(12, Some(2)), 1);
    assert_eq!(found(13, Some(2)), 0);
    assert_eq!(found(9, None), 0);
    assert_eq!(found(9, Some(2)), 0);
}

#[test]
fn a_run_that_was_deleted_proves_nothing_any_more() {
    let project = project();
    let run = project.run(0, &[("a", Verdict::Pass)]);
    drop(project.open());
    fs::remove_dir_all(project.state.runs().join(run.0)).unwrap();
    assert_eq!(project.evidence(&["a"]), [None]);
}

#[test]
fn a_failure_is_remembered_as_long_as_its_run() {
    let project = project();
    let passed = project.run(0, &[("a", Verdict::Pass)]);
    let failed = project.run(1, &[("a", failed())]);
    assert_eq!(project.evidence(&["a"]), [None]);
    fs::remove_dir_all(project.state.runs().join(failed.0)).unwrap();
    assert_eq!(project.evidence(&["a"]), [Some(passed)]);
}

#[test]
fn a_run_that_went_on_is_read_again() {
    let project = project();
    let run = write_run(&project.state, 0, &[("a", Verdict::Pass), ("b", Verdict::Pass)], true);
    let path = project.state.runs().join(&run.0).join("events.jsonl");
    let whole = fs::read(&path).unwrap();
    let second_line = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0;
    fs::write(&path, &whole[..=second_line]).unwrap();
    assert_eq!(project.evidence(&["a", "b"]), [Some(run.clone()), None]);
    fs::write(&path, &whole).unwrap();
    assert_eq!(project.evidence(&["a", "b"]), [Some(run.clone()), Some(run)]);
}

#[test]
fn a_changed_journal_is_named_and_proves_nothing() {
    let project = project();
    let run = project.run(0, &[("a", Verdict::Pass), ("b", Verdict::Pass)]);
    drop(project.open());
    let path = project.state.runs().join(&run.0).join("events.jsonl");
    let text = fs::read_to_string(&path).unwrap().replace("tests::b", "tests::c");
    fs::write(&path, text).unwrap();
    let (mut ledger, notes) = project.open();
    assert!(matches!(&notes[..], [Note::Unreadable { run: named, .. }] if *named == run), "{notes:?}");
    assert_eq!(look(&mut ledger, &["a", "b"]), HashMap::new());
}

#[test]
fn an_index_that_is_gone_is_made_anew() {
    let project = project();
    let run = project.run(0, &[("a", Verdict::Pass)]);
    drop(project.open());
    fs::remove_file(project.index()).unwrap();
    assert_eq!(project.evidence(&["a"]), [Some(run)]);
}

#[test]
fn an_index_that_is_none_is_set_aside_and_made_anew() {
    let project = project();
    let run = project.run(0, &[("a", Verdict::Pass)]);
    drop(project.open());
    let of_other_version = rusqlite::Connection::open(project.index()).unwrap();
    of_other_version.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(of_other_version);
    let of_other_version = fs::read(project.index()).unwrap();
    for (content, expected) in [
        (&b"not a database"[..], "file is not a database"),
        (&[0; 5000], "file is not a database"),
        (&of_other_version, "it is of version 7, and this needs version 3"),
    ] {
        fs::write(project.index(), content).unwrap();
        let (mut ledger, notes) = project.open();
        let [Note::Rebuilt { reason }] = &notes[..] else { panic!("{notes:?}") };
        assert_eq!(reason, expected);
        assert_eq!(look(&mut ledger, &["a"])[&Digest::of("a")].run, run);
        drop(ledger);
        let aside = fs::metadata(project.index().with_extension("db.damaged")).unwrap();
        assert_eq!(usize::try_from(aside.len()).unwrap(), content.len());
    }
}

#[test]
fn an_index_that_breaks_while_it_is_open_is_made_anew() {
    let project = project();
    let names: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    let answers: Vec<(&str, Verdict)> = names.iter().map(|name| (name.as_str(), Verdict::Pass)).collect();
    project.run(0, &answers);
    drop(project.open());
    let size = usize::try_from(fs::metadata(project.index()).unwrap().len()).unwrap();
    let (mut ledger, _) = project.open();
    let mut garbage = fs::read(project.index()).unwrap();
    garbage[4096..size].fill(0x5a);
    fs::write(project.index(), garbage).unwrap();
    let keys: Vec<Digest> = names.iter().map(Digest::of).collect();
    let (found, notes) = ledger.lookup(&keys, at_hour(100)).unwrap();
    assert!(matches!(&notes[..], [Note::Rebuilt { .. }]), "{notes:?}");
    assert_eq!(found.len(), 2000);
}

/// Whatever bytes the index is made of: it opens, and says of no key that it passed unless it did.
#[test]
fn a_changed_index_never_invents_evidence() {
    let project = project();
    let names: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let answers: Vec<(&str, Verdict)> = names
        .iter()
        .map(|name| (name.as_str(), if name.ends_with('7') { failed() } else { Verdict::Pass }))
        .collect();
    project.run(0, &answers);
    drop(project.open());
    let sound = fs::read(project.index()).unwrap();
    let failing: Vec<Digest> = names.iter().filter(|name| name.ends_with('7')).map(Digest::of).collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..150 {
        let mut changed = sound.clone();
        for _ in 0..20 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(random >> 33).unwrap() % changed.len();
            changed[at] ^= 1 << (random % 8);
        }
        fs::write(project.index(), &changed).unwrap();
        let (mut ledger, _) = project.open();
        let (found, _) = ledger.lookup(&failing, at_hour(100)).unwrap();
        assert_eq!(found, HashMap::new());
    }
}

/// Not a test by itself: makes runs and looks their answers up, in the project that standard input names.
#[test]
#[ignore = "one of several processes at once"]
fn work_beside_others() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let Some((name, folder)) = line.trim_end().split_once(' ') else { return };
    let state = State::open(Path::new(folder)).unwrap();
    for round in 0..20 {
        let (mut ledger, notes) = Ledger::open(&state).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        let own = format!("{name} {round}");
        let run = write_run(&state, round, &[(&own, Verdict::Pass), ("shared", Verdict::Pass)], true);
        ledger.record(&run).unwrap();
        let found = look(&mut ledger, &[&own, "shared"]);
        assert_eq!(found[&Digest::of(&own)].run, run);
        assert!(found.contains_key(&Digest::of("shared")));
    }
}

#[test]
fn several_processes_at_once_are_fine() {
    let project = project();
    let start = |name: &&str| {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "work_beside_others"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{name} {}", project.folder.path().display()).unwrap();
        child
    };
    let children: Vec<_> = ["a", "b", "c", "d"].iter().map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(project.evidence(&["a 19", "d 0", "nobody 0"]).iter().flatten().count(), 2);
}

#[test]
fn what_speaks_against_a_key_is_told_with_its_findings() {
    let project = project();
    project.run(1, &[("a", failed()), ("b", Verdict::Pass), ("c", failed())]);
    let newest = project.run(2, &[("a", fail("s/r", "worse"))]);
    let (mut ledger, _) = project.open();
    let keys = ["a", "b", "d"].map(Digest::of);
    let (refuted, notes) = ledger.refuted(&keys).expect("a ledger");
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(refuted.len(), 1);
    let (key, found) = refuted.iter().next().expect("one");
    assert_eq!((key, &found.run, &found.verdict), (&Digest::of("a"), &newest, &fail("s/r", "worse")));
}
