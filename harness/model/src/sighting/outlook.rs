//! What became of asking one machine to look around.

use std::time::Duration;

use serde::Deserialize;

use super::Sighting;
use crate::verdict::{Fault, Verdict};

/// The outcome for one machine, with the tool's own words where it has some.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlook {
    /// It looked, and this is what it saw. It is read from a prober's lines alone.
    #[serde(skip)]
    Seen(Box<Sighting>),
    /// It cannot be met from here: neither good nor bad.
    Offline(String),
    /// Whoever answered did not prove to be the machine.
    Distrusted(Distrust, String),
    /// It is the machine, and lets us do nothing.
    Denied(String),
    /// It was met, and gave no whole answer in time.
    TimedOut(Duration),
    /// The harness could not tell.
    Broken(Fault),
}

/// Why whoever answered is not taken for the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distrust {
    /// Its key is not known.
    Unknown,
    /// Its key is not the one that is known.
    Changed,
    /// Its key was revoked.
    Revoked,
    /// Its certificate has run out.
    Expired,
    /// Its certificate is not valid yet, is for another name, or is no host's.
    Certificate,
}

impl Distrust {
    /// In words: `its host key is not known`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "its host key is not known",
            Self::Changed => "its host key is not the one that is known",
            Self::Revoked => "its host key is revoked",
            Self::Expired => "the certificate of its host key has run out",
            Self::Certificate => "the certificate of its host key is not good",
        }
    }
}

/// What to do where a machine lets nobody in.
const REMEDY: &str =
    "see that `ssh` to it works without a password: an agent that holds the key, or the right user";

impl Outlook {
    /// What it saw, if it looked.
    pub(super) fn sighting(&self) -> Option<&Sighting> {
        if let Self::Seen(seen) = self { Some(seen) } else { None }
    }

    /// The machine's own public keys of WireGuard.
    pub(super) fn wireguard_keys(&self) -> impl Iterator<Item = &str> {
        let said = self.sighting().and_then(|seen| seen.wireguard.said());
        said.into_iter().flat_map(|said| &said.interfaces).map(|(_, key)| key.as_str())
    }

    /// The sighting, or the verdict on every question to this machine that nobody could ask.
    pub(super) fn seen(&self, name: &str) -> Result<&Sighting, Verdict> {
        let skipped = |reason: String| Err(Verdict::Skipped { reason });
        match self {
            Self::Seen(seen) => Ok(seen),
            Self::Offline(why) => skipped(format!("`{name}` is offline: {why}")),
            Self::Distrusted(what, _) => skipped(format!("`{name}` was not asked: {}", what.as_str())),
            Self::Denied(why) => Err(Verdict::Broken {
                fault: Fault {
                    what: format!("`{name}` lets nobody in that could ask it"),
                    remedy: Some(REMEDY.to_owned()),
                    detail: vec![why.clone()],
                },
            }),
            Self::TimedOut(limit) => Err(Verdict::TimedOut { limit: *limit }),
            Self::Broken(fault) => Err(Verdict::Broken { fault: fault.clone() }),
        }
    }
}
