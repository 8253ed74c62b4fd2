//! What a guest says on its console, line by line in the folder of the run, while it says it.
//!
//! Flows in: the console of a guest that boots, and that of the clone of it that is asked. Flows out: a log that can be
//! followed, and an artifact once the guest has ended. Must not: hold the guest up, or make a boot fail: a log proves
//! nothing by itself.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use model::{artifact::Artifact, machine::MachineName};
use tokio::{
    sync::mpsc::Receiver,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use vms::{console::Console, lines::Line};

use crate::journal::{Artifacts, Log};

/// What the log is called, and its folder in that of the run.
const NAME: &str = "console";
/// Lines that may wait to be written, which is as many as a console keeps. Of more, those that come later are left out.
const WAITING: usize = 1_000;
/// How long after the guest its console is gone, and what it said is on the disk.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The log of one machine's console.
#[derive(Debug)]
pub(super) struct ConsoleLog {
    artifacts: Artifacts,
    machine: MachineName,
    /// Who writes it, once there is a guest, and gives it back when that one is gone.
    writer: Mutex<Option<JoinHandle<Option<Log>>>>,
}

impl ConsoleLog {
    /// Nothing is written as yet.
    pub(super) fn of(artifacts: &Artifacts, machine: &MachineName) -> Self {
        Self { artifacts: artifacts.clone(), machine: machine.clone(), writer: Mutex::new(None) }
    }

    /// Writes down whatever the console says, from its beginning until it is gone, in a task of its own: the log ends with
    /// the guest, whatever becomes of who boots it. What an earlier guest of the machine said stands before it, and `head`
    /// between them.
    pub(super) fn follow(&self, console: &Console, head: Vec<String>) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = writer.take();
        let begin = || self.artifacts.log(NAME, self.machine.as_str()).ok();
        let begun = if before.is_none() { begin() } else { None };
        let console = console.clone();
        *writer = Some(tokio::spawn(async move {
            // Where there can be no log, there is none.
            let log = match before {
                Some(before) => before.await.ok()?,
                None => begun,
            };
            Some(write(console, log?, &head).await)
        }));
    }

    /// The log, once the guest is gone; none if there was no guest, or not all of what it said could be written.
    pub(super) async fn ended(&self) -> Option<Artifact> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let log = timeout(LAST_WORDS, writer?).await.ok()?.ok()??;
        spawn_blocking(|| log.end().ok()).await.ok()?
    }
}

async fn write(console: Console, mut log: Log, head: &[String]) -> Log {
    let began = Timestamp::now().checked_sub(console.age()).unwrap_or_default();
    log.append(head.iter().map(|line| (began, line.clone())));
    let mut scribe = Scribe { log, began, next: 0 };
    scribe.follow(console.follow(WAITING)).await;
    // Its last lines are still there, though there was no room for them to wait.
    scribe.take(&console.last_lines(usize::MAX));
    scribe.log
}

/// Who writes the log.
struct Scribe {
    log: Log,
    /// What the times of lines count from, by the host's clock. Only read once: the host's clock may be set meanwhile.
    began: Timestamp,
    /// The number of the line that has to follow.
    next: u64,
}

impl Scribe {
    async fn follow(&mut self, mut lines: Receiver<Line>) {
        let mut some = Vec::with_capacity(WAITING);
        while lines.recv_many(&mut some, WAITING).await > 0 {
            self.take(&some);
            some.clear();
        }
    }

    /// Writes those of some lines that were not written yet, and how many are missing before each.
    fn take(&mut self, lines: &[Line]) {
        for run in lines.chunk_by(|line, after| line.number + 1 == after.number) {
            let new = run.iter().filter(|line| line.number >= self.next);
            let (Some(first), Some(last)) = (new.clone().next(), run.last()) else { continue };
            let began = self.began;
            if first.number > self.next {
                self.log.leave_out(at(began, first), first.number - self.next);
            }
            self.log.append(new.map(|line| (at(began, line), text(line))));
            self.next = last.number + 1;
        }
    }
}

fn at(began: Timestamp, line: &Line) -> Timestamp {
    began.checked_add(line.at).unwrap_or(began)
}

fn text(line: &Line) -> String {
    if line.cut == 0 { line.text.clone() } else { format!("{} [{} bytes cut off]", line.text, line.cut) }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at what was written")]
mod tests {
    use std::fs;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    struct Booted {
        folder: tempfile::TempDir,
        log: ConsoleLog,
    }

    fn booted() -> Booted {
        let folder = tempfile::tempdir().unwrap();
        let log = ConsoleLog::of(&Artifacts::of(folder.path()), &"a".into());
        Booted { folder, log }
    }

    impl Booted {
        /// What the log says by now, without the times.
        fn said(&self) -> Vec<String> {
            let text = fs::read_to_string(self.folder.path().join("console/a.log")).unwrap();
            text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
        }
    }

    #[tokio::test]
    async fn what_a_guest_says_is_there_while_it_boots_and_an_artifact_after() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let console = Console::attach(stream);
        guest.write_all(b"before anybody listens\n").await.unwrap();
        let booted = booted();
        booted.log.follow(&console, Vec::new());
        guest.write_all(b"hello\r\n").await.unwrap();
        // The guest still runs.
        timeout(Duration::from_secs(10), async {
            while booted.said() != ["before anybody listens", "hello"] {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("both are written");
        guest.write_all(&[b'x'; 5000]).await.unwrap();
        drop(guest);
        let artifact = booted.log.ended().await.expect("an artifact");
        assert_eq!((artifact.name.as_str(), artifact.path.as_str()), ("console", "console/a.log"));
        assert_eq!(booted.said()[2], format!("{} [904 bytes cut off]", "x".repeat(4096)));
        assert_eq!(booted.log.ended().await, None, "it is told once");
    }

    #[tokio::test]
    async fn the_clone_of_a_guest_is_written_after_it() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let (mut clone, cloned) = tokio::io::duplex(64);
        let booted = booted();
        booted.log.follow(&Console::attach(stream), Vec::new());
        booted.log.follow(&Console::attach(cloned), vec!["[restored]".to_owned()]);
        clone.write_all(b"again\n").await.unwrap();
        guest.write_all(b"hello\n").await.unwrap();
        drop((guest, clone));
        booted.log.ended().await.expect("an artifact");
        assert_eq!(booted.said(), ["hello", "[restored]", "again"]);
    }

    #[tokio::test]
    async fn times_are_those_of_the_host() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let before = Timestamp::now();
        let console = Console::attach(stream);
        guest.write_all(b"hello\n").await.unwrap();
        drop(guest);
        console.closed().await;
        let after = Timestamp::now();
        tokio::time::sleep(Duration::from_millis(30)).await;
        let booted = booted();
        booted.log.follow(&console, Vec::new());
        booted.log.ended().await.expect("an artifact");
        let text = fs::read_to_string(booted.folder.path().join("console/a.log")).unwrap();
        let at: Timestamp = text.split_once(' ').unwrap().0.parse().unwrap();
        // To the millisecond, and two clocks are read one after the other.
        let slack = Duration::from_millis(2);
        assert!(at >= before - slack && at <= after + slack, "{before} {at} {after}");
    }

    fn line(number: u64) -> Line {
        Line { number, at: Duration::ZERO, text: number.to_string(), cut: 0 }
    }

    #[test]
    fn lines_that_nobody_could_write_down_are_counted_where_they_are_missing() {
        let booted = booted();
        let log = booted.log.artifacts.log(NAME, "a").unwrap();
        let mut scribe = Scribe { log, began: Timestamp::UNIX_EPOCH, next: 0 };
        scribe.take(&[line(2), line(3)]);
        scribe.take(&[line(4), line(7), line(8), line(10)]);
        // What the console still has at the end.
        scribe.take(&(6..14).map(line).collect::<Vec<_>>());
        scribe.take(&[line(12)]);
        assert_eq!(
            booted.said(),
            [
                "[2 lines left out]",
                "2",
                "3",
                "4",
                "[2 lines left out]",
                "7",
                "8",
                "[1 line left out]",
                "10",
                "11",
                "12",
                "13"
            ]
        );
    }

    #[tokio::test]
    async fn the_last_lines_of_a_guest_that_is_faster_than_the_disk_are_kept() {
        let (mut guest, stream) = tokio::io::duplex(64 << 10);
        let console = Console::attach(stream);
        let booted = booted();
        booted.log.follow(&console, Vec::new());
        // On this one thread, the writer comes to nothing while a whole flood is read.
        let flood: String = (0..5_000).map(|number| format!("{number}\n")).collect();
        guest.write_all(flood.as_bytes()).await.unwrap();
        drop(guest);
        booted.log.ended().await.expect("an artifact");
        let said = booted.said();
        assert_eq!(said.last().map(String::as_str), Some("4999"));
        let missing: usize = said
            .iter()
            .filter_map(|line| line.strip_prefix('[')?.split(' ').next()?.parse::<usize>().ok())
            .sum();
        let told = said.iter().filter(|line| !line.starts_with('[')).count();
        assert_eq!(told + missing, 5_000);
        assert!(missing > 0, "this flood was no flood");
    }

    #[tokio::test]
    async fn without_a_guest_or_a_folder_there_is_no_log_and_no_harm() {
        let booted = booted();
        assert_eq!(booted.log.ended().await, None);
        fs::write(booted.folder.path().join("console"), "in the way").unwrap();
        booted.log.follow(&Console::attach(tokio::io::empty()), Vec::new());
        assert_eq!(booted.log.ended().await, None);
    }
}
