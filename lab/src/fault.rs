//! What can be wrong with a network, as data.
//!
//! Flows in: what a caller asks for. Flows out: a [`Fault`] that names hosts. Must not: do it.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// One thing that is wrong until it is undone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// No packet goes from one to the other, or in either direction.
    Cut {
        /// A host, or the operator.
        from: String,
        /// Another.
        to: String,
        /// Whether the way back still works.
        one_way: bool,
    },
    /// Some packets are lost, in both directions.
    Lose {
        /// A host, or the operator.
        from: String,
        /// Another.
        to: String,
        /// Packets in a hundred, 1 to 100.
        percent: u8,
    },
    /// Packets take longer, in both directions: what goes and comes back takes twice as much.
    Delay {
        /// A host, or the operator.
        from: String,
        /// Another.
        to: String,
        /// By how much, each way; 1 ms to 10 s.
        by: Duration,
    },
    /// A daemon does not run.
    Stop {
        /// Its host.
        host: String,
        /// Which one.
        daemon: Daemon,
    },
    /// The others no longer accept a member in the overlay. It does not know.
    Revoke {
        /// The member.
        host: String,
    },
    /// The members accept a stranger in the overlay.
    Admit {
        /// The outsider.
        host: String,
    },
    /// The certificate of a host's key has run out.
    Expire {
        /// The host.
        host: String,
    },
    /// A host claims the plain addresses of another, and gets what is sent there.
    SameAddress {
        /// Who claims them.
        host: String,
        /// Whose they are.
        of: String,
    },
}

/// A daemon of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Daemon {
    /// sshd. Sessions that are open stay.
    Sshd,
    /// That of the overlay.
    Overlay,
}

impl Daemon {
    /// Its script on a host.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sshd => "sshd",
            Self::Overlay => "overlay",
        }
    }
}

impl Fault {
    /// The hosts that it names.
    #[must_use]
    pub fn hosts(&self) -> Vec<&str> {
        match self {
            Self::Cut { from, to, .. } | Self::Lose { from, to, .. } | Self::Delay { from, to, .. } => {
                vec![from, to]
            }
            Self::SameAddress { host, of } => vec![host, of],
            Self::Stop { host, .. }
            | Self::Revoke { host }
            | Self::Admit { host }
            | Self::Expire { host } => {
                vec![host]
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { from, to, one_way: true } => write!(f, "cut from {from} to {to}"),
            Self::Cut { from, to, one_way: false } => write!(f, "cut between {from} and {to}"),
            Self::Lose { from, to, percent } => write!(f, "{percent} % lost between {from} and {to}"),
            Self::Delay { from, to, by } => write!(f, "{by:?} more each way between {from} and {to}"),
            Self::Stop { host, daemon } => write!(f, "{} stopped on {host}", daemon.as_str()),
            Self::Revoke { host } => write!(f, "{host} revoked"),
            Self::Admit { host } => write!(f, "outsider {host} admitted"),
            Self::Expire { host } => write!(f, "certificate of {host} expired"),
            Self::SameAddress { host, of } => write!(f, "{host} has the addresses of {of}"),
        }
    }
}
