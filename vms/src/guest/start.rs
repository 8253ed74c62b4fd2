//! The start of a guest, and everything that can be wrong with one.
//!
//! Flows in: QEMU, a machine, a folder. Flows out: a running guest, connected. Must not: leave QEMU running after an
//! error.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
    time::timeout,
};

use super::{
    Guest, QMP_LIMIT, check,
    end::{End, Seen, Told},
    ports, room,
};
use crate::{
    arguments::{Memory, Socket, arguments_with},
    child::server::Server,
    console::Console,
    folder::Folder,
    image::Image,
    machine::Machine,
    qemu::{Qemu, program_name},
    qmp::{Client, QmpError},
};

/// How long QEMU may take until it has made the machine; measured: 0.1 to 0.4 s.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Why a guest did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file that it needs cannot be opened.
    #[error("cannot open {what}, {}", path.display())]
    Missing {
        /// What it is for.
        what: String,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What should be a kernel is none.
    #[error("{} is no kernel that QEMU boots: name an image such as /boot/vmlinuz", path.display())]
    NoKernel {
        /// The file.
        path: PathBuf,
    },
    /// The kernel is for another architecture.
    #[error("{} is {image}, which a guest of this computer ({architecture}) cannot boot: name one for it", path.display())]
    WrongKernel {
        /// The file.
        path: PathBuf,
        /// What it is.
        image: Image,
        /// This computer's.
        architecture: &'static str,
    },
    /// This computer has less memory left than the guest asks for.
    #[error(
        "the guest asks for {asked} MiB of memory, and this computer has {left} MiB left: give the guest less, or run fewer at once"
    )]
    NoRoom {
        /// MiB that it asks for.
        asked: u32,
        /// MiB that are left.
        left: u64,
    },
    /// The disk has less room left than the file of the guest's memory may need.
    #[error(
        "the guest's {asked} MiB of memory are to be a file in {}, whose disk has {left} MiB left: make room there, or choose another folder", folder.display()
    )]
    NoRoomOnDisk {
        /// Where the file is to be.
        folder: PathBuf,
        /// MiB that it may need.
        asked: u32,
        /// MiB that are left.
        left: u64,
    },
    /// A socket cannot be made.
    #[error("cannot listen on {}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// QEMU cannot be started.
    #[error("cannot start {}: is it a QEMU for this computer, which this user may run?", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// QEMU gave up before there was a machine.
    #[error("QEMU made no machine: {why}{}", because(complaints))]
    Refused {
        /// What is wrong, and what helps.
        why: Refusal,
        /// What it said.
        complaints: Vec<String>,
    },
    /// QEMU is there, and does not get on.
    #[error("QEMU made no machine in {} s: is this computer overloaded?", .0.as_secs())]
    OutOfTime(Duration),
    /// QEMU does not do what it is asked.
    #[error("QEMU made the machine, and then failed")]
    Qmp(#[source] QmpError),
}

/// Why QEMU made no machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is not so much memory.
    Memory,
    /// The accelerator is not to be had.
    Accelerator,
    /// Another process has the disk.
    DiskInUse,
    /// A port of this computer is not to be had.
    Port,
    /// It is another architecture's.
    Architecture,
    /// Something may not be opened.
    Permission,
    /// Whatever it said.
    Other,
}

impl Refusal {
    /// QEMU's own words, of 7.2 to 10.0.
    fn of(complaints: &[String]) -> Self {
        const WORDS: [(&str, Refusal); 9] = [
            ("cannot set up guest memory", Refusal::Memory),
            ("ram size too large", Refusal::Memory),
            ("invalid accelerator", Refusal::Accelerator),
            ("failed to initialize", Refusal::Accelerator),
            ("Could not access KVM", Refusal::Accelerator),
            ("lock", Refusal::DiskInUse),
            ("host forwarding rule", Refusal::Port),
            ("unsupported machine type", Refusal::Architecture),
            ("Permission denied", Refusal::Permission),
        ];
        let says = |words: &str| complaints.iter().any(|line| line.contains(words));
        WORDS.into_iter().find(|(words, _)| says(words)).map_or(Self::Other, |(_, refusal)| refusal)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "this computer has not so much memory; give the guest less, or run fewer at once",
            Self::Accelerator => "the accelerator is not to be had; choose the one that the probe says works",
            Self::DiskInUse => "another process has a disk open; give each guest its own, or read-only ones",
            Self::Port => "a port of this computer is not to be had; end what listens there, or leave the choice to QEMU",
            Self::Architecture => {
                return write!(f, "this QEMU has no such machine; give {}, this computer's own", program_name());
            }
            Self::Permission => "something may not be opened by this user; change its mode or owner",
            Self::Other => "it would not have it",
        })
    }
}

fn because(complaints: &[String]) -> String {
    if complaints.is_empty() { String::new() } else { format!(" ({})", complaints.join("; ")) }
}

pub(super) async fn start(
    qemu: &Qemu,
    machine: &Machine,
    folder: Folder,
    memory: Memory<'_>,
) -> Result<Guest, StartError> {
    check::check(machine)?;
    // A copy takes no more than what its guest writes.
    if !matches!(memory, Memory::Of(_)) {
        room::check(machine.memory)?;
    }
    if let Memory::ToBeSaved(_) = memory {
        room::check_disk(machine.memory, folder.path())?;
    }
    let sockets = Socket::all(machine);
    let listeners =
        sockets.iter().map(|socket| listen(&folder, *socket)).collect::<Result<Vec<_>, StartError>>()?;
    let arguments = arguments_with(machine, folder.path(), memory);
    let server = Server::start(&qemu.program, &arguments)
        .map_err(|source| StartError::Spawn { program: qemu.program.clone(), source })?;
    let connected = async {
        let mut doors = accept_all(listeners, &server).await?;
        let (told, heard) = watch::channel(Told::default());
        let hear = move |event| told.send_modify(|told| told.hear(&event));
        let client = Client::over(doors.remove(0), hear);
        let console = Console::attach(doors.remove(0));
        let ports = match shake_hands(&client, machine).await {
            Err(QmpError::Closed { .. }) => return Err(refused(&server).await),
            said => said.map_err(StartError::Qmp)?,
        };
        let doors = sockets.iter().skip(2).copied().zip(doors).collect();
        Ok((client, console, ports, heard, Mutex::new(doors)))
    };
    let connected = timeout(START_LIMIT, connected).await;
    let (client, console, ports, told, doors) =
        connected.map_err(|_| StartError::OutOfTime(START_LIMIT))??;
    let killed = Arc::new(AtomicBool::new(false));
    let ended = attend(&server, told.clone(), console.clone(), Arc::clone(&killed));
    let machine = machine.clone();
    Ok(Guest { server, client, console, told, ended, killed, ports, doors, machine, folder })
}

fn listen(folder: &Folder, socket: Socket) -> Result<UnixListener, StartError> {
    let path = folder.path().join(socket.name());
    UnixListener::bind(&path).map_err(|source| StartError::Listen { path, source })
}

/// QEMU connects to all of them, in whatever order, or ends.
async fn accept_all(listeners: Vec<UnixListener>, server: &Server) -> Result<Vec<UnixStream>, StartError> {
    let mut doors = Vec::new();
    for listener in listeners {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ended = server.ended() => return Err(refused(server).await),
        };
        let (stream, _) = accepted.map_err(|source| {
            let path = listener.local_addr().ok();
            let path = path.and_then(|path| path.as_pathname().map(PathBuf::from)).unwrap_or_default();
            StartError::Listen { path, source }
        })?;
        doors.push(stream);
    }
    Ok(doors)
}

/// QEMU has closed its connection or ended: it ends, or is ended.
async fn refused(server: &Server) -> StartError {
    const LAST_WORDS: Duration = Duration::from_secs(2);
    if timeout(LAST_WORDS, server.ended()).await.is_err() {
        server.kill();
    }
    let complaints = server.ended().await.complaints;
    StartError::Refused { why: Refusal::of(&complaints), complaints }
}

/// QEMU answers once it has made the machine.
async fn shake_hands(client: &Client, machine: &Machine) -> Result<BTreeMap<u16, u16>, QmpError> {
    client.execute("qmp_capabilities", Value::Null, START_LIMIT).await?;
    if machine.user_network.is_none() {
        return Ok(Default::default());
    }
    let arguments = json!({ "command-line": "info usernet" });
    let said = client.execute("human-monitor-command", arguments, QMP_LIMIT).await?;
    Ok(ports::forwarded(said.as_str().unwrap_or_default()))
}

/// Waits for the end in a task of its own. What QEMU and the guest said last is waited for, as it may tell the cause.
fn attend(
    server: &Server,
    mut told: watch::Receiver<Told>,
    console: Console,
    killed: Arc<AtomicBool>,
) -> watch::Receiver<Option<End>> {
    const LAST_WORDS: Duration = Duration::from_secs(1);
    let (tell, ended) = watch::channel(None);
    let server_ended = server.ended();
    tokio::spawn(async move {
        let ended = server_ended.await;
        let last_words = async {
            while told.changed().await.is_ok() {}
            console.closed().await;
        };
        let _as_far_as_heard = timeout(LAST_WORDS, last_words).await;
        let told = told.borrow().clone();
        let killed = killed.load(Ordering::SeqCst);
        let seen = Seen { told, killed, panic: console.panic(), ended };
        tell.send_replace(Some(End::from(seen)));
    });
    ended
}
