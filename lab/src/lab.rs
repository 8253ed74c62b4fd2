//! A lab that is up.
//!
//! Flows in: a topology, a folder, tools; faults. Flows out: hosts, and who reaches whom. Must not: print, or leave
//! anything when it is dropped.

mod nodes;
mod slow;
mod start;
mod wrong;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    fault::Fault,
    folder::{Folder, NoFolder},
    host::Host,
    namespaces::{Namespaces, NoNamespaces},
    probe::{self, Plane, Reach, Target},
    process::RunError,
    relay::Relay,
    tools::{Missing, Tools},
    topology::{BadTopology, OPERATOR, Topology},
};

/// A lab. Dropping it ends all that runs in it; [`Lab::down`] also waits for that.
#[derive(Debug)]
pub struct Lab {
    topology: Topology,
    hosts: BTreeMap<String, Host>,
    faults: Vec<Fault>,
    /// Whom members accept in the overlay.
    accepted: BTreeSet<String>,
    ports: BTreeMap<String, u16>,
    // In the order in which they are to go: nothing writes into a folder that is being removed.
    _doors: JoinSet<()>,
    /// Where packets are held back, while any are.
    relay: Option<Relay>,
    namespaces: Namespaces,
    folder: Folder,
    tools: Arc<Tools>,
}

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// The topology makes no sense.
    #[error("the topology makes no sense")]
    Topology(#[source] BadTopology),
    /// A program is missing.
    #[error("this computer cannot have this lab")]
    Missing(#[from] Missing),
    /// There is no folder for it.
    #[error("there is no folder for the lab")]
    Folder(#[from] NoFolder),
    /// Its keys cannot be made.
    #[error("the lab's keys cannot be made")]
    Keys(#[source] RunError),
    /// Its namespaces did not come up.
    #[error("the lab's namespaces did not come up")]
    Namespaces(#[from] NoNamespaces),
    /// An overlay did not start.
    #[error("the overlay did not start")]
    Overlay(#[source] RunError),
    /// The system refused something else.
    #[error("the system refused a socket, a namespace or chance for keys")]
    System(#[from] io::Error),
}

/// Why something could not be asked or done.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// There is no such host.
    #[error("there is no host `{name}`: there are {}", there.join(", "))]
    NoHost {
        /// The name.
        name: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// A fault makes no sense here.
    #[error("{0}")]
    NoSense(String),
    /// A fault is there already.
    #[error("already so: {0}")]
    Already(Fault),
    /// A fault is not there.
    #[error("not so, and nothing to undo: {0}")]
    NotThere(Fault),
    /// A program failed.
    #[error("a program of the lab failed")]
    Run(#[from] RunError),
    /// A file could not be written.
    #[error("a file of the lab could not be written")]
    Folder(#[from] NoFolder),
    /// The system refused a socket or a device.
    #[error("the system refused a socket or a device")]
    System(#[from] io::Error),
}

impl Lab {
    /// What it was made of.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// A host, or the operator's side.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn host(&self, name: &str) -> Result<&Host, LabError> {
        let there = || self.hosts.keys().cloned().collect();
        self.hosts.get(name).ok_or_else(|| LabError::NoHost { name: name.to_owned(), there: there() })
    }

    /// All hosts by name, the operator's side left out.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values().filter(|host| host.name() != OPERATOR)
    }

    /// The number of the hub's first process: whoever enters its network sees all that passes.
    #[must_use]
    pub fn hub_first_process(&self) -> u32 {
        self.namespaces.hub
    }

    /// The file for `ssh -F`.
    #[must_use]
    pub fn ssh_config(&self) -> PathBuf {
        self.folder.path().join("ssh_config")
    }

    /// The port of this computer's loopback behind which a host's sshd is.
    #[must_use]
    pub fn port(&self, name: &str) -> Option<u16> {
        self.ports.get(name).copied()
    }

    /// What is wrong now.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Who reaches whom of these hosts, tried until all do or the time is up. Without names: all hosts of the plain
    /// network, or all members of the overlay.
    ///
    /// # Errors
    /// There is no such host, or the system refuses sockets.
    pub async fn reach(&self, names: &[&str], plane: Plane, limit: Duration) -> Result<Reach, LabError> {
        let all = || self.hosts().map(Host::name);
        let chosen: Vec<&str> = match (names, plane) {
            ([], Plane::Overlay) => self.topology.members().into_iter().collect(),
            ([], _) => all().collect(),
            _ => names.to_vec(),
        };
        let targets: Result<Vec<_>, _> = chosen.iter().map(|name| self.target(name, plane)).collect();
        Ok(probe::reach(&targets?, limit).await?)
    }

    /// How many of `count` datagrams from one host arrive at another.
    ///
    /// # Errors
    /// There is no such host, or the system refuses sockets.
    pub async fn arrivals(&self, from: &str, to: &str, plane: Plane, count: u32) -> Result<usize, LabError> {
        let pair = [self.target(from, plane)?, self.target(to, plane)?];
        Ok(probe::arrivals(&pair, count).await?)
    }

    /// Ends everything, waits until it is gone, and removes the folder.
    pub async fn down(self) {
        let Self { namespaces, folder, _doors: doors, hosts, .. } = self;
        drop((doors, hosts));
        namespaces.end().await;
        drop(folder);
    }

    fn target(&self, name: &str, plane: Plane) -> Result<Target, LabError> {
        let host = self.host(name)?;
        let address = match plane {
            Plane::Plain => host.seat.v4.into(),
            Plane::Plain6 => host.seat.v6.into(),
            Plane::Overlay => {
                let none = || LabError::NoSense(format!("`{name}` has no address in an overlay"));
                host.overlay_address().ok_or_else(none)?.into()
            }
        };
        Ok(Target { name: name.to_owned(), network: host.network.clone(), address })
    }
}
