//! What can be said of the overlay networks on the command line.
//!
//! Flows in: nothing. Flows out: the arguments, as clap reads them. Must not: check what only a fleet knows.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::{Format, PlanFormat};

/// `seaworthy mesh`
#[derive(Debug, Subcommand)]
pub enum Mesh {
    /// Who must reach whom over each overlay network, who must not, and where nobody can tell
    Matrix(MatrixArguments),
    /// Ask the machines themselves, over SSH, whom they reach; nothing is changed on them
    Probe(ProbeArguments),
    /// Ask the machines again and again, and show what changes, until Ctrl-C
    Watch(WatchArguments),
}

/// Which machines are asked.
#[derive(Debug, Args)]
pub struct Who {
    /// Only these machines are asked, about everybody; by default all of the fleet
    #[arg(value_name = "MACHINE")]
    pub machines: Vec<String>,
    /// Only about this overlay network: the name of an instance
    #[arg(long, value_name = "NAME")]
    pub overlay: Option<String>,
    /// A configuration for ssh in the place of your own, as `ssh -F` takes it
    #[arg(long, short = 'F', value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
}

/// `seaworthy mesh probe`
#[derive(Debug, Args)]
#[command(after_help = PROBE)]
pub struct ProbeArguments {
    /// Who is asked.
    #[command(flatten)]
    pub who: Who,
    /// The form of the report on stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `seaworthy mesh watch`
#[derive(Debug, Args)]
#[command(after_help = WATCH)]
pub struct WatchArguments {
    /// Who is asked.
    #[command(flatten)]
    pub who: Who,
    /// The time from one round of questions to the next, such as 5s or 1m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub every: Duration,
}

/// A second and more.
fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| *time >= Duration::from_secs(1))
        .ok_or_else(|| "a time from 1s on, such as 5s or 1m".to_owned())
}

const WATCH: &str = "\
The machines are asked as `mesh probe` asks them, over connections that stay up. On a terminal the picture is drawn anew; elsewhere \
there is a line for each change. Nothing is recorded. Ctrl-C ends it, and the exit code is that of what was seen last.

Examples:
  seaworthy mesh watch
  seaworthy mesh watch --every 1m --overlay zerotier-local | tee mesh.log";

const PROBE: &str = "\
Each machine with a `deploy.targetHost` is asked in one session, and asks all of its targets at once: echoes, connections to \
the ports of sshd at the addresses on the overlay, how large packets may be, and what its overlay's own daemons say. It needs a \
POSIX shell there, and nothing is installed. ssh connects as your own configuration says, with your agent and jump hosts, but \
never asks a question and never learns a host key.

Who is offline is neither good nor bad: it is named, and its gate is undecided. The run is recorded like any other; \
`seaworthy report` prints it again.

Of an overlay with more than 64 machines not all pairs are asked: so many that everybody is joined with everybody, and three \
more of each machine by chance. The report says how many.

Examples:
  seaworthy mesh probe
  seaworthy mesh probe cinnabar galena --overlay zerotier-local
  seaworthy mesh probe --format json | jq '.mesh.overlays[].pairs[] | select(.as_expected | not)'";

/// `seaworthy mesh matrix`
#[derive(Debug, Args)]
#[command(after_help = MATRIX)]
pub struct MatrixArguments {
    /// Only the pairs with one of these machines, each with its reason
    #[arg(long = "machine", short, value_name = "NAME", value_delimiter = ',')]
    pub machines: Vec<String>,
    /// Only this overlay network: the name of an instance
    #[arg(long, value_name = "NAME")]
    pub overlay: Option<String>,
    /// The form on stdout; reports/JSON.md describes the JSON document, which has every pair
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}

const MATRIX: &str = r#"An overlay network is an instance of one of clan's services zerotier, wireguard and yggdrasil.
For every two machines, in both directions, it follows from the inventory, the machines'
configurations and the public vars:

  must reach       both are members, both run it, and nothing stands between them
  must not reach   one is no member, or does not run or join it; the firewall lets nothing in;
                   no allowed IPs lead there
  unknown          something that decides it is not told: a Mac that joins by hand, a var that
                   is not generated yet

Nothing is sent to any machine. What would show it is in the JSON document: pings, and
connections to the ports of sshd, at the address on the overlay.

Shown first are exceptions, pairs that are open one way only, and members that are kept apart.
An exception is the owner's word in fleet.toml, in the place of what follows:

  [[mesh.exceptions]]
  from = { tags = ["workstation"] }     # machines, tags, or both; every machine carries `all`
  to = { machines = ["cinnabar"] }
  overlay = "zerotier-local"            # left out, every one that both are on
  reach = "must"                        # or "must-not", or "unknown": not to be judged
  reason = "joined by hand on the day that they are set up"

Examples:
  seaworthy mesh matrix
  seaworthy mesh matrix -m cinnabar --overlay zerotier-local
  seaworthy mesh matrix --format json | jq '.overlays[].pairs[] | select(.reach == "must-not")'"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exception_of_the_help_is_one() {
        let entry = MATRIX.lines().skip_while(|line| line.trim() != "[[mesh.exceptions]]");
        let entry: Vec<&str> = entry.take_while(|line| !line.is_empty()).collect();
        let (fleet, problems) = load::fleet_toml::parse("fleet.toml", entry.join("\n").as_bytes());
        let exceptions = fleet.unwrap_or_else(|| panic!("{problems:?}")).exceptions;
        assert_eq!((entry.len(), exceptions.len(), problems.len()), (6, 1, 0), "{entry:?}");
    }
}
