//! A child process that cannot outlive its owner: its output as it comes, a deadline, and a kill on every way out.
//!
//! Flows in: a program and its arguments. Flows out: what it writes and how it ended. Must not: let a child, or what the
//! child started, go on after the [`Child`] is dropped or its owner is killed; nor hold more of its output than a few
//! chunks.
//!
//! Each child leads a process group, so that a wrapper script is killed together with what it wraps. A child that a
//! deadline bounds is a [`Child`]; one that serves until it is stopped is a [`server::Server`].

mod guard;
pub mod server;

use std::{
    ffi::OsString,
    io::{self, Read},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{self, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use guard::Guard;
use rustix::process::{Pid, Signal, kill_process_group};

/// Chunks that may wait to be read; a child that writes faster has to wait.
const WAITING_CHUNKS: usize = 16;
/// Bytes of one chunk.
const CHUNK: usize = 4096;
/// How long a killed child may take to go. One that is stuck in the kernel is left to a thread that reaps it.
const GRACE: Duration = Duration::from_secs(2);

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Child {
    process: Option<process::Child>,
    guard: Option<Guard>,
    chunks: Receiver<Chunk>,
    began: Instant,
    limit: Duration,
}

/// A piece of a child's output. Pieces end anywhere, also inside a character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it was written.
    pub stream: Stream,
    /// At most 4 KiB, never empty.
    pub bytes: Vec<u8>,
}

/// Where a child writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// What comes next of a child.
#[derive(Debug)]
pub enum Next {
    /// It wrote something.
    Chunk(Chunk),
    /// It closed both streams and ended.
    Ended(ExitStatus),
    /// Its time is up; it still runs.
    OutOfTime,
}

impl Child {
    /// Starts `program` with an empty standard input, and `limit` as the time that it may take.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(program: &Path, arguments: &[OsString], limit: Duration) -> io::Result<Self> {
        Self::start_with(program, arguments, Stdio::null(), limit)
    }

    /// The same, with something to read.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_with(
        program: &Path,
        arguments: &[OsString],
        input: Stdio,
        limit: Duration,
    ) -> io::Result<Self> {
        let began = now();
        let mut process = command(program)
            .args(arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        // Without a guard the child still ends with an orderly end of its owner.
        let guard = Guard::start(process.id()).ok();
        let (sender, chunks) = sync_channel(WAITING_CHUNKS);
        if let Some(out) = process.stdout.take() {
            read_in_thread(Stream::Out, out, sender.clone());
        }
        if let Some(err) = process.stderr.take() {
            read_in_thread(Stream::Err, err, sender);
        }
        Ok(Self { process: Some(process), guard, chunks, began, limit })
    }

    /// Waits for the next thing that happens, at most until the time is up.
    ///
    /// # Errors
    /// The system cannot say how the child ended.
    pub fn await_next(&mut self) -> io::Result<Next> {
        match self.chunks.recv_timeout(self.limit.saturating_sub(self.took())) {
            Ok(chunk) => Ok(Next::Chunk(chunk)),
            Err(RecvTimeoutError::Timeout) => Ok(Next::OutOfTime),
            Err(RecvTimeoutError::Disconnected) => self.ended(),
        }
    }

    /// Since its start.
    #[must_use]
    pub fn took(&self) -> Duration {
        now().duration_since(self.began)
    }

    /// Both streams are closed. What closed them and lives on is given the rest of its time.
    fn ended(&mut self) -> io::Result<Next> {
        let left = self.limit.saturating_sub(self.took());
        let Some(process) = &mut self.process else { return Ok(Next::OutOfTime) };
        let status = wait(process, left)?;
        if status.is_some() {
            // Its number may be another process's from now on.
            (self.guard, self.process) = (None, None);
        }
        Ok(status.map_or(Next::OutOfTime, Next::Ended))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Before the child is waited for: from then on its number may be another process's.
        self.guard = None;
        let Some(mut process) = self.process.take() else { return };
        kill_group(&process);
        if !matches!(wait(&mut process, GRACE), Ok(None)) {
            return;
        }
        thread::spawn(move || process.wait());
    }
}

/// What a short command wrote, both streams together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// At most 64 KiB of it.
    pub text: String,
    /// How it ended; `None` when it was killed because its time was up.
    pub status: Option<ExitStatus>,
}

/// Runs a short command and returns what it wrote.
///
/// # Errors
/// It cannot be started, or the system cannot say how it ended.
pub fn ask(program: &Path, arguments: &[OsString], limit: Duration) -> io::Result<Said> {
    const MOST: usize = 64 * 1024;
    let mut child = Child::start(program, arguments, limit)?;
    let mut bytes = Vec::new();
    let status = loop {
        match child.await_next()? {
            Next::Chunk(chunk) => {
                let room = MOST.saturating_sub(bytes.len());
                bytes.extend(chunk.bytes.into_iter().take(room));
            }
            Next::Ended(status) => break Some(status),
            Next::OutOfTime => break None,
        }
    };
    Ok(Said { text: String::from_utf8_lossy(&bytes).into_owned(), status })
}

fn read_in_thread(stream: Stream, mut from: impl Read + Send + 'static, to: SyncSender<Chunk>) {
    thread::spawn(move || {
        let mut buffer = [0; CHUNK];
        loop {
            match from.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    let chunk = Chunk { stream, bytes: buffer[..read].to_vec() };
                    if to.send(chunk).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

/// Kills a child that was not waited for yet, and what it started. SIGKILL: what hangs does not heed anything else.
fn kill_group(process: &process::Child) {
    let leader = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // What has ended by itself cannot be killed.
        let _ended = kill_process_group(leader, Signal::KILL);
    }
}

/// Waits for the end of a process, at most `limit`.
#[expect(
    clippy::disallowed_methods,
    reason = "std has no wait with a time limit; this is the one place that polls"
)]
fn wait(process: &mut process::Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    const STEP: Duration = Duration::from_millis(5);
    let began = now();
    loop {
        let status = process.try_wait()?;
        if status.is_some() || now().duration_since(began) >= limit {
            return Ok(status);
        }
        thread::sleep(STEP);
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate starts its processes here and nowhere else")]
pub(crate) fn command(program: &Path) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "deadlines of child processes are kept here and nowhere else")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
