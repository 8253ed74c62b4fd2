//! A child that serves until it is stopped: how it ended and what it complained of, told whenever that happens.
//!
//! Flows in: a program and its arguments. Flows out: its end, once. Must not: let the child, or what it
//! started, outlive the [`Server`] or its owner; nor keep more than the last lines of what it complained of.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{self, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::Duration,
};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tokio::sync::watch;

use super::{Chunk, Guard, Stream, WAITING_CHUNKS, command, kill_group, read_in_thread};
use crate::lines::{Lines, Shape};

/// Its standard error: a hundred lines, each at most a kilobyte.
const COMPLAINTS: Shape = Shape { kept: 100, widest: 1024 };

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    leader: Arc<Mutex<Leader>>,
    ended: watch::Receiver<Option<Ended>>,
}

/// How it ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The program's own status; `None` where the system could not say it.
    pub status: Option<ExitStatus>,
    /// The last lines of its standard error.
    pub complaints: Vec<String>,
}

/// The process, until it is waited for: from then on its number may be another process's.
#[derive(Debug)]
struct Leader {
    running: Option<process::Child>,
    guard: Option<Guard>,
}

impl Server {
    /// Starts `program` with nothing to read; its standard output goes nowhere.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(program: &Path, arguments: &[OsString]) -> io::Result<Self> {
        let mut process = command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let number = process.id();
        let (sender, chunks) = sync_channel(WAITING_CHUNKS);
        if let Some(err) = process.stderr.take() {
            read_in_thread(Stream::Err, err, sender);
        }
        // Without a guard the child still ends with an orderly end of its owner.
        let leader = Leader { running: Some(process), guard: Guard::start(number).ok() };
        let leader = Arc::new(Mutex::new(leader));
        let (tell, ended) = watch::channel(None);
        let waited_for = Arc::clone(&leader);
        thread::spawn(move || tell.send_replace(Some(attend(number, &waited_for, chunks))));
        Ok(Self { leader, ended })
    }

    /// Kills it and what it started. [`Server::ended`] tells when it is gone.
    pub fn kill(&self) {
        if let Some(process) = &lock(&self.leader).running {
            kill_group(process);
        }
    }

    /// Waits until it has ended. Any number of callers may.
    pub fn ended(&self) -> impl Future<Output = Ended> + Send + use<> {
        let mut ended = self.ended.clone();
        async move {
            let seen = ended.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
            seen.unwrap_or(Ended { status: None, complaints: Vec::new() })
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for its end while its complaints are read. The number is free only after the wait under the lock, so that
/// [`Server::kill`] never meets another process.
fn attend(number: u32, leader: &Mutex<Leader>, chunks: Receiver<Chunk>) -> Ended {
    /// For the last words of a process that left the group and still holds the stream; all others are dead by then.
    const LAST_WORDS: Duration = Duration::from_millis(200);
    let complaints = Arc::new(Mutex::new(Lines::new(COMPLAINTS)));
    let (reading, read) = sync_channel::<()>(0);
    let heard = Arc::clone(&complaints);
    thread::spawn(move || {
        let _until_its_end = reading;
        for chunk in chunks {
            lock(&heard).read(&chunk.bytes, Duration::ZERO, |_| ());
        }
    });
    if let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) {
        let exited = || waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        while matches!(exited(), Err(rustix::io::Errno::INTR)) {}
    }
    let status = reap(&mut lock(leader));
    let _ended_or_held = read.recv_timeout(LAST_WORDS);
    let mut complaints = lock(&complaints);
    complaints.finish(Duration::ZERO, |_| ());
    Ended { status, complaints: complaints.kept().map(|line| line.text.clone()).collect() }
}

fn reap(leader: &mut Leader) -> Option<ExitStatus> {
    leader.guard = None;
    let mut process = leader.running.take()?;
    // What it left behind goes with it.
    kill_group(&process);
    process.wait().ok()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
