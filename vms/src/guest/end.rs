//! How a guest ended, told from all that was seen of it.
//!
//! Flows in: what QEMU said and how it went, what the console said, what we did. Flows out: an [`End`]. Must not: ask
//! anybody.

use std::{fmt, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use crate::{child::server, qmp};

/// What a process gets that reaches for a part of a mapped file that is not there.
const SIGBUS: i32 = rustix::process::Signal::BUS.as_raw();

/// How a guest ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It switched itself off.
    SwitchedOff,
    /// It restarted itself, which ends it here.
    Restarted,
    /// Its kernel gave up.
    Panicked {
        /// The kernel's own words, where the console had them.
        said: Option<String>,
    },
    /// It was killed by us.
    Killed,
    /// QEMU itself ended.
    Died {
        /// Its status, where the system could tell.
        status: Option<ExitStatus>,
        /// The last lines that it complained with.
        complaints: Vec<String>,
    },
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SwitchedOff => f.write_str("the guest switched itself off"),
            Self::Restarted => f.write_str("the guest restarted itself"),
            Self::Panicked { said: Some(said) } => write!(f, "the guest's kernel panicked: {said}"),
            Self::Panicked { said: None } => f.write_str("the guest's kernel panicked"),
            Self::Killed => f.write_str("the guest was killed"),
            Self::Died { status, complaints } => {
                f.write_str("QEMU ended")?;
                status.map_or(Ok(()), |status| write!(f, " ({status})"))?;
                if status.and_then(|status| status.signal()) == Some(SIGBUS) {
                    f.write_str(" as its memory's file could not grow or was cut off: is its disk full?")?;
                }
                if complaints.is_empty() { Ok(()) } else { write!(f, ": {}", complaints.join("; ")) }
            }
        }
    }
}

/// What QEMU's events have said as yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) paused: bool,
    /// The disk that stopped it, by its index among the machine's, and why.
    pub(super) disk: Option<(usize, String)>,
    pub(super) panicked: bool,
    /// Whether its state was moved out or in, once that is over.
    pub(super) moved: Option<bool>,
    /// The `reason` of the last SHUTDOWN.
    pub(super) shutdown: Option<String>,
}

impl Told {
    /// Source: QEMU `qapi/run-state.json`, `qapi/migration.json`.
    pub(super) fn hear(&mut self, event: &qmp::Event) {
        match event.name.as_str() {
            "STOP" => self.paused = true,
            "RESUME" => (self.paused, self.disk) = (false, None),
            // Source: `qapi/block-core.json`. By default QEMU stops a guest whose disk finds no room.
            "BLOCK_IO_ERROR" if event.data["action"] == "stop" => {
                let index =
                    event.data["device"].as_str().and_then(|id| id.strip_prefix("disk")?.parse().ok());
                let reason = event.data["reason"].as_str().unwrap_or("it does not say why").to_owned();
                self.disk = index.map(|index| (index, reason));
            }
            "GUEST_PANICKED" => self.panicked = true,
            "MIGRATION" => match event.data["status"].as_str() {
                Some("completed") => self.moved = Some(true),
                Some("failed" | "cancelled") => self.moved = Some(false),
                _ => {}
            },
            "SHUTDOWN" => self.shutdown = Some(event.data["reason"].as_str().unwrap_or_default().to_owned()),
            _ => {}
        }
    }
}

/// What was seen of a guest that is gone.
pub(super) struct Seen {
    pub(super) told: Told,
    pub(super) killed: bool,
    pub(super) panic: Option<String>,
    pub(super) ended: server::Ended,
}

impl From<Seen> for End {
    fn from(Seen { told, killed, panic, ended }: Seen) -> Self {
        match told.shutdown.as_deref() {
            _ if told.panicked => Self::Panicked { said: panic },
            Some("guest-panic") => Self::Panicked { said: panic },
            // A kernel without a driver for QEMU's device restarts after a panic (`panic=-1`).
            Some("guest-reset") if panic.is_some() => Self::Panicked { said: panic },
            Some("guest-shutdown") => Self::SwitchedOff,
            Some("guest-reset") => Self::Restarted,
            _ if killed => Self::Killed,
            _ => Self::Died { status: ended.status, complaints: ended.complaints },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{End, Seen, Told};
    use crate::{child::server::Ended, qmp::Event};

    fn told(events: &[(&str, &str)]) -> Told {
        let mut told = Told::default();
        for (name, reason) in events {
            told.hear(&Event { name: (*name).into(), data: json!({ "guest": true, "reason": reason }) });
        }
        told
    }

    #[track_caller]
    fn check(events: &[(&str, &str)], killed: bool, panic: Option<&str>, end: &str) {
        let ended = Ended { status: None, complaints: vec!["qemu: no".into()] };
        let seen = Seen { told: told(events), killed, panic: panic.map(str::to_owned), ended };
        assert_eq!(End::from(seen).to_string(), end);
    }

    #[test]
    fn each_end_has_its_name() {
        check(&[("SHUTDOWN", "guest-shutdown")], false, None, "the guest switched itself off");
        check(&[("SHUTDOWN", "guest-reset")], false, None, "the guest restarted itself");
        check(&[("SHUTDOWN", "guest-reset")], false, Some("bad"), "the guest's kernel panicked: bad");
        check(&[("GUEST_PANICKED", ""), ("STOP", "")], true, None, "the guest's kernel panicked");
        check(&[("SHUTDOWN", "guest-panic")], false, None, "the guest's kernel panicked");
        check(&[], true, None, "the guest was killed");
        check(&[("SHUTDOWN", "host-signal")], false, None, "QEMU ended: qemu: no");
        check(&[], false, Some("bad"), "QEMU ended: qemu: no");
    }

    #[test]
    fn a_guest_that_ended_before_it_could_be_killed_ended_by_itself() {
        check(&[("SHUTDOWN", "guest-shutdown")], true, None, "the guest switched itself off");
    }

    #[test]
    fn a_qemu_whose_memory_finds_no_room_is_told_so() {
        use std::os::unix::process::ExitStatusExt as _;
        let status = Some(std::process::ExitStatus::from_raw(super::SIGBUS));
        let said = End::Died { status, complaints: vec![] }.to_string();
        assert!(said.ends_with("is its disk full?"), "{said}");
    }

    #[test]
    fn pauses_are_heard() {
        assert!(told(&[("STOP", "")]).paused);
        assert!(!told(&[("STOP", ""), ("RESUME", "")]).paused);
    }
}
