//! A log that somebody else writes and nobody can stop: every line as it comes, and no more than there is room for.
//!
//! Flows in: lines, each with its time. Flows out: a file that `tail -f` follows and a killed process leaves behind: its
//! first lines, and, once it has ended, its last ones; what lies between is counted. Must not: grow beyond its bounds; hold
//! back a line for which there is room.
//!
//! A line is `2026-11-27T22:08:15.042Z what was said`. Times first, and all of one clock, so that `sort -m` puts the logs of
//! several machines in one order.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
};

use jiff::Timestamp;
use model::{artifact::Artifact, digest::Digest};

use crate::state::StateError;

/// How much of a log is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Of its beginning. This much is written at once.
    pub(super) head: usize,
    /// Of its end. This much is held in memory until it is known to be the end.
    pub(super) tail: usize,
}

impl Bounds {
    /// A usual boot writes some 50 KiB.
    pub(super) const USUAL: Self = Self { head: 4 << 20, tail: 1 << 20 };
}

/// A log that goes on. Ends when it is dropped, too.
#[derive(Debug)]
pub struct Log {
    name: String,
    /// From the run's folder on.
    path: String,
    place: PathBuf,
    file: File,
    /// Bytes for which there is still room at the beginning.
    room: usize,
    tail: Tail,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
    ended: bool,
}

#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<(Timestamp, String)>,
    bytes: usize,
    most: usize,
    /// Whether the beginning is full.
    begun: bool,
    left_out: u64,
    /// When the last of those was said.
    until: Timestamp,
}

impl Log {
    pub(super) fn new(name: &str, path: String, place: PathBuf, file: File, bounds: Bounds) -> Self {
        let tail = Tail { most: bounds.tail, ..Tail::default() };
        let (name, room) = (name.to_owned(), bounds.head);
        Self { name, path, place, file, room, tail, failed: None, ended: false }
    }

    /// Appends lines. When this returns, they are with the operating system, as far as there is room at the beginning.
    ///
    /// A log that can not be written to says so at its end: whoever tells it something has no better use for an error.
    pub fn append<T: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = (Timestamp, T)>) {
        let mut text = String::new();
        for (at, said) in lines {
            let line = line(at, said.as_ref());
            if !self.tail.begun && line.len() <= self.room {
                self.room -= line.len();
                text.push_str(&line);
            } else {
                self.tail.push(at, line);
            }
        }
        self.write(&text);
    }

    /// Says that so many lines are missing here.
    pub fn leave_out(&mut self, at: Timestamp, lines: u64) {
        self.append([(at, left_out(lines))]);
    }

    /// Writes the last lines. The file is whole now, and on the disk.
    ///
    /// # Errors
    /// Some of it could not be written, then or before.
    pub fn end(mut self) -> Result<Artifact, StateError> {
        self.finish();
        let failed = self.failed.take().map_or(Ok(()), Err);
        let whole = failed.and_then(|()| self.file.sync_all()).and_then(|()| read(&self.place));
        let bytes = whole.map_err(StateError::at("write", &self.place))?;
        let (name, path) = (self.name.clone(), self.path.clone());
        Ok(Artifact { name, path, digest: Digest::of(&bytes), bytes: bytes.len() as u64 })
    }

    fn finish(&mut self) {
        if !self.ended {
            self.ended = true;
            let text = self.tail.take();
            self.write(&text);
        }
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(text.as_bytes()).err();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Tail {
    fn push(&mut self, at: Timestamp, line: String) {
        self.begun = true;
        self.bytes += line.len();
        self.lines.push_back((at, line));
        while self.bytes > self.most {
            let Some((at, line)) = self.lines.pop_front() else { return };
            self.bytes -= line.len();
            (self.left_out, self.until) = (self.left_out + 1, at);
        }
    }

    fn take(&mut self) -> String {
        let missing = (self.left_out > 0).then(|| line(self.until, &left_out(self.left_out)));
        missing.into_iter().chain(self.lines.drain(..).map(|(_, line)| line)).collect()
    }
}

/// One line, whatever is said.
fn line(at: Timestamp, said: &str) -> String {
    let said = said.replace(['\n', '\r'], " ");
    format!("{at:.3} {said}\n")
}

fn left_out(lines: u64) -> String {
    let s = if lines == 1 { "" } else { "s" };
    format!("[{lines} line{s} left out]")
}

#[expect(clippy::disallowed_methods, reason = "a log of our own, read back for its digest")]
fn read(place: &std::path::Path) -> io::Result<Vec<u8>> {
    fs::read(place)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at what was written")]
mod tests {
    use std::fs::OpenOptions;

    use proptest::prelude::*;

    use super::*;
    use crate::journal::artifacts::Artifacts;

    /// A log of at most so many bytes at its beginning and its end.
    fn log(head: usize, tail: usize) -> (tempfile::TempDir, Log) {
        let folder = tempfile::tempdir().unwrap();
        let bounds = Bounds { head, tail };
        let log = Artifacts::of(folder.path()).bounded_log("console", "a", bounds).unwrap();
        (folder, log)
    }

    fn written(folder: &tempfile::TempDir) -> String {
        fs::read_to_string(folder.path().join("console/a.log")).unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_780_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_line_is_there_as_soon_as_it_was_said_with_its_time() {
        let (folder, mut log) = log(1000, 1000);
        assert_eq!(written(&folder), "");
        log.append([(at(5), "Linux version 6.12")]);
        assert_eq!(written(&folder), "2026-05-28T20:26:40.005Z Linux version 6.12\n");
        log.append([(at(1000), "two\r\nlines"), (at(1001), "")]);
        log.leave_out(at(1002), 1);
        let rest = "2026-05-28T20:26:41.000Z two  lines\n2026-05-28T20:26:41.001Z \n\
                    2026-05-28T20:26:41.002Z [1 line left out]\n";
        assert_eq!(written(&folder).split_once('\n').unwrap().1, rest);
    }

    #[test]
    fn a_log_that_ended_is_told_with_its_digest() {
        let (folder, mut log) = log(1000, 1000);
        log.append([(at(0), "one"), (at(1), "two")]);
        let artifact = log.end().unwrap();
        let bytes = fs::read(folder.path().join(&artifact.path)).unwrap();
        assert_eq!((artifact.digest, artifact.bytes), (Digest::of(&bytes), bytes.len() as u64));
        assert_eq!((artifact.name.as_str(), artifact.path.as_str()), ("console", "console/a.log"));
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept() {
        // Each line has 27 bytes: two fit at the beginning, three at the end.
        let (folder, mut log) = log(60, 85);
        (0..10).for_each(|number| log.append([(at(number), number.to_string())]));
        assert_eq!(written(&folder).lines().count(), 2);
        drop(log);
        let text = written(&folder);
        let said: Vec<&str> = text.lines().map(|line| &line[25..]).collect();
        assert_eq!(said, ["0", "1", "[5 lines left out]", "7", "8", "9"]);
        assert_eq!(text.lines().nth(2).map(|line| &line[..24]), Some("2026-05-28T20:26:40.006Z"));
    }

    #[test]
    fn a_disk_without_room_is_told_at_the_end() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut log =
            Log::new("console", "console/a.log".to_owned(), "/dev/full".into(), full, Bounds::USUAL);
        log.append([(at(0), "one")]);
        log.append([(at(1), "two")]);
        let error = log.end().unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.source.kind()),
            ("cannot write /dev/full", io::ErrorKind::StorageFull)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_line_is_kept_or_counted_and_the_bounds_hold(
            lines in prop::collection::vec(r"[a-zä ]{0,40}", 0..60), head in 0..900_usize, tail in 0..900_usize,
        ) {
            let (folder, mut log) = log(head, tail);
            log.append(lines.iter().map(|line| (at(0), line)));
            let artifact = log.end().unwrap();
            let text = written(&folder);
            prop_assert!(text.len() <= head + tail + 60, "{} bytes", text.len());
            prop_assert_eq!(artifact.digest, Digest::of(&text));
            let kept: Vec<&str> = text.lines().map(|line| &line[25..]).collect();
            let gap = kept.iter().position(|line| line.starts_with('['));
            let missing = gap.map_or(0, |at| kept[at][1..].split(' ').next().unwrap().parse().unwrap());
            let before = gap.unwrap_or(kept.len());
            let after = kept.len() - before - usize::from(gap.is_some());
            prop_assert_eq!(before + missing + after, lines.len());
            prop_assert_eq!(&kept[..before], &lines[..before]);
            prop_assert_eq!(&kept[kept.len() - after..], &lines[lines.len() - after..]);
        }
    }
}
