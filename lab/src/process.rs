//! Programs that are run to their end, with a deadline.
//!
//! Flows in: a program with all that it sees. Flows out: what it wrote and how it ended. Must not: let it go on after its
//! time, or after whoever waits for it has gone.

use std::{ffi::OsStr, io, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

/// What a program wrote, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Why a program did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It cannot be started.
    #[error("{program} cannot be started")]
    Start {
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It took too long, and was killed.
    #[error("{program} took longer than {limit:?}")]
    OutOfTime {
        /// Its name.
        program: String,
        /// Its time.
        limit: Duration,
    },
    /// It failed.
    #[error("{program} ended with {}: {said}", status.map_or("a signal".to_owned(), |code| code.to_string()))]
    Failed {
        /// Its name.
        program: String,
        /// Its exit code.
        status: Option<i32>,
        /// What it complained.
        said: String,
    },
}

/// A command that sees nothing but this search path, and leads a process group.
#[expect(clippy::disallowed_methods, reason = "this crate starts its processes here and nowhere else")]
pub(crate) fn command(program: &Path, search_path: &OsStr) -> Command {
    let mut command = std::process::Command::new(program);
    command.env_clear().env("PATH", search_path).env("HOME", "/root").env("LANG", "C.UTF-8");
    let mut command = Command::from(command);
    command.process_group(0).kill_on_drop(true);
    command
}

/// Runs it with this input, to its end.
///
/// # Errors
/// It cannot be started, or takes too long.
pub(crate) async fn run(command: &mut Command, input: &str, limit: Duration) -> Result<Ran, RunError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |source| RunError::Start { program: program.clone(), source };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let mut stdin = child.stdin.take();
    let whole = async {
        if let Some(stdin) = &mut stdin {
            // Who does not read to the end says so by its exit code.
            let _unread = stdin.write_all(input.as_bytes()).await;
        }
        drop(stdin);
        child.wait_with_output().await
    };
    let ended = timeout(limit, whole).await;
    let output =
        ended.map_err(|_| RunError::OutOfTime { program: program.clone(), limit })?.map_err(failed)?;
    group.spare();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ran { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}

/// The same, for a program that has to succeed.
pub(crate) async fn succeed(command: &mut Command, input: &str, limit: Duration) -> Result<String, RunError> {
    let ran = run(command, input, limit).await?;
    if ran.status == Some(0) {
        return Ok(ran.out);
    }
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    Err(RunError::Failed { program, status: ran.status, said: ran.err.trim().to_owned() })
}

/// A process group that is killed on every way out but the good one.
struct Group(Option<Pid>);

impl Group {
    /// All went well: what the program left running on purpose stays.
    fn spare(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ended = kill_process_group(group, Signal::KILL);
        }
    }
}
