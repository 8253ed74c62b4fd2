//! A command as a script that bounds it, for any channel.
//!
//! Flows in: a command and its limit. Flows out: text for a POSIX shell. Must not: depend on which `timeout` a guest has.

use std::time::Duration;

use super::{ChannelError, Output};
use crate::shell::quote;

/// Runs a command with nothing to read, in whole seconds; it writes to `o` and `e` in the folder `$d`, so that what it
/// leaves behind holds nobody up. Its status is left in `$s`.
pub(super) fn bounded(command: &str, limit: Duration) -> String {
    let seconds = limit.as_millis().div_ceil(1000).max(1);
    let command = quote(command);
    format!("timeout -k 1 {seconds} sh -c {command} </dev/null >$d/o 2>$d/e; s=$?")
}

/// Makes the folder `$d`. `/run` is in memory, where it can be written.
pub(super) fn folder(number: &str) -> String {
    format!("d=/run/{number}; mkdir -m 700 $d 2>/dev/null || {{ d=/tmp/{number}; mkdir -m 700 $d; }}")
}

/// A number for one command, that nothing else writes by chance.
pub(crate) fn number() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("vms{:016x}", RandomState::new().hash_one(0))
}

/// A command that was killed as its time was up is no output: `timeout` of coreutils says 124, or 137 when it had to
/// kill, and that of busybox 143.
pub(super) fn in_time(
    output: Output,
    command: &str,
    limit: Duration,
    took: Duration,
) -> Result<Output, ChannelError> {
    if matches!(output.status, 124 | 137 | 143) && took >= limit {
        return Err(ChannelError::OutOfTime { command: command.to_owned(), limit });
    }
    Ok(output)
}
