//! The one spawner: every process that seaworthy starts is started here.
//!
//! Flows in: a [`Program`], which states everything that the process will see. Flows out: [`Running`] or [`Captured`].
//! Must not: inherit the environment, read it, log arguments, or leave a process behind.
//!
//! Each process leads a process group of its own, so that a terminal's Ctrl-C reaches seaworthy alone and so that
//! killing it takes its children along. The group is killed when [`Running`] is dropped. When seaworthy itself is
//! killed nothing is dropped; for that there is the `guard`.

mod capture;
mod guard;
mod lines;

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

pub use capture::{CaptureError, Captured};
use guard::Guard;
pub use lines::{Line, Lines};

/// A program with everything that it will see.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its arguments, without its own name.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// Its working directory.
    pub folder: PathBuf,
    /// Address space that it and its children may each use, in bytes. Has no effect where the system knows no such limit.
    pub memory: Option<u64>,
}

/// Starts programs, and sees to it that they end with us.
#[derive(Debug, Clone, Default)]
pub struct Spawner {
    guard: Arc<Guard>,
}

impl Spawner {
    /// A spawner with a guard of its own. One is enough; clones share it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a program with all three streams piped, or standard input and output closed to it.
    ///
    /// # Errors
    /// The system's own, when the program cannot be started.
    pub fn spawn(&self, program: &Program, streams: Streams) -> io::Result<Running> {
        let mut command = command(program);
        command.stdin(pipe_if(streams.stdin)).stdout(pipe_if(streams.stdout)).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            self.guard.watch(group);
        }
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Ok(Running { child, group, guard: Arc::clone(&self.guard), stdin, stdout, stderr })
    }
}

/// Which streams are piped to us; the others lead nowhere. Standard error always is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Streams {
    /// Whether we write to it.
    pub stdin: bool,
    /// Whether we read what it prints.
    pub stdout: bool,
}

fn pipe_if(wanted: bool) -> Stdio {
    if wanted { Stdio::piped() } else { Stdio::null() }
}

/// The shell sets the limits and then becomes the program: what is set before the start also holds for every child,
/// and needs no `unsafe` here. No core is dumped, because a test that aborts the evaluator is an answer, not an accident.
const LIMITS: &str =
    r#"ulimit -c 0 2>/dev/null; test -z "$1" || ulimit -v "$1" 2>/dev/null; shift; exec "$@""#;

#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
fn command(program: &Program) -> Command {
    let memory = program.memory.map(|bytes| (bytes / 1024).to_string()).unwrap_or_default();
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", LIMITS, "sh", &memory]).arg(&program.path).args(&program.arguments);
    command.env_clear().envs(&program.environment).current_dir(&program.folder);
    let mut command = Command::from(command);
    command.process_group(0).kill_on_drop(true);
    command
}

/// Becomes a program, named by a line for a shell: with our terminal, our environment and our process id. Comes back only
/// with the reason for which it did not.
#[expect(clippy::disallowed_methods, reason = "the one place that starts programs")]
#[must_use]
pub fn become_program(line: &str) -> io::Error {
    std::process::Command::new("/bin/sh").arg("-c").arg(format!("exec {line}")).exec()
}

/// As [`become_program`], of a program that is looked up in our search path.
#[expect(clippy::disallowed_methods, reason = "the one place that starts programs")]
#[must_use]
pub fn become_named(name: &str, arguments: &[&str]) -> io::Error {
    std::process::Command::new(name).args(arguments).exec()
}

/// Starts this very program anew: it is to lead a session of its own, and to end by itself. What it reads is given to it at once,
/// and its end when `stdin` is dropped, or with us; what it prints is piped to us.
///
/// # Errors
/// The system's own, when it cannot be started.
#[expect(clippy::disallowed_methods, reason = "the one place that starts programs")]
pub fn start_ourselves(arguments: &[&str], input: &[u8]) -> io::Result<std::process::Child> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).current_dir("/");
    let mut child = command.spawn()?;
    if let Some(stdin) = &mut child.stdin {
        io::Write::write_all(stdin, input)?;
    }
    Ok(child)
}

/// A process that runs. Dropping it kills it and its children.
#[derive(Debug)]
pub struct Running {
    child: Child,
    group: Option<Pid>,
    guard: Arc<Guard>,
    /// Where it reads from, if that was asked for.
    pub stdin: Option<ChildStdin>,
    /// What it prints, if that was asked for.
    pub stdout: Option<ChildStdout>,
    /// What it complains.
    pub stderr: Option<ChildStderr>,
}

impl Running {
    /// Its process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for it to end, however it does.
    ///
    /// # Errors
    /// The system's own, when it cannot be waited for.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.end_group();
        Ok(status)
    }

    /// Kills it and its children, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.end_group();
        // It may be gone already; then there is nothing left to wait for.
        let _ = self.child.kill().await;
    }

    /// Kills what is left of the group, once. SIGKILL, because an evaluator ignores what is more polite.
    fn end_group(&mut self) {
        if let Some(group) = self.group.take() {
            let _ = kill_process_group(group, Signal::KILL);
            self.guard.forget(group);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end_group();
    }
}
