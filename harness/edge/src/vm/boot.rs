//! A built system up as a guest, and asked about itself.
//!
//! Flows in: a system, its store's image, and what is wanted of it. Flows out: the parts `boot` and `guest` of the facts
//! document. Must not: judge; take what this computer lacks for a fault of the machine; leave a guest behind.
//!
//! A guest that comes up is saved there and then, and a clone of it is asked: what is asked of it, now or in a later run,
//! always finds it as it was when it had just come up.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use model::{check::GuestSize, verdict::Fault};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use vms::{
    channel::backdoor::Backdoor,
    folder::Folder,
    guest::{End, Guest},
    machine::Machine,
    snapshot::store::Key,
};

use super::{
    come_up::{Came, LAST_WORDS, come_up},
    inspect::{Wanted, inspect},
    log::ConsoleLog,
    ready::Ready,
    snapshots::{Restored, Snapshots},
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
    /// Where guests are kept that came up.
    pub(super) snapshots: &'a Snapshots,
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

/// A guest, as far as it came.
struct Reached {
    guest: Guest,
    came: Came,
    /// The part `boot` of the facts document.
    boot: Value,
}

/// When a guest was saved that is restored.
enum When {
    /// By an earlier run, of which this one's log knows nothing.
    Before,
    /// A moment ago, by this run.
    Now,
}

impl When {
    /// What stands in the log before what the restored guest says.
    fn told(&self, boot: &Value) -> Vec<String> {
        match self {
            Self::Now => vec!["[saved as it had come up, and restored to be asked]".to_owned()],
            Self::Before => {
                let at = boot["at"].as_str().unwrap_or("an earlier time");
                let said = boot["console"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let head =
                    format!("[restored as it had come up, booted at {at}; the last that it said then:]");
                let end = "[restored]".to_owned();
                std::iter::once(head).chain(said.map(str::to_owned)).chain([end]).collect()
            }
        }
    }
}

/// Lines of its console that are told.
const CONSOLE_LINES: usize = 30;
/// Lines in which its last words are looked for: a kernel that panics writes a hundred.
const MOST_LINES: usize = 200;

/// Boots a guest, or goes on from where it had come up before; asks it, and ends it.
///
/// # Errors
/// This computer could not run it, or it went away while it was asked.
pub(super) async fn boot(start: &Start<'_>) -> Result<Told, Fault> {
    let stand_ins = start.ready.stand_ins(&start.wanted.secrets)?;
    let machine = start.ready.machine(start.size, stand_ins);
    let reached = up(start, &machine).await?;
    let Reached { guest, came: Came::Up(shell), boot } = reached else {
        return Ok(Told { boot: reached.boot, guest: None });
    };
    let told = ask(start, &guest, &shell, boot).await;
    // It has told everything: nobody waits until it has shut itself down.
    guest.kill().await;
    told
}

/// A guest that is up, or went as far as it does.
async fn up(start: &Start<'_>, machine: &Machine) -> Result<Reached, Fault> {
    let room = start.snapshots.have_room(machine.memory, start.folders);
    let Some(key) = Snapshots::key(machine).filter(|_| room) else {
        return boot_anew(start, machine, false).await;
    };
    if let Some(restored) = restore(start, machine, &key, When::Before).await {
        return Ok(restored);
    }
    let reached = boot_anew(start, machine, true).await?;
    let Reached { guest, came: Came::Up(shell), boot } = reached else { return Ok(reached) };
    let saved = start.snapshots.save(&key, guest, shell, boot).await;
    match saved {
        Ok(()) => match restore(start, machine, &key, When::Now).await {
            Some(restored) => Ok(restored),
            None => boot_anew(start, machine, false).await,
        },
        // It is gone with the attempt. What cannot be saved can be proven all the same.
        Err(_) => boot_anew(start, machine, false).await,
    }
}

/// One that took longer to come up than it may now is booted again.
async fn restore(start: &Start<'_>, machine: &Machine, key: &Key, saved: When) -> Option<Reached> {
    let restored = start.snapshots.restore(key, &start.ready.qemu, machine, start.folders).await?;
    let Restored { guest, shell, note: mut boot } = restored;
    boot["seconds"].as_f64().filter(|seconds| *seconds <= start.limit.as_secs_f64())?;
    boot["limit"] = start.limit.as_secs().into();
    start.log.follow(guest.console(), saved.told(&boot));
    Some(Reached { guest, came: Came::Up(shell), boot })
}

async fn boot_anew(start: &Start<'_>, machine: &Machine, to_be_saved: bool) -> Result<Reached, Fault> {
    let folder =
        Folder::create(start.folders).map_err(|error| fault(&error, "make sure that it can be written"))?;
    let (at, began) = (now(), Instant::now());
    let qemu = &start.ready.qemu;
    let guest = if to_be_saved {
        Guest::start_to_be_saved(qemu, machine, folder).await
    } else {
        Guest::start(qemu, machine, folder).await
    };
    let guest =
        guest.map_err(|error| fault(&error, "`seaworthy doctor` says what this computer can boot"))?;
    start.log.follow(guest.console(), Vec::new());
    let came = come_up(&guest, start.limit).await.map_err(|error| fault(&error, &by_hand(start)))?;
    let seconds = began.elapsed().as_secs_f64();
    if let Came::Ended(end) = &came {
        ours(end)?;
    }
    let boot = told_of_boot(start, &guest, &came, at, seconds);
    Ok(Reached { guest, came, boot })
}

/// Asks a guest that is up. One that ends meanwhile did not stay up: that is the machine's fault.
async fn ask(start: &Start<'_>, guest: &Guest, shell: &Backdoor, boot: Value) -> Result<Told, Fault> {
    let error = match inspect(shell, &start.wanted).await {
        Ok(told) => return Ok(Told { boot, guest: Some(told) }),
        Err(error) => error,
    };
    let Ok(end) = timeout(LAST_WORDS, guest.ended()).await else {
        return Err(fault(&error, "it was up, and then did not answer: run this again, with fewer --jobs"));
    };
    ours(&end)?;
    let came = Came::Ended(end);
    let seconds = boot["seconds"].as_f64().unwrap_or_default();
    Ok(Told { boot: told_of_boot(start, guest, &came, now(), seconds), guest: None })
}

/// An end that is QEMU's own, and so none of the machine's.
fn ours(end: &End) -> Result<(), Fault> {
    match end {
        End::Died { .. } | End::Killed => Err(Fault {
            what: end.to_string(),
            remedy: Some("see whether memory or disk ran out; run this again, with fewer --jobs".to_owned()),
            detail: Vec::new(),
        }),
        End::SwitchedOff | End::Restarted | End::Panicked { .. } => Ok(()),
    }
}

fn told_of_boot(start: &Start<'_>, guest: &Guest, came: &Came, at: Timestamp, seconds: f64) -> Value {
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
        "at": at.to_string(),
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

#[expect(clippy::disallowed_methods, reason = "when a guest was booted is told by this computer's clock")]
fn now() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or_default()
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
