//! Waiting for what happens in a guest, over any channel.
//!
//! Flows in: a unit, a port, a file. Flows out: that it is there, or why it never will be. Must not: ask the guest again
//! and again: one command waits there, where it sees soonest.

use std::time::Duration;

use super::{Channel, ChannelError};
use crate::shell::quote;

/// Why it is not there.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The unit failed.
    #[error("{unit} failed:\n{said}")]
    Failed {
        /// Its name.
        unit: String,
        /// Its status and the last lines of its journal.
        said: String,
    },
    /// The unit does not run, and nothing is going to start it.
    #[error("{unit} does not run, and no job is left that could start it:\n{said}")]
    Idle {
        /// Its name.
        unit: String,
        /// Its status.
        said: String,
    },
    /// It is not there in time.
    #[error("{what} was not there in {} s", limit.as_secs_f32())]
    OutOfTime {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
    },
    /// The guest did not tell.
    #[error("cannot wait for {what}")]
    Channel {
        /// What was waited for.
        what: String,
        /// Why.
        source: ChannelError,
    },
    /// The guest has not what is needed to tell.
    #[error("cannot wait for {what}: {said}")]
    Unable {
        /// What was waited for.
        what: String,
        /// What the guest said.
        said: String,
    },
}

/// Waits until a unit of systemd is active.
///
/// # Errors
/// It failed, or is inactive while no job waits (looked at twice), or is not active within `limit`.
pub async fn wait_for_unit(channel: &impl Channel, unit: &str, limit: Duration) -> Result<(), WaitError> {
    let name = quote(unit);
    // A unit is inactive for a moment between its jobs.
    let script = format!(
        "idle=0; while :; do \
           state=$(systemctl show --property ActiveState --value -- {name}) || exit 5; \
           case $state in \
             active) exit 0;; \
             failed) systemctl status --no-pager --lines 0 -- {name}; \
               journalctl --no-pager --lines 30 --output short --unit {name}; exit 3;; \
             inactive) if systemctl list-jobs --no-legend | grep -q .; then idle=0; else idle=$((idle + 1)); fi; \
               if [ $idle -ge 2 ]; then systemctl status --no-pager -- {name}; exit 4; fi;; \
             *) idle=0;; \
           esac; sleep 0.1; done"
    );
    let unit = || unit.to_owned();
    match ask(channel, unit(), &script, limit).await? {
        (0, _) => Ok(()),
        (3, said) => Err(WaitError::Failed { unit: unit(), said }),
        (4, said) => Err(WaitError::Idle { unit: unit(), said }),
        (_, said) => Err(WaitError::Unable { what: unit(), said }),
    }
}

/// Waits until somebody in the guest listens on a TCP port, of whatever address. No packet is sent.
///
/// # Errors
/// Nobody does within `limit`.
pub async fn wait_for_port(channel: &impl Channel, port: u16, limit: Duration) -> Result<(), WaitError> {
    // Linux `Documentation/networking/proc_net_tcp.rst`: the local address and port, the remote ones, 0A for LISTEN.
    let line = format!("^ *[0-9]*: [0-9A-F]*:{port:04X} [0-9A-F]*:[0-9A-F]* 0A ");
    let script = format!(
        "while ! cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q '{line}'; do sleep 0.05; done"
    );
    simple(channel, format!("port {port}"), &script, limit).await
}

/// Waits until a path exists.
///
/// # Errors
/// It does not within `limit`.
pub async fn wait_for_file(channel: &impl Channel, path: &str, limit: Duration) -> Result<(), WaitError> {
    let script = format!("while ! [ -e {} ]; do sleep 0.05; done", quote(path));
    simple(channel, path.to_owned(), &script, limit).await
}

async fn simple(
    channel: &impl Channel,
    what: String,
    script: &str,
    limit: Duration,
) -> Result<(), WaitError> {
    match ask(channel, what.clone(), script, limit).await? {
        (0, _) => Ok(()),
        (_, said) => Err(WaitError::Unable { what, said }),
    }
}

/// The status of a script, and what it said.
async fn ask(
    channel: &impl Channel,
    what: String,
    script: &str,
    limit: Duration,
) -> Result<(i32, String), WaitError> {
    match channel.run(script, limit).await {
        Ok(output) => {
            let said = format!("{}\n{}", output.text(), output.complaints());
            Ok((output.status, said.trim().to_owned()))
        }
        Err(ChannelError::OutOfTime { .. }) => Err(WaitError::OutOfTime { what, limit }),
        Err(source) => Err(WaitError::Channel { what, source }),
    }
}

#[cfg(test)]
mod tests;
