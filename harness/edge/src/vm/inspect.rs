//! What a guest that is up is asked about itself, whatever the rules are.
//!
//! Flows in: a shell in the guest. Flows out: the part `guest` of the facts document, as `suites/FACTS.md` describes it, but
//! with commands by their text: each check has names of its own for them.
//! Must not: judge, change anything in the guest, or take the guest's word for a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use model::ask::Asked;
use serde_json::{Map, Value, json};
use vms::{
    channel::{Channel, ChannelError},
    shell::quote,
};

use super::{http, told};

/// One question. Under emulation, asking systemd about all of its units takes some seconds.
const LIMIT: Duration = Duration::from_secs(60);
/// Lines of the journal of a unit that failed.
const JOURNAL_LINES: u32 = 15;
/// Bytes of what a user's command prints that are kept of each stream.
const MOST: usize = 64 << 10;

const UNITS: &str = "systemctl show --no-pager --property=Id,LoadState,ActiveState,SubState,Result,\
                     InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic \
                     '*.service' '*.socket' '*.mount' '*.target' '*.timer'";

/// What is asked of one guest beyond what is asked of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// Where secrets should arrive.
    pub(super) secrets: Vec<String>,
    /// Other files to look at.
    pub(super) files: Vec<String>,
    /// Commands to run, and how long each may take.
    pub(super) commands: BTreeMap<String, Duration>,
    /// The same, of those that the fleet asks for.
    pub(super) asked: BTreeMap<String, Duration>,
    /// URLs to ask for.
    pub(super) urls: BTreeSet<String>,
}

impl Wanted {
    /// What an ask of the fleet needs, where that is not asked of all guests.
    pub(super) fn add(&mut self, ask: Asked, limit: Duration) {
        match ask {
            Asked::Unit { .. } | Asked::Port { .. } => {}
            Asked::File { file, .. } => self.files.push(file),
            Asked::Command { command, .. } => drop(self.asked.insert(command, limit)),
            Asked::Http { http, .. } => drop(self.urls.insert(http)),
        }
    }
}

/// Asks a guest everything.
///
/// # Errors
/// Its shell went away, or did not answer.
pub(super) async fn inspect(guest: &impl Channel, wanted: &Wanted) -> Result<Value, ChannelError> {
    let files = look_at(&[&wanted.secrets[..], &wanted.files].concat());
    // A kernel without version 6 of the protocols has no such files.
    let [state, units, tcp, tcp6, udp, udp6, users, groups, files, memory] = ask_all(
        guest,
        [
            "systemctl is-system-running",
            UNITS,
            "cat /proc/net/tcp 2>/dev/null",
            "cat /proc/net/tcp6 2>/dev/null",
            "cat /proc/net/udp 2>/dev/null",
            "cat /proc/net/udp6 2>/dev/null",
            "getent passwd || cat /etc/passwd",
            "getent group || cat /etc/group",
            &files,
            "cat /proc/meminfo",
        ],
    )
    .await?;
    let mut units = told::units(&units);
    journals(guest, &mut units).await?;
    let sockets = [("tcp", tcp), ("tcp", tcp6), ("udp", udp), ("udp", udp6)];
    let sockets = sockets.iter().flat_map(|(protocol, text)| told::sockets(protocol, text));
    Ok(json!({
        "state": state.trim(),
        "units": units,
        "sockets": sockets.collect::<Vec<_>>(),
        "users": told::users(&users),
        "groups": told::groups(&groups),
        "files": told::files(&files),
        "clock": clock(guest).await?,
        "memory": told::memory(&memory),
        "commands": commands(guest, &wanted.commands).await?,
        "asked": commands(guest, &wanted.asked).await?,
        "http": answers(guest, &wanted.urls).await?,
    }))
}

async fn ask(guest: &impl Channel, command: &str) -> Result<String, ChannelError> {
    let output = guest.run(command, LIMIT).await?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks several things with one call, which costs an emulated guest half a second whatever it asks.
async fn ask_all<const N: usize>(
    guest: &impl Channel,
    commands: [&str; N],
) -> Result<[String; N], ChannelError> {
    let script = commands.map(|command| format!("{command}; printf '\\036'")).join("; ");
    let told = match ask(guest, &script).await {
        Ok(told) => {
            let mut told: Vec<_> = told.split('\u{1e}').map(str::to_owned).collect();
            // What came before the shell went away is no answer.
            told.pop();
            told
        }
        // Which of them takes too long, each tells alone.
        Err(ChannelError::OutOfTime { .. }) => {
            let mut told = Vec::new();
            for command in commands {
                told.push(ask(guest, command).await?);
            }
            told
        }
        Err(error) => return Err(error),
    };
    <[String; N]>::try_from(told).map_err(|told: Vec<_>| {
        let command = commands.get(told.len()).map_or(script, |command| (*command).to_owned());
        ChannelError::Refused { what: "shell", command, said: format!("{} answers of {N} came", told.len()) }
    })
}

/// Gives each unit that failed the end of its journal.
async fn journals(guest: &impl Channel, units: &mut Map<String, Value>) -> Result<(), ChannelError> {
    let failed = units.iter_mut().filter(|(_, unit)| unit["active"] == "failed");
    for (name, unit) in failed {
        let command = format!(
            "journalctl --boot --no-pager --output=cat --lines={JOURNAL_LINES} --unit={}",
            quote(name)
        );
        let log = ask(guest, &command).await?;
        unit["log"] = log.lines().collect();
    }
    Ok(())
}

/// Followed, because a secret is often a link to where it was put this time. What is not there is not told.
fn look_at(paths: &[String]) -> String {
    if paths.is_empty() {
        return ":".to_owned();
    }
    let quoted: Vec<String> = paths.iter().map(|path| quote(path)).collect();
    format!("stat --dereference --format='%F|%U|%G|%a|%s|%n' -- {} 2>/dev/null", quoted.join(" "))
}

/// The guest is asked while our own clock is read before and after; the middle counts.
async fn clock(guest: &impl Channel) -> Result<Value, ChannelError> {
    let before = now();
    let told: f64 = ask(guest, "date +%s.%N").await?.trim().parse().unwrap_or(0.0);
    let ours = f64::midpoint(before, now());
    Ok(json!({"seconds": told, "drift": told - ours}))
}

#[expect(clippy::disallowed_methods, reason = "the guest's clock is held against this computer's")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

async fn commands(
    guest: &impl Channel,
    commands: &BTreeMap<String, Duration>,
) -> Result<Map<String, Value>, ChannelError> {
    let mut told = Map::new();
    for (command, limit) in commands {
        let (status, stdout, stderr) = match guest.run(command, *limit).await {
            Ok(output) => (Some(output.status), output.stdout, output.stderr.unwrap_or_default()),
            Err(ChannelError::OutOfTime { .. }) => (None, Vec::new(), b"it did not end in time".to_vec()),
            Err(error) => return Err(error),
        };
        told.insert(
            command.clone(),
            json!({"status": status, "stdout": text(&stdout), "stderr": text(&stderr)}),
        );
    }
    Ok(told)
}

async fn answers(guest: &impl Channel, urls: &BTreeSet<String>) -> Result<Map<String, Value>, ChannelError> {
    let mut told = Map::new();
    for url in urls {
        let answer = match guest.run(&http::command(url), http::LIMIT).await {
            Ok(output) => http::told(&output),
            Err(ChannelError::OutOfTime { .. }) => {
                json!({"status": null, "body": "", "error": "it did not answer in time"})
            }
            Err(error) => return Err(error),
        };
        told.insert(url.clone(), answer);
    }
    Ok(told)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..MOST).unwrap_or(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use vms::channel::Output;

    use super::*;

    /// A shell of this computer, in which whoever hangs is out of time.
    struct Here;

    #[expect(clippy::disallowed_methods, reason = "a test runs a shell")]
    impl Channel for Here {
        async fn run(&self, command: &str, limit: Duration) -> Result<Output, ChannelError> {
            if command.contains("hangs") {
                return Err(ChannelError::OutOfTime { command: command.to_owned(), limit });
            }
            let ended = Command::new("/bin/sh").args(["-c", command]).output().unwrap();
            let status = ended.status.code().unwrap_or_default();
            Ok(Output { status, stdout: ended.stdout, stderr: Some(ended.stderr) })
        }

        async fn put(&self, _: &str, _: &[u8], _: u32) -> Result<(), ChannelError> {
            unreachable!("nothing is written to a guest that is asked")
        }
    }

    #[tokio::test]
    async fn what_is_asked_together_is_told_apart() {
        let told = ask_all(&Here, ["printf '1\\n2\\n'", "false || echo b", ":", "echo d"]).await.unwrap();
        assert_eq!(told, ["1\n2\n", "b\n", "", "d\n"]);
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_named_alone() {
        match ask_all(&Here, ["echo a", "hangs", "echo c"]).await {
            Err(ChannelError::OutOfTime { command, .. }) => assert_eq!(command, "hangs"),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_shell_that_dies_on_the_way_has_told_nothing() {
        match ask_all(&Here, ["echo a", "echo b; kill -9 $$"]).await {
            Err(ChannelError::Refused { command, said, .. }) => {
                assert_eq!((&*command, &*said), ("echo b; kill -9 $$", "1 answers of 2 came"));
            }
            other => panic!("{other:?}"),
        }
    }
}
