//! How far a guest comes that was started.
//!
//! Flows in: a guest, and how long it may take. Flows out: that it is up, or where it stands. Must not: judge; take what this
//! computer lacks for a fault of the machine.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use vms::{
    channel::{Channel as _, ChannelError, backdoor::Backdoor},
    guest::{End, Guest},
};

/// How far a guest came.
#[derive(Debug)]
pub(super) enum Came {
    /// All services were started.
    Up(Backdoor),
    /// Its shell answered, and systemd is not done: the jobs that wait.
    Late(Backdoor, Vec<String>),
    /// Its shell never spoke.
    Silent,
    /// It is gone.
    Ended(End),
}

/// What systemd answers at once.
const JOBS_LIMIT: Duration = Duration::from_secs(30);
/// How long after its shell a guest that ends is gone itself.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);

/// Waits until everything that systemd starts at boot was started, one way or the other.
///
/// # Errors
/// Nobody can tell: the shell answers with what it should not.
pub(super) async fn come_up(guest: &Guest, limit: Duration) -> Result<Came, ChannelError> {
    let deadline = Instant::now() + limit;
    let watched = async {
        let shell = match guest.backdoor(limit).await {
            Ok(shell) => shell,
            Err(ChannelError::Silent { .. }) => return Ok(Came::Silent),
            // Whether it ended, the other side of the race knows.
            Err(ChannelError::Closed { .. }) => return gone(guest).await,
            Err(error) => return Err(error),
        };
        started(guest, shell, deadline).await
    };
    tokio::select! {
        biased;
        end = guest.ended() => Ok(Came::Ended(end)),
        came = watched => came,
    }
}

async fn started(guest: &Guest, shell: Backdoor, deadline: Instant) -> Result<Came, ChannelError> {
    let left = deadline.saturating_duration_since(Instant::now());
    // Ends with 1 where a unit has failed: that is for others to judge.
    match shell.run("systemctl is-system-running --wait", left).await {
        Ok(_) if shell.run("systemctl is-active multi-user.target", JOBS_LIMIT).await?.success() => {
            Ok(Came::Up(shell))
        }
        Ok(_) | Err(ChannelError::OutOfTime { .. } | ChannelError::Mute { .. }) => {
            let jobs = shell.run("systemctl list-jobs --no-pager --no-legend --plain", JOBS_LIMIT).await;
            let jobs = jobs.map(|output| output.text()).unwrap_or_default();
            Ok(Came::Late(shell, jobs.lines().map(str::to_owned).collect()))
        }
        Err(ChannelError::Closed { .. }) => gone(guest).await,
        Err(error) => Err(error),
    }
}

async fn gone(guest: &Guest) -> Result<Came, ChannelError> {
    match timeout(LAST_WORDS, guest.ended()).await {
        Ok(end) => Ok(Came::Ended(end)),
        Err(_) => Err(ChannelError::Closed { what: "backdoor", console: Vec::new() }),
    }
}
