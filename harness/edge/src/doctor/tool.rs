//! A tool that is asked a short question.
//!
//! Flows in: its path, its arguments, its environment. Flows out: what it said, or in one line why it said nothing.
//! Must not: wait longer than a few seconds, or keep much of what it says.

use std::{
    collections::BTreeMap,
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::process::{Captured, Program, Spawner};

/// A tool that answers takes milliseconds. A wrapper, a cold disk or a busy machine may need longer.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
/// The largest answer is nix's settings with their descriptions, about 150 KiB.
pub(super) const MOST: usize = 4 << 20;

/// Asks a tool; standard output and standard error together. `ssh -V` answers on the latter.
pub(super) async fn ask(
    spawner: &Spawner,
    environment: &BTreeMap<OsString, OsString>,
    path: &Path,
    arguments: &[&str],
) -> Result<String, String> {
    let program = Program {
        path: path.to_owned(),
        arguments: arguments.iter().map(OsString::from).collect(),
        environment: environment.clone(),
        folder: PathBuf::from("/"),
        memory: None,
    };
    let captured = spawner.capture(&program, LIMIT, MOST).await.map_err(|error| chain(&error))?;
    let said = [captured.stdout.as_slice(), &captured.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if captured.status.success() { Ok(said) } else { Err(complaint(&captured)) }
}

/// How a tool that failed says so itself: the last line of its complaint.
pub(super) fn complaint(captured: &Captured) -> String {
    const LONGEST: usize = 300;
    let words = String::from_utf8_lossy(&captured.stderr);
    let last = words.lines().map(str::trim).rfind(|line| !line.is_empty());
    let last: String = last.unwrap_or_default().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if last.is_empty() { captured.status.to_string() } else { last }
}

/// An error with what is underneath it, on one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let (mut chain, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

/// Waits for work that blocks, at most `limit`. Work that hangs, as the file system of a dead server does, is left to a
/// thread that nobody waits for.
pub(super) async fn blocking<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        // Nobody listens any more once the time is up.
        let _late = sender.send(work());
    });
    tokio::time::timeout(limit, receiver).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

    use super::*;

    async fn sh(script: &str) -> Result<String, String> {
        ask(&Spawner::new(), &BTreeMap::new(), Path::new("/bin/sh"), &["-c", script]).await
    }

    #[tokio::test]
    async fn both_streams_are_an_answer() {
        assert_eq!(sh("echo one; echo two >&2").await.as_deref(), Ok("one\ntwo"));
    }

    #[tokio::test]
    async fn a_failure_is_told_in_the_tools_last_words() {
        assert_eq!(sh("echo x; echo first >&2; echo last >&2; exit 3").await, Err("last".to_owned()));
        assert_eq!(sh("exit 3").await, Err("exit status: 3".to_owned()));
        let gone = ask(&Spawner::new(), &BTreeMap::new(), Path::new("/no/such/tool"), &[]).await;
        assert!(gone.is_err(), "{gone:?}");
    }

    #[test]
    fn words_are_cut_and_cleaned() {
        let stderr = format!("\x1b[31merror:\x1b[0m {}\n\n", "x".repeat(1000)).into_bytes();
        let complaint = complaint(&Captured { status: ExitStatus::from_raw(0), stdout: Vec::new(), stderr });
        assert_eq!(complaint.len(), 300);
        assert!(!complaint.contains('\x1b'));
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "something has to hang")]
    async fn work_that_hangs_is_not_waited_for() {
        let hangs = || thread::sleep(Duration::from_secs(3));
        assert_eq!(blocking(Duration::from_millis(50), hangs).await, None);
        assert_eq!(blocking(Duration::from_secs(10), || 7).await, Some(7));
    }
}
