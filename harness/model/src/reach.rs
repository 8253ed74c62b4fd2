//! Whether one machine is to reach another over an overlay, why, and what would show it.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::reason::Reason;

/// What is expected of one machine towards another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It has to get through.
    Must,
    /// It has to be kept out.
    MustNot,
    /// Nothing that is known decides it.
    Unknown,
}

impl Reach {
    /// In words: `must reach`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must reach",
            Self::MustNot => "must not reach",
            Self::Unknown => "unknown",
        }
    }
}

/// An expectation of one machine towards another over one overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Why, from which it follows what is expected.
    pub reason: Reason,
    /// What shows it; `None` where no address is known that could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Arc<Probe>>,
}

impl Expectation {
    /// What is expected.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reason.reach()
    }

    /// Whether there is something to ask.
    #[must_use]
    pub fn can_be_shown(&self) -> bool {
        self.probe.as_ref().is_some_and(|probe| !probe.is_empty())
    }
}

/// What is asked of the machine that is to be reached, or not to be: all of it answers, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Probe {
    /// Addresses to which an ICMP echo is sent.
    pub ping: Vec<IpAddr>,
    /// Addresses with TCP ports to which a connection is opened.
    pub tcp: Vec<SocketAddr>,
}

impl Probe {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ping.is_empty() && self.tcp.is_empty()
    }
}
