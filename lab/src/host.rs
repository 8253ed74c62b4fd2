//! A host of a lab that is up.
//!
//! Flows in: commands. Flows out: what they wrote, from inside the host's namespaces. Must not: outlive its lab; commands
//! of a lab that is down fail.

use std::{net::Ipv6Addr, sync::Arc, time::Duration};

use crate::{
    addresses::Seat,
    overlay::Identity,
    process::{Ran, RunError, command, run},
    socket::Network,
    tools::Tools,
};

/// A host.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) seat: Seat,
    pub(crate) identity: Option<Identity>,
    pub(crate) number: u32,
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

    /// The number of its first process: whoever enters its namespaces needs no more.
    #[must_use]
    pub fn first_process(&self) -> u32 {
        self.number
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
            &self.number.to_string(),
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--",
        ]);
        nsenter.args(["sh", "-c", &format!("cd\n{line}")]);
        run(&mut nsenter, "", limit).await
    }

    /// The same, for what has to succeed.
    pub(crate) async fn has_to(&self, line: &str) -> Result<(), RunError> {
        let ran = self.run(line, Duration::from_secs(30)).await?;
        if ran.status == Some(0) {
            return Ok(());
        }
        let program = format!("`{line}` on {}", self.name());
        Err(RunError::Failed { program, status: ran.status, said: ran.err.trim().to_owned() })
    }
}
