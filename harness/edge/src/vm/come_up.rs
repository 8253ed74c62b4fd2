//! How far a guest comes that was started.
//!
//! Flows in: a guest, and how long it may take. Flows out: that it is up, or where it stands. Must not: judge; take what this
//! computer lacks for a fault of the machine.

use std::time::Duration;

use model::fleet::BootSource;
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
    /// The same, as its console says, and it has no shell that could be asked.
    UpUnasked,
    /// Its shell answered, and systemd is not done: the jobs that wait.
    Late(Backdoor, Vec<String>),
    /// Its shell never spoke; or its console, where it has no shell.
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
pub(super) async fn come_up(
    guest: &Guest,
    source: &BootSource,
    limit: Duration,
) -> Result<Came, ChannelError> {
    let deadline = Instant::now() + limit;
    let watched = async {
        if !source.is_configuration() {
            return on_its_console(guest, source, limit).await;
        }
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

/// Waits for a guest that nobody gave a shell.
async fn on_its_console(guest: &Guest, source: &BootSource, limit: Duration) -> Result<Came, ChannelError> {
    match timeout(limit, guest.console().says(|line| tells(source, line))).await {
        Ok(true) => Ok(Came::UpUnasked),
        Ok(false) => gone(guest).await,
        Err(_) => Ok(Came::Silent),
    }
}

/// Whether a console says that everything was started. An extended configuration is asked itself; of what is given, nobody
/// knows whether it has systemd, and one that lets people log in is up.
fn tells(source: &BootSource, line: &str) -> bool {
    let names = |target: &str| line.contains("Reached target") && line.contains(target);
    let reached = || names("multi-user.target") || names("Multi-User System");
    match source {
        BootSource::Configuration => false,
        BootSource::VmBuild => reached(),
        BootSource::Given(_) => reached() || line.trim_end().ends_with("login:"),
    }
}

async fn started(guest: &Guest, shell: Backdoor, deadline: Instant) -> Result<Came, ChannelError> {
    let left = deadline.saturating_duration_since(Instant::now());
    // How the first ends, which is otherwise where a unit has failed, is for others to judge.
    let waits = "systemctl is-system-running --wait; systemctl is-active multi-user.target";
    match shell.run(waits, left).await {
        Ok(active) if active.success() => Ok(Came::Up(shell)),
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

#[cfg(test)]
mod tests {
    use model::fleet::Given;

    use super::*;

    #[test]
    fn a_console_tells_of_what_has_no_shell_and_a_prompt_only_of_what_may_have_no_systemd() {
        let given = Given { kernel: "k".to_owned(), initrd: None, root: None, append: String::new() };
        let sources = [BootSource::Configuration, BootSource::VmBuild, BootSource::Given(given)];
        let tell = |line: &str| sources.each_ref().map(|source| tells(source, line));
        let (none, others, last) = ([false; 3], [false, true, true], [false, false, true]);
        assert_eq!(tell("[  OK  ] Reached target multi-user.target - Multi-User System."), others);
        assert_eq!(tell("[  OK  ] Reached target Multi-User System."), others);
        assert_eq!(tell("[  OK  ] Reached target basic.target - Basic System."), none);
        assert_eq!(tell("         Starting multi-user.target"), none);
        assert_eq!(tell("cinnabar login: "), last);
        assert_eq!(tell("Last login: Fri Nov 27"), none);
    }
}
