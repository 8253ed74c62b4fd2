//! A guest's serial console, read for as long as it is there.
//!
//! Flows in: a stream of bytes. Flows out: [`Line`]s, to look back at and to follow. Must not: make the guest wait for a
//! reader, nor grow with what the guest writes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::Instant,
};

use crate::lines::{Line, Lines, Shape};

/// What is kept of a console: at most 4 MB.
const KEPT: Shape = Shape { kept: 1000, widest: 4096 };

/// A console that is being read. Clones see the same one.
#[derive(Debug, Clone)]
pub struct Console {
    began: Instant,
    state: Arc<Mutex<State>>,
    closed: watch::Receiver<bool>,
}

#[derive(Debug)]
struct State {
    lines: Lines,
    /// Gone with the stream, so that readers see its end.
    followers: Vec<mpsc::Sender<Line>>,
    closed: bool,
}

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Lines that are not blank.
    pub lines: u64,
    /// Bytes, of all lines.
    pub bytes: u64,
}

impl Console {
    /// Reads `stream` in a task of its own until it ends.
    pub fn attach(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let state = State { lines: Lines::new(KEPT), followers: Vec::new(), closed: false };
        let state = Arc::new(Mutex::new(state));
        let (tell, closed) = watch::channel(false);
        let began = Instant::now();
        let read = Arc::clone(&state);
        tokio::spawn(async move {
            read_to_end(stream, &read, began).await;
            tell.send_replace(true);
        });
        Self { began, state, closed }
    }

    /// How long it has been read: what the times of its lines count from.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// The last lines, at most 1,000, oldest first. A line that has not ended as yet is not among them.
    #[must_use]
    pub fn last_lines(&self, most: usize) -> Vec<Line> {
        let state = self.lock();
        let kept = state.lines.kept();
        kept.rev().take(most).cloned().collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// How much was written as yet.
    #[must_use]
    pub fn written(&self) -> Written {
        let state = self.lock();
        Written { lines: state.lines.count(), bytes: state.lines.bytes() }
    }

    /// The first line in which the guest's kernel said that it panics.
    #[must_use]
    pub fn panic(&self) -> Option<String> {
        self.lock().lines.panic().map(str::to_owned)
    }

    /// All lines from now on, and before them those that are still kept, as far as there is room for `waiting` lines
    /// that nobody has taken as yet. When there is none, lines are left out; their numbers tell. It ends with the
    /// stream.
    #[must_use]
    pub fn follow(&self, waiting: usize) -> mpsc::Receiver<Line> {
        let (sender, receiver) = mpsc::channel(waiting.max(1));
        let mut state = self.lock();
        for line in state.lines.kept().rev().take(waiting).collect::<Vec<_>>().into_iter().rev() {
            let _has_room = sender.try_send(line.clone());
        }
        if !state.closed {
            state.followers.push(sender);
        }
        receiver
    }

    /// Waits until the stream has ended.
    pub async fn closed(&self) {
        let mut closed = self.closed.clone();
        let _gone_as_well = closed.wait_for(|closed| *closed).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_to_end(mut stream: impl AsyncRead + Unpin, state: &Mutex<State>, began: Instant) {
    let mut buffer = vec![0; 64 * 1024];
    // What can no longer be read has ended.
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        state.lock().unwrap_or_else(PoisonError::into_inner).read(&buffer[..read], began);
    }
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let State { lines, followers, .. } = &mut *state;
    lines.finish(began.elapsed(), |line| pass_on(line, followers));
    state.followers.clear();
    state.closed = true;
}

impl State {
    fn read(&mut self, bytes: &[u8], began: Instant) {
        let Self { lines, followers, .. } = self;
        lines.read(bytes, began.elapsed(), |line| pass_on(line, followers));
    }
}

/// To those who still listen, if they have room.
fn pass_on(line: &Line, followers: &mut Vec<mpsc::Sender<Line>>) {
    followers.retain(|follower| !matches!(follower.try_send(line.clone()), Err(TrySendError::Closed(_))));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt as _;

    use super::{Console, KEPT};

    fn numbers(lines: &[crate::lines::Line]) -> Vec<u64> {
        lines.iter().map(|line| line.number).collect()
    }

    #[tokio::test]
    async fn lines_are_kept_followed_and_counted() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let console = Console::attach(stream);
        guest.write_all(b"one\r\ntwo\r\nthr").await.unwrap();
        let mut follower = console.follow(10);
        guest.write_all(b"ee").await.unwrap();
        drop(guest);
        let mut followed = Vec::new();
        while let Some(line) = follower.recv().await {
            followed.push(line.text);
        }
        assert_eq!(followed, ["one", "two", "three"]);
        console.closed().await;
        let last: Vec<_> = console.last_lines(2).into_iter().map(|line| line.text).collect();
        assert_eq!(last, ["two", "three"]);
        assert_eq!((console.written().lines, console.written().bytes), (3, 15));
        assert!(console.follow(1).recv().await.is_some(), "what is kept is there after the end");
    }

    #[tokio::test(start_paused = true)]
    async fn the_times_of_lines_count_from_its_beginning() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let console = Console::attach(stream);
        tokio::time::advance(Duration::from_secs(3)).await;
        guest.write_all(b"one\n").await.unwrap();
        let line = console.follow(1).recv().await.unwrap();
        assert_eq!((line.at, console.age()), (Duration::from_secs(3), Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn a_reader_that_sleeps_loses_lines_and_holds_nobody_up() {
        let (mut guest, stream) = tokio::io::duplex(64);
        let console = Console::attach(stream);
        let mut follower = console.follow(2);
        let write = async {
            for number in 0..100_u32 {
                guest.write_all(format!("{number}\n").as_bytes()).await.unwrap();
            }
            drop(guest);
        };
        tokio::time::timeout(Duration::from_secs(10), write).await.unwrap();
        console.closed().await;
        let mut followed = Vec::new();
        while let Some(line) = follower.recv().await {
            followed.push(line);
        }
        assert_eq!(numbers(&followed), [0, 1]);
        assert_eq!(numbers(&console.last_lines(2)), [98, 99]);
    }

    #[tokio::test]
    async fn a_hundred_megabytes_cost_no_more_than_what_is_kept() {
        let (mut guest, stream) = tokio::io::duplex(64 * 1024);
        let console = Console::attach(stream);
        let before = resident();
        let lines =
            b"[    1.234567] the same line again and again, as long as kernels write them\r\n".repeat(800);
        let mut written = 0;
        while written < 100_000_000 {
            guest.write_all(&lines).await.unwrap();
            written += lines.len() as u64;
        }
        drop(guest);
        console.closed().await;
        assert_eq!(console.written().bytes, written);
        assert_eq!(console.last_lines(usize::MAX).len(), KEPT.kept);
        assert!(resident() < before + 16 * 1024, "{} KiB before, {} after", before, resident());
    }

    /// Memory of this process that is in use, in KiB. Source: proc_pid_status(5).
    #[expect(clippy::disallowed_methods, reason = "the system is asked about this process")]
    fn resident() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
    }
}
