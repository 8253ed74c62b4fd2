//! A child process that cannot outlive its owner: its output as it comes, a deadline, and a kill on every way out.
//!
//! Flows in: a program and its arguments. Flows out: lines and how it ended. Must not: let a child go on after the
//! [`Child`] is dropped, or hold more of its output than a few chunks.

use std::{
    ffi::OsString,
    io::{self, Read},
    path::Path,
    process::{self, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

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
        let began = now();
        let mut process = command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, chunks) = sync_channel(WAITING_CHUNKS);
        if let Some(out) = process.stdout.take() {
            read_in_thread(Stream::Out, out, sender.clone());
        }
        if let Some(err) = process.stderr.take() {
            read_in_thread(Stream::Err, err, sender);
        }
        Ok(Self { process: Some(process), chunks, began, limit })
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
        Ok(wait(process, left)?.map_or(Next::OutOfTime, Next::Ended))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        if process.kill().is_err() || !matches!(wait(&mut process, GRACE), Ok(None)) {
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
fn command(program: &Path) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "deadlines of child processes are kept here and nowhere else")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, path::Path, time::Duration};

    use super::{Child, Next, Stream, ask};

    fn shell(script: &str) -> [OsString; 2] {
        ["-c".into(), script.into()]
    }

    fn start(script: &str, limit: Duration) -> Child {
        Child::start(Path::new("/bin/sh"), &shell(script), limit).unwrap()
    }

    #[test]
    fn both_streams_and_the_end_are_told() {
        let mut child = start("echo out; echo err >&2; exit 3", Duration::from_secs(10));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = loop {
            match child.await_next().unwrap() {
                Next::Chunk(chunk) if chunk.stream == Stream::Out => out.extend(chunk.bytes),
                Next::Chunk(chunk) => err.extend(chunk.bytes),
                Next::Ended(status) => break status,
                Next::OutOfTime => panic!("out of time"),
            }
        };
        assert_eq!((out.as_slice(), err.as_slice(), status.code()), (&b"out\n"[..], &b"err\n"[..], Some(3)));
    }

    #[test]
    fn a_child_that_hangs_is_killed_when_it_is_dropped() {
        let mut child = start("echo $$; exec sleep 1000", Duration::from_millis(300));
        let Next::Chunk(chunk) = child.await_next().unwrap() else { panic!("no pid") };
        let pid = String::from_utf8(chunk.bytes).unwrap();
        let proc = Path::new("/proc").join(pid.trim());
        assert!(matches!(child.await_next().unwrap(), Next::OutOfTime));
        assert!(!cfg!(target_os = "linux") || proc.exists());
        drop(child);
        assert!(!proc.exists(), "{} is still there", proc.display());
    }

    #[test]
    fn a_child_that_closes_its_streams_and_lives_on_is_out_of_time() {
        let mut child = start("exec sleep 1000 >&- 2>&-", Duration::from_millis(200));
        assert!(matches!(child.await_next().unwrap(), Next::OutOfTime));
    }

    #[test]
    fn a_child_that_never_stops_writing_is_out_of_time_and_costs_no_memory() {
        let said = ask(Path::new("/bin/sh"), &shell("while :; do echo y; done"), Duration::from_millis(300))
            .unwrap();
        assert_eq!(said.status, None);
        assert_eq!(said.text.len(), 64 * 1024);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(ask(Path::new("/no/such/program"), &[], Duration::from_secs(1)).is_err());
    }
}
