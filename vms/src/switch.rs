//! Networks between guests: a switch in this process, over unix sockets, that needs no root and reaches nobody else.
//!
//! Flows in: a folder, a [`Topology`]; frames of guests; faults. Flows out: sockets for guests to connect to; frames, to
//! exactly those who are to get them. Must not: let one guest wait for another, carry anything from one network to
//! another, or grow with what guests send.
//!
//! ```text
//! guest ──socket──▶ port ──frame──▶ fabric: table, line, outbox ──▶ port ──socket──▶ guest
//!                                      ▲
//!                             handle: faults, statistics
//! ```
//!
//! In the order in which data meets them: `topology`, `port`, `frame`, `wires` (what tasks share), `fabric`, `table`,
//! `line`, `outbox`, `statistics`. A [`handle::Handle`] is for whoever tests; a [`nic::Nic`] stands in for a guest.
//!
//! What it holds at most: for each port 1 MiB that waits, and a quarter of that to read and write; for each direction of
//! a pair with a delay 1 MiB on its way.

mod fabric;
pub mod frame;
pub mod handle;
pub mod line;
pub mod mac;
pub mod nic;
mod outbox;
pub mod port;
pub mod statistics;
mod table;
pub mod topology;
mod wires;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{net::UnixListener, task::JoinSet, time::timeout};

use handle::{Handle, HandleError, Shared};
use topology::{BadTopology, Network, Topology};
use wires::Wires;

/// Networks that run. Dropping it closes all connections and removes the sockets.
#[derive(Debug)]
pub struct Switch {
    networks: BTreeMap<String, Handle>,
    /// They end with the switch.
    _ports: JoinSet<()>,
    _sockets: Sockets,
}

/// Why there is no switch.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The topology makes no sense.
    #[error("the topology makes no sense")]
    Topology(#[source] BadTopology),
    /// A socket cannot be made.
    #[error("cannot listen at {}: does another switch use the folder, or is its path too long?", path.display())]
    Listen {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// There is no such network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no network `{name}`: there are {}", there.join(", "))]
pub struct NoNetwork {
    /// The name.
    pub name: String,
    /// Those that are there.
    pub there: Vec<String>,
}

impl Switch {
    /// Listens at a socket for each member of each network, in a folder that is this user's alone, as
    /// [`crate::folder::Folder`] makes them. It works in tasks of the runtime in which it is called.
    ///
    /// # Errors
    /// The topology makes no sense, or a socket cannot be made. None is left then.
    ///
    /// # Panics
    /// It is called outside of a tokio runtime with input, output and time.
    pub fn open(folder: &Path, topology: &Topology) -> Result<Self, OpenError> {
        topology.check().map_err(OpenError::Topology)?;
        let (mut networks, mut ports, mut sockets) = (BTreeMap::new(), JoinSet::new(), Sockets::default());
        for (number, (name, network)) in topology.networks.iter().enumerate() {
            let listeners = sockets.listen(folder, number, network)?;
            let wires = Wires::new(topology.seed, name, network);
            let paths = listeners.iter().map(|(path, _)| path.clone()).collect();
            let shared = Shared { name: name.clone(), network: network.clone(), sockets: paths, wires };
            let shared = Arc::new(shared);
            for (port, (_, listener)) in listeners.into_iter().enumerate() {
                let shared = Arc::clone(&shared);
                ports.spawn(async move { match port::serve(listener, &shared.wires, port).await {} });
            }
            networks.insert(name.clone(), Handle { shared });
        }
        Ok(Self { networks, _ports: ports, _sockets: sockets })
    }

    /// One of the networks.
    ///
    /// # Errors
    /// There is no such network.
    pub fn network(&self, name: &str) -> Result<Handle, NoNetwork> {
        let there = || self.networks.keys().cloned().collect();
        let handle = self.networks.get(name).cloned();
        handle.ok_or_else(|| NoNetwork { name: name.to_owned(), there: there() })
    }

    /// Waits until every guest is there.
    ///
    /// # Errors
    /// One of them, who is named, does not come within `limit`, which is for all.
    pub async fn all_attached(&self, limit: Duration) -> Result<(), HandleError> {
        let mut waited_for = None;
        let all = async {
            for handle in self.networks.values() {
                for guest in handle.shared.network.members.keys() {
                    waited_for = Some((handle.name().to_owned(), guest.clone()));
                    handle.attached(guest, Duration::MAX).await?;
                }
            }
            Ok(())
        };
        match (timeout(limit, all).await, waited_for) {
            (Err(_), Some((network, guest))) => Err(HandleError::OutOfTime { network, guest, limit }),
            (attached, _) => attached.unwrap_or(Ok(())),
        }
    }
}

/// Files that go when this is dropped.
#[derive(Debug, Default)]
struct Sockets(Vec<PathBuf>);

impl Sockets {
    /// Short names, as a path of a socket has room for 100 bytes or so: unix(7).
    fn listen(
        &mut self,
        folder: &Path,
        number: usize,
        network: &Network,
    ) -> Result<Vec<(PathBuf, UnixListener)>, OpenError> {
        let listen = |port: usize| {
            let path = folder.join(format!("net{number}-{port}"));
            match UnixListener::bind(&path) {
                Ok(listener) => Ok((path, listener)),
                Err(source) => Err(OpenError::Listen { path, source }),
            }
        };
        let each = (0..network.members.len()).map(|port| {
            let (path, listener) = listen(port)?;
            self.0.push(path.clone());
            Ok((path, listener))
        });
        each.collect()
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for path in &self.0 {
            let _gone_with_its_folder = fs::remove_file(path);
        }
    }
}
