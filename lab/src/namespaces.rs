//! The process tree of a lab: a hub, and below it a process for each host, each in namespaces of its own.
//!
//! Flows in: seats, and a folder with what hosts read. Flows out: the numbers of their first processes. Must not: leave
//! anything behind: no namespace, device or mount here has a name outside of this tree, so all of it ends with the hub,
//! and the hub ends with its input, which the system closes when we go.

use std::{collections::BTreeMap, io, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout},
    time::timeout,
};

use crate::{
    addresses::{HUB, Seat},
    folder::{Folder, NoFolder},
    process::{RunError, command, succeed},
    tools::Tools,
};

/// How long all hosts together may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A tree that runs.
#[derive(Debug)]
pub(crate) struct Namespaces {
    /// Its input, closed, is the end.
    child: Child,
    /// The first process of the hub.
    pub(crate) hub: u32,
    /// The first process of each host.
    pub(crate) hosts: BTreeMap<String, u32>,
}

/// Why there is no tree.
#[derive(Debug, thiserror::Error)]
pub enum NoNamespaces {
    /// A file cannot be written.
    #[error(transparent)]
    Folder(#[from] NoFolder),
    /// The hub cannot be started or read.
    #[error("the hub cannot be started")]
    Start(#[source] io::Error),
    /// The hub ended or was late.
    #[error(
        "the hub did not bring up its hosts (may this user make namespaces here? a container often may not): {0}"
    )]
    Hub(String),
    /// A host failed.
    #[error("the host `{name}` did not come up: {said}")]
    Host {
        /// Which.
        name: String,
        /// What it complained.
        said: String,
    },
    /// The hub's network cannot be set.
    #[error("the hub's network cannot be set up")]
    Network(#[source] RunError),
}

impl Namespaces {
    /// Starts the tree, waits until all hosts are up, and joins them in the hub.
    pub(crate) async fn start(tools: &Tools, folder: &Folder, seats: &[Seat]) -> Result<Self, NoNamespaces> {
        let lines = seats.iter().map(|seat| format!("{} {} {} {}\n", seat.name, seat.link, seat.v4, seat.v6));
        folder.write("seats", lines.collect::<String>(), 0o600)?;
        let host = folder.write("host.sh", include_str!("host.sh"), 0o600)?;
        let hub = folder.write("hub.sh", include_str!("hub.sh"), 0o600)?;
        let tree = folder.write("tree.sh", include_str!("tree.sh"), 0o600)?;
        let log = std::fs::OpenOptions::new().write(true).open(folder.write("hub.log", "", 0o600)?);
        let mut parent = command(Path::new("/bin/sh"), &tools.search_path);
        parent.arg(tree).arg(folder.path()).arg(&tools.unshare);
        parent.args(["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "sh"]).arg(hub).arg(host);
        parent.arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        // It ends with its input, and has something to do then.
        parent.stderr(log.map_err(NoNamespaces::Start)?).kill_on_drop(false);
        let mut child = parent.spawn().map_err(NoNamespaces::Start)?;
        let stdout = child.stdout.take().ok_or_else(|| NoNamespaces::Start(io::Error::other("no output")))?;
        let (hub, hosts) = timeout(LIMIT, numbers(stdout, folder, seats.len()))
            .await
            .unwrap_or_else(|_| Err(NoNamespaces::Hub(format!("late after {LIMIT:?}"))))?;
        let tree = Self { child, hub, hosts };
        tree.in_hub(tools, &tools.ip, &["-batch", "-"], &joined(seats))
            .await
            .map_err(NoNamespaces::Network)?;
        Ok(tree)
    }

    /// Runs a program in the hub's network.
    pub(crate) async fn in_hub(
        &self,
        tools: &Tools,
        program: &Path,
        arguments: &[&str],
        input: &str,
    ) -> Result<(), RunError> {
        let mut nsenter = command(&tools.nsenter, &tools.search_path);
        nsenter.args(["--target", &self.hub.to_string(), "--net", "--"]).arg(program).args(arguments);
        succeed(&mut nsenter, input, Duration::from_secs(30)).await.map(drop)
    }

    /// Ends the tree, and waits until nothing of it is left.
    pub(crate) async fn end(mut self) {
        drop(self.child.stdin.take());
        // It reports when the last process of its namespace is gone; one that is stuck in the kernel is not waited for.
        let _late = timeout(Duration::from_secs(10), self.child.wait()).await;
    }
}

/// The hub's cables: its own address at each, and the way to the host behind.
fn joined(seats: &[Seat]) -> String {
    let lines = seats.iter().map(|Seat { link, v4, v6, .. }| {
        format!(
            "link set {link} up\naddress add {HUB}/32 dev {link}\naddress add fe80::1/64 dev {link} nodad\n\
             route add {v4}/32 dev {link}\nroute add {v6}/128 dev {link}\n"
        )
    });
    lines.collect()
}

async fn numbers(
    stdout: ChildStdout,
    folder: &Folder,
    expected: usize,
) -> Result<(u32, BTreeMap<String, u32>), NoNamespaces> {
    let (mut lines, mut hub, mut hosts) = (BufReader::new(stdout).lines(), None, BTreeMap::new());
    while hosts.len() < expected {
        let Some(line) = lines.next_line().await.map_err(NoNamespaces::Start)? else {
            return Err(NoNamespaces::Hub(folder.read("hub.log").trim().to_owned()));
        };
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["hub", number] => hub = number.parse().ok(),
            ["up", name, number] => {
                let number = number.parse().map_err(|_| NoNamespaces::Hub(line.clone()))?;
                hosts.insert(name.to_owned(), number);
            }
            ["failed", name] => {
                let said = folder.read(&format!("hosts/{name}/log")).trim().to_owned();
                return Err(NoNamespaces::Host { name: name.to_owned(), said });
            }
            _ => return Err(NoNamespaces::Hub(line)),
        }
    }
    Ok((hub.ok_or_else(|| NoNamespaces::Hub("it has no number".to_owned()))?, hosts))
}
