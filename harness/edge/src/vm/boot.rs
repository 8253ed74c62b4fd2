//! Boots a built system as a guest and asks it about itself.
//!
//! Flows in: a system, its store's image, and what is wanted of it. Flows out: the parts `boot` and `guest` of the facts
//! document. Must not: judge; take what this computer lacks for a fault of the machine; leave a guest behind.

use std::{fs, path::Path, time::Duration};

use model::{check::GuestSize, verdict::Fault};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use vms::{
    channel::{Channel, ChannelError, backdoor::Backdoor},
    folder::Folder,
    guest::{End, Guest},
};

use super::{
    inspect::{Wanted, inspect},
    log::ConsoleLog,
    ready::Ready,
    standin::secrets,
};

/// What is booted, and how it is asked.
#[derive(Debug)]
pub(super) struct Start<'a> {
    pub(super) ready: &'a Ready,
    pub(super) size: GuestSize,
    /// How long it may take to come up.
    pub(super) limit: Duration,
    /// Where guests have their private folders.
    pub(super) folders: &'a Path,
    pub(super) wanted: Wanted,
    /// Where it is written down what the guest says.
    pub(super) log: &'a ConsoleLog,
}

/// What a guest told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) boot: Value,
    /// Of a guest that came up.
    pub(super) guest: Option<Value>,
}

/// How far a guest came.
enum Came {
    /// All services were started.
    Up(Backdoor),
    /// Its shell answers, and systemd is not done.
    Late(Vec<String>),
    /// Its shell never spoke.
    Silent,
    /// It is gone.
    Ended(End),
}

/// Lines of its console that are told.
const CONSOLE_LINES: usize = 30;
/// Lines in which its last words are looked for: a kernel that panics writes a hundred.
const MOST_LINES: usize = 200;
/// How long after its shell a guest that ends is gone itself.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// What systemd answers at once.
const JOBS_LIMIT: Duration = Duration::from_secs(30);

/// Boots a guest, asks it, and ends it.
///
/// # Errors
/// This computer could not run it, or it went away while it was asked.
pub(super) async fn boot(start: &Start<'_>) -> Result<Told, Fault> {
    let folder =
        Folder::create(start.folders).map_err(|error| fault(&error, "make sure that it can be written"))?;
    let stand_ins = folder.path().join("secrets.tar");
    write(&stand_ins, &secrets(&start.wanted.files))?;
    let machine = start.ready.machine(start.size, stand_ins);
    let began = Instant::now();
    let guest = Guest::start(&start.ready.qemu, &machine, folder).await;
    let guest =
        guest.map_err(|error| fault(&error, "`seaworthy doctor` says what this computer can boot"))?;
    start.log.follow(guest.console());
    let came = come_up(&guest, start.limit).await.map_err(|error| fault(&error, &by_hand(start)))?;
    let seconds = began.elapsed().as_secs_f64();
    let (came, told) = match came {
        Came::Up(shell) => asked(&guest, shell, &start.wanted).await?,
        other => (other, None),
    };
    let boot = told_of_boot(start, &guest, &came, seconds);
    // It has told everything: nobody waits until it has shut itself down.
    guest.kill().await;
    Ok(Told { boot, guest: told })
}

/// Asks a guest that is up. One that ends meanwhile did not stay up: that is the machine's fault.
async fn asked(guest: &Guest, shell: Backdoor, wanted: &Wanted) -> Result<(Came, Option<Value>), Fault> {
    match inspect(&shell, wanted).await {
        Ok(told) => Ok((Came::Up(shell), Some(told))),
        Err(error) => match timeout(LAST_WORDS, guest.ended()).await {
            Ok(end) => Ok((Came::Ended(end), None)),
            Err(_) => {
                Err(fault(&error, "it was up, and then did not answer: run this again, with fewer --jobs"))
            }
        },
    }
}

/// Waits until everything that systemd starts at boot was started, one way or the other.
async fn come_up(guest: &Guest, limit: Duration) -> Result<Came, ChannelError> {
    let deadline = Instant::now() + limit;
    let watched = async {
        let shell = match guest.backdoor(limit).await {
            Ok(shell) => shell,
            Err(ChannelError::Silent { .. }) => return Ok(Came::Silent),
            // Whether it ended, the other side of the race knows.
            Err(ChannelError::Closed { .. }) => return Ok(Came::Ended(guest.ended().await)),
            Err(error) => return Err(error),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        // Ends with 1 where a unit has failed: that is for others to judge.
        match shell.run("systemctl is-system-running --wait", left).await {
            Ok(_) if shell.run("systemctl is-active multi-user.target", JOBS_LIMIT).await?.success() => {
                Ok(Came::Up(shell))
            }
            Ok(_) | Err(ChannelError::OutOfTime { .. } | ChannelError::Mute { .. }) => {
                let jobs = shell.run("systemctl list-jobs --no-pager --no-legend --plain", JOBS_LIMIT).await;
                let jobs = jobs.map(|output| output.text()).unwrap_or_default();
                Ok(Came::Late(jobs.lines().map(str::to_owned).collect()))
            }
            Err(ChannelError::Closed { .. }) => Ok(Came::Ended(guest.ended().await)),
            Err(error) => Err(error),
        }
    };
    tokio::select! {
        biased;
        end = guest.ended() => Ok(Came::Ended(end)),
        came = watched => came,
    }
}

fn told_of_boot(start: &Start<'_>, guest: &Guest, came: &Came, seconds: f64) -> Value {
    let console = guest.console().last_lines(MOST_LINES).into_iter().map(|line| line.text).collect();
    let mut console = last_words(console);
    let (end, waiting) = match came {
        Came::Up(_) => ("up", [].as_slice()),
        Came::Late(jobs) => ("late", jobs.as_slice()),
        Came::Silent => ("silent", [].as_slice()),
        Came::Ended(end) => {
            console.push(end.to_string());
            ("ended", [].as_slice())
        }
    };
    json!({
        "end": end,
        "limit": start.limit.as_secs(),
        "seconds": matches!(came, Came::Up(_)).then_some((seconds * 1000.0).round() / 1000.0),
        "accelerator": start.ready.accelerator.as_str(),
        "console": console,
        "waiting": waiting,
        "replaced": start.ready.system.replaced,
    })
}

fn by_hand(start: &Start<'_>) -> String {
    format!("`seaworthy boot {}` boots it with its console on yours", start.ready.name)
}

/// The end of a console: up to where the kernel panicked, if it did. What it writes after that is about itself.
fn last_words(mut console: Vec<String>) -> Vec<String> {
    if let Some(panicked) = console.iter().position(|line| line.contains("Kernel panic - not syncing")) {
        console.truncate(panicked + 1);
    }
    console.split_off(console.len().saturating_sub(CONSOLE_LINES))
}

#[expect(clippy::disallowed_methods, reason = "a file of the guest's own folder")]
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(path, bytes).map_err(|error| fault(&error, "make sure that there is space"))
}

pub(super) fn fault(error: &dyn std::error::Error, remedy: &str) -> Fault {
    let causes = std::iter::successors(error.source(), |error| error.source());
    Fault {
        what: error.to_string(),
        remedy: Some(remedy.to_owned()),
        detail: causes.map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::last_words;

    #[test]
    fn the_last_words_of_a_kernel_that_panics_end_with_the_panic() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut console = lines("a b");
        console.push("[ 7.8] Kernel panic - not syncing: no init".to_owned());
        console.extend(lines("Call Trace"));
        assert_eq!(last_words(console.clone()), console[..3]);
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert_eq!(last_words(many.clone()), many[70..]);
    }
}
