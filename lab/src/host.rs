//! A host of a lab that is up.
//!
//! Flows in: commands. Flows out: what they wrote, from inside the host's namespaces. Must not: outlive its lab; commands
//! of a lab that is down fail.

use std::{net::Ipv6Addr, path::PathBuf, sync::Arc, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    addresses::Seat,
    folder::read,
    overlay::Identity,
    process::{Ran, RunError, command, run},
    socket::Network,
    tools::Tools,
};

/// How a box reboots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reboot {
    /// By systemd, as by ctrl-alt-del: units are stopped first.
    Ordered,
    /// All processes end at once.
    PowerCut,
}

/// A host.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) seat: Seat,
    pub(crate) identity: Option<Identity>,
    /// The first process of its network.
    pub(crate) number: u32,
    /// Its folder, if it is a box.
    pub(crate) as_box: Option<PathBuf>,
    pub(crate) network: Network,
    pub(crate) tools: Arc<Tools>,
}

impl Host {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Its place in the plain network.
    #[must_use]
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Its address in the overlay, if there is one.
    #[must_use]
    pub fn overlay_address(&self) -> Option<Ipv6Addr> {
        self.identity.as_ref().map(|identity| identity.address)
    }

    /// The number of its first process: whoever enters its namespaces needs no more. That of a box changes with each boot.
    #[must_use]
    pub fn first_process(&self) -> u32 {
        let told = self.as_box.as_ref().map(|folder| read(&folder.join("number")));
        told.and_then(|number| number.trim().parse().ok()).unwrap_or(self.number)
    }

    /// Runs a line of shell inside: in its network, with its files, as root, at home. It sees the lab's search path and
    /// nothing else of the environment.
    ///
    /// # Errors
    /// It cannot be started, or takes longer than `limit`; then it is killed.
    pub async fn run(&self, line: &str, limit: Duration) -> Result<Ran, RunError> {
        let mut nsenter = command(&self.tools.nsenter, &self.tools.search_path);
        nsenter.args([
            "--target",
            &self.first_process().to_string(),
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--cgroup",
            "--",
        ]);
        nsenter.args(["sh", "-c", &format!("cd\n{line}")]);
        run(&mut nsenter, "", limit).await
    }

    /// Reboots a box, in order or as if its power had been cut, and waits until it is up again.
    ///
    /// # Errors
    /// It is no box, cannot be told, or is not up within `limit`.
    pub async fn reboot(&self, how: Reboot, limit: Duration) -> Result<(), RunError> {
        if self.as_box.is_none() {
            let program = format!("the reboot of {}", self.name());
            return Err(RunError::Failed { program, status: None, said: "it is no box".to_owned() });
        }
        let boots = self.boots();
        // A command inside would be stopped with all others, its parent out here with it, and nobody would bury it.
        self.signal(match how {
            Reboot::Ordered => Signal::INT,
            Reboot::PowerCut => Signal::KILL,
        });
        self.booted(boots, limit).await
    }

    /// How often a box came up.
    #[must_use]
    pub fn boots(&self) -> usize {
        self.as_box.as_ref().map_or(0, |folder| read(&folder.join("boots")).lines().count())
    }

    /// Waits until a box came up more often than `boots` times.
    ///
    /// # Errors
    /// It did not within `limit`.
    pub async fn booted(&self, boots: usize, limit: Duration) -> Result<(), RunError> {
        let up = async {
            while self.boots() <= boots {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let late = |_| RunError::OutOfTime { program: format!("the boot of {}", self.name()), limit };
        tokio::time::timeout(limit, up).await.map_err(late)
    }

    fn signal(&self, signal: Signal) {
        let first = i32::try_from(self.first_process()).ok().and_then(Pid::from_raw);
        if let Some(first) = first {
            // Who is gone already is about to start again.
            let _gone = kill_process(first, signal);
        }
    }

    /// As [`Host::run`], for what has to succeed.
    pub(crate) async fn has_to(&self, line: &str) -> Result<(), RunError> {
        let ran = self.run(line, Duration::from_secs(30)).await?;
        if ran.status == Some(0) {
            return Ok(());
        }
        let program = format!("`{line}` on {}", self.name());
        Err(RunError::Failed { program, status: ran.status, said: ran.err.trim().to_owned() })
    }
}
