//! Journals of promotions as files, with several writers; and the lock of a fleet.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests look behind the journal's back, and start themselves again"
)]

mod killed;

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use edge::{
    journal::{Damage, JournalError},
    promotions::{FleetLock, Holder, LockError, PromotionJournal},
    state::State,
};
use killed::killed_after;
use model::rollout::{Entry, Happened, PromotionId};
use run::rollout::Log as _;
use testkit::clock::moment;

fn entry(second: u64) -> Entry {
    let what = Happened::Thawed { by: format!("ann-{second}") };
    Entry { at: moment(Duration::from_secs(second)).wall, what }
}

fn started() -> Entry {
    Entry {
        at: moment(Duration::ZERO).wall,
        what: Happened::Started { changes: BTreeMap::new(), back: false },
    }
}

struct Project {
    folder: tempfile::TempDir,
    state: State,
    promotion: PromotionId,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = State::open(folder.path()).expect("a state folder");
        let journal = PromotionJournal::create(&state, &started(), None).expect("a journal");
        let promotion = journal.promotion().clone();
        Self { folder, state, promotion }
    }

    fn journal(&self) -> PromotionJournal {
        PromotionJournal::open(&self.state, &self.promotion).expect("a journal")
    }

    fn lines(&self) -> PathBuf {
        self.folder.path().join(".seaworthy/promotions").join(&self.promotion.0).join("events.jsonl")
    }

    fn read(&self) -> Result<Vec<Entry>, JournalError> {
        self.journal().entries()
    }
}

#[test]
fn what_one_appends_another_reads_once_and_in_order() {
    let project = Project::new();
    let (mut one, mut other) = (project.journal(), project.journal());
    assert_eq!(one.news().unwrap(), [started()]);
    assert!(one.append(&[entry(1), entry(2)]).unwrap());
    assert_eq!(one.news().unwrap(), [], "what it wrote itself it knows");
    assert_eq!(other.news().unwrap(), [started(), entry(1), entry(2)]);
    assert_eq!(other.news().unwrap(), []);
}

#[test]
fn nothing_is_appended_after_what_was_not_read() {
    let project = Project::new();
    let (mut one, mut other) = (project.journal(), project.journal());
    one.news().unwrap();
    other.news().unwrap();
    assert!(one.append(&[entry(1)]).unwrap());
    assert!(!other.append(&[entry(2)]).unwrap(), "it has not read the first");
    assert_eq!(other.news().unwrap(), [entry(1)]);
    assert!(other.append(&[entry(2)]).unwrap());
    assert_eq!(project.read().unwrap(), [started(), entry(1), entry(2)]);
}

#[test]
fn a_torn_line_is_not_read_and_makes_room_for_the_next() {
    let project = Project::new();
    let whole = fs::read(project.lines()).unwrap();
    project.journal().note(entry(1).at, entry(1).what).unwrap();
    let bytes = fs::read(project.lines()).unwrap();
    for cut in whole.len()..bytes.len() {
        fs::write(project.lines(), &bytes[..cut]).unwrap();
        let mut journal = project.journal();
        assert_eq!(journal.news().unwrap(), [started()], "cut at {cut}");
        assert!(journal.append(&[entry(2)]).unwrap());
        assert_eq!(project.read().unwrap(), [started(), entry(2)], "cut at {cut}");
    }
}

#[test]
fn any_changed_byte_of_what_others_follow_is_seen() {
    let project = Project::new();
    let mut journal = project.journal();
    (1..4).for_each(|second| journal.note(entry(second).at, entry(second).what).unwrap());
    let bytes = fs::read(project.lines()).unwrap();
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    for at in 0..last {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(project.lines(), &changed).unwrap();
        assert!(project.read().is_err(), "byte {at}");
    }
}

#[test]
fn a_journal_that_was_moved_to_another_promotion_is_seen() {
    let (project, other) = (Project::new(), Project::new());
    let later = other.state.create_promotion(moment(Duration::from_secs(9)).wall).unwrap();
    fs::copy(project.lines(), later.1.join("events.jsonl")).unwrap();
    let read = PromotionJournal::open(&other.state, &later.0).unwrap().entries();
    let owner = matches!(&read, Err(JournalError::Damaged { line: 1, source: Damage::OtherOwner, .. }));
    assert!(owner, "{read:?}");
}

#[test]
fn the_latest_promotion_is_the_one_that_began_last() {
    let project = Project::new();
    // One whose process died before its first entry was there is none.
    project.state.create_promotion(moment(Duration::from_secs(5)).wall).unwrap();
    let latest = PromotionJournal::latest(&project.state).unwrap().unwrap();
    assert_eq!(latest.promotion(), &project.promotion);
    let later = PromotionJournal::create(&project.state, &entry(7), None).unwrap();
    let latest = PromotionJournal::latest(&project.state).unwrap().unwrap();
    assert_eq!(latest.promotion(), later.promotion());
    let before = PromotionJournal::before(&project.state, later.promotion()).unwrap().unwrap();
    assert_eq!(before.promotion(), &project.promotion);
    assert!(PromotionJournal::before(&project.state, before.promotion()).unwrap().is_none());
}

/// Two begin in one millisecond, or a clock was set back: the later one is the latest all the same.
#[test]
fn names_grow_whatever_the_clock_says() {
    let project = Project::new();
    for second in [0, 0, 0, 0, 9, 3, 3] {
        let last = PromotionJournal::latest(&project.state).unwrap().unwrap().promotion().clone();
        let next = PromotionJournal::create(&project.state, &entry(second), None).unwrap();
        assert!(next.promotion() > &last, "{} after {last}", next.promotion());
    }
}

/// A freeze that came after the first entry would be lost where the process dies in between.
#[test]
fn what_has_to_stand_in_a_journal_from_the_first_is_written_with_its_first_entry() {
    let project = Project::new();
    let journal = PromotionJournal::create(&project.state, &started(), Some(entry(1))).unwrap();
    let mut again = PromotionJournal::open(&project.state, journal.promotion()).unwrap();
    assert_eq!(again.entries().unwrap(), [started(), entry(1)]);
}

#[tokio::test]
async fn a_waiting_process_hears_of_what_another_wrote() {
    let project = Project::new();
    let (mut waits, mut other) = (project.journal(), project.journal());
    waits.news().unwrap();
    let early = tokio::time::timeout(Duration::from_millis(1200), waits.changed()).await;
    assert!(early.is_err(), "nothing was written");
    other.note(entry(1).at, entry(1).what).unwrap();
    tokio::time::timeout(Duration::from_secs(20), waits.changed()).await.expect("it hears of it");
    assert_eq!(waits.news().unwrap(), [entry(1)]);
}

fn holder(user: &str) -> Holder {
    Holder { user: user.to_owned(), host: "desk".to_owned(), pid: 7, since: moment(Duration::ZERO).wall }
}

#[test]
fn a_lock_is_held_by_one_and_tells_by_whom() {
    let project = Project::new();
    let lock = FleetLock::take(&project.state, &holder("ann"), false).unwrap();
    for broken in [false, true] {
        let refused = FleetLock::take(&project.state, &holder("bob"), broken).unwrap_err();
        let told = "ann on desk (process 7, since 2026-11-20T11:08:12Z) promotes this fleet";
        assert_eq!(refused.to_string(), told, "one that lives is never broken");
    }
    drop(lock);
    FleetLock::take(&project.state, &holder("bob"), false).unwrap();
}

/// Not a test by itself: takes the lock and appends for ever, and says how much is on the disk.
#[test]
#[ignore = "the process that is killed"]
fn promote_for_ever() {
    let Some(project) = killed::folder() else { return };
    let state = State::open(&project).unwrap();
    let _lock = FleetLock::take(&state, &holder("ann"), true).unwrap();
    let mut journal = PromotionJournal::latest(&state).unwrap().unwrap();
    let before = journal.news().unwrap().len();
    for count in before.. {
        assert!(journal.append(&[entry(count as u64)]).unwrap());
        killed::said(count + 1);
    }
}

#[test]
fn a_killed_process_loses_nothing_and_leaves_a_lock_that_only_a_word_breaks() {
    let project = Project::new();
    for enough in [3, 10, 60] {
        let written = killed_after("promote_for_ever", project.folder.path(), enough);
        let entries = project.read().unwrap();
        assert!(entries.len() >= written, "{} of {written} entries", entries.len());
        let refused = FleetLock::take(&project.state, &holder("bob"), false).unwrap_err();
        assert!(matches!(&refused, LockError::Left(Some(left)) if left.user == "ann"), "{refused}");
        assert!(!FleetLock::is_held(&project.state).unwrap(), "whoever had it is gone");
    }
    let lock = FleetLock::take(&project.state, &holder("bob"), true).unwrap();
    assert!(FleetLock::is_held(&project.state).unwrap());
    drop(lock);
    assert!(!FleetLock::is_held(&project.state).unwrap());
    FleetLock::take(&project.state, &holder("eve"), false).unwrap();
}
