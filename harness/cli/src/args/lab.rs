//! What can be said of a lab on the command line.
//!
//! Flows in: nothing. Flows out: the arguments, as clap reads them. Must not: check what only a lab knows.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;

use super::PlanFormat;

/// `seaworthy lab`
#[derive(Debug, Subcommand)]
#[command(after_help = LAB)]
pub enum Lab {
    /// Bring a lab up; it stays until `lab down`
    Up(LabUp),
    /// Show its hosts, what is wrong with it, and who does not reach whom
    Show {
        /// The form on stdout
        #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
        format: PlanFormat,
    },
    /// Run a command on a host, or a shell, by ssh
    Ssh {
        /// The host
        host: String,
        /// The command
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Cut the line between two hosts
    Cut {
        /// One host, or `operator`, from where ssh comes
        from: String,
        /// The other
        to: String,
        /// Only the direction from the first to the second
        #[arg(long)]
        one_way: bool,
    },
    /// Lose packets between two hosts, both ways
    Lose {
        /// One host
        from: String,
        /// The other
        to: String,
        /// How many of a hundred
        #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: u8,
    },
    /// Have packets between two hosts take longer, each way
    Delay {
        /// One host
        from: String,
        /// The other
        to: String,
        /// By how much: `40ms`, `2s`
        #[arg(value_parser = span)]
        by: Duration,
    },
    /// Stop a host's sshd, or its overlay
    Stop {
        /// The host
        host: String,
        /// What
        #[arg(value_enum)]
        daemon: LabDaemon,
    },
    /// Have the others accept a member no longer
    Revoke {
        /// The member
        host: String,
    },
    /// Have the others accept an outsider
    Admit {
        /// The outsider
        host: String,
    },
    /// Have the certificate of a host's key run out; `up --certificates` gives it one
    Expire {
        /// The host
        host: String,
    },
    /// Give a host the addresses of another one
    Twin {
        /// The host
        host: String,
        /// Whose addresses
        of: String,
    },
    /// Make all that went wrong well again
    Mend,
    /// Take the lab down
    Down,
    /// Hold a lab: what `up` starts
    #[command(hide = true)]
    Hold,
}

/// `seaworthy lab up`
#[derive(Debug, Args)]
pub struct LabUp {
    /// The hosts
    #[arg(value_name = "HOST", required = true)]
    pub hosts: Vec<String>,
    /// What joins them besides the plain network
    #[arg(long, value_enum, default_value_t = LabOverlay::None)]
    pub overlay: LabOverlay,
    /// Hosts that have the overlay's programs, and are accepted by nobody
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub outsiders: Vec<String>,
    /// Know hosts by certificates of an authority, not by their keys
    #[arg(long)]
    pub certificates: bool,
}

/// What joins a lab's hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabOverlay {
    /// Nothing.
    None,
    /// A tunnel between every two.
    Wireguard,
    /// Peerings between every two.
    Yggdrasil,
    /// A network that the first host controls; needs `zerotier-one`.
    Zerotier,
}

/// What runs on a lab's hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LabDaemon {
    /// The server of ssh.
    Sshd,
    /// The overlay's program.
    Overlay,
}

/// A span of time, as `jiff` reads it.
fn span(text: &str) -> Result<Duration, &'static str> {
    let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    span.ok_or("write it as `40ms` or `2s`")
}

const LAB: &str = "\
A lab is a network on this computer: each host in namespaces of its own, with a real sshd, and real WireGuard, Yggdrasil or \
ZeroTier between them. It needs root, on Linux. It cannot reach your own network, nor be reached from it, and nothing is left of it \
when it is down. One lab is up at a time.

Examples:
  sudo seaworthy lab up a b c --overlay yggdrasil
  sudo seaworthy lab ssh a -- ping -c1 b.overlay
  sudo seaworthy lab cut a b        then `lab show` says who does not reach whom
  sudo seaworthy lab mend
  sudo seaworthy lab down";
