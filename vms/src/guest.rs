//! A running guest.
//!
//! Flows in: QEMU, a [`Machine`], a [`Folder`]. Flows out: its console, its ports, its end, and doors to what runs in it.
//! Must not: let QEMU live on when the [`Guest`] is dropped or this process is killed; wait without a limit.
//!
//! In the order in which data meets them: `check` (what needs no QEMU), `start`, `ports`, `moves`, `end`.

mod check;
pub mod end;
mod moves;
mod ports;
mod room;
pub mod start;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{net::UnixStream, sync::watch, time::timeout};

pub use end::End;
pub use moves::MoveError;
pub use start::StartError;

use crate::{
    arguments::{Memory, SLOT, Socket},
    channel::{
        ChannelError,
        agent::Agent,
        backdoor::Backdoor,
        ssh::{Access, Ssh},
    },
    child::server::Server,
    console::Console,
    folder::Folder,
    machine::{Card, Link, Machine},
    qemu::Qemu,
    qmp::{Client, QmpError},
};

/// How long QEMU may take for what it does at once.
const QMP_LIMIT: Duration = Duration::from_secs(10);

/// A guest that was started. Dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Guest {
    server: Server,
    client: Client,
    console: Console,
    told: watch::Receiver<end::Told>,
    ended: watch::Receiver<Option<End>>,
    killed: Arc<AtomicBool>,
    ports: BTreeMap<u16, u16>,
    /// Those that nobody has taken as yet.
    doors: Mutex<Vec<(Socket, UnixStream)>>,
    machine: Machine,
    /// After what lives in it.
    folder: Folder,
}

/// Why a guest did not switch itself off.
#[derive(Debug, thiserror::Error)]
pub enum PowerDownError {
    /// QEMU did not pass it on.
    #[error("cannot ask the guest to switch itself off")]
    Ask(#[source] QmpError),
    /// It was asked, and still runs.
    #[error("the guest was asked to switch itself off, and still runs after {} s: does it heed its power button?", .0.as_secs_f32())]
    StillRuns(Duration),
}

/// A guest stands still as what it wrote to a disk cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "QEMU stopped the guest: its disk `{serial}`, {}, cannot be written ({why}): make room there, then let it go on", path.display()
)]
pub struct FullDisk {
    /// The disk's serial.
    pub serial: String,
    /// Its file.
    pub path: PathBuf,
    /// Why, in QEMU's words.
    pub why: String,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// QEMU took none.
    #[error("QEMU took no picture: does the machine have a screen?")]
    Take(#[source] QmpError),
    /// It cannot be read.
    #[error("cannot read the picture {}", path.display())]
    Read {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Guest {
    /// Starts a guest: QEMU has made the machine, and its kernel is about to boot.
    ///
    /// # Errors
    /// What it needs is not there, or QEMU does not start.
    pub async fn start(qemu: &Qemu, machine: &Machine, folder: Folder) -> Result<Self, StartError> {
        start::start(qemu, machine, folder, Memory::Own).await
    }

    /// Starts a guest that a [`crate::snapshot::store::Store`] can save: its memory is a file in its folder, which should
    /// be on the store's file system.
    ///
    /// # Errors
    /// As [`Guest::start`].
    pub async fn start_to_be_saved(
        qemu: &Qemu,
        machine: &Machine,
        folder: Folder,
    ) -> Result<Self, StartError> {
        let memory = folder.path().join(moves::MEMORY);
        start::start(qemu, machine, folder, Memory::ToBeSaved(&memory)).await
    }

    /// What it was started as.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Its serial console.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Its private folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port on 127.0.0.1 that leads to this one of the guest, if it is among the machine's forwards.
    #[must_use]
    pub fn port(&self, guest: u16) -> Option<u16> {
        self.ports.get(&guest).copied()
    }

    /// Whether it stands still, by [`Guest::stop`] or because QEMU had to stop it.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        self.told.borrow().paused
    }

    /// The disk over which QEMU had to stop it, and what to do about it.
    #[must_use]
    pub fn stopped_by(&self) -> Option<FullDisk> {
        let (index, why) = self.told.borrow().disk.clone()?;
        let disk = self.machine.disks.get(index)?;
        Some(FullDisk { serial: disk.serial.clone(), path: disk.path.clone(), why })
    }

    /// Waits for its end. Any number of callers may; the future needs no guest.
    pub fn ended(&self) -> impl Future<Output = End> + Send + use<> {
        let mut ended = self.ended.clone();
        async move {
            let end = ended.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
            end.unwrap_or(End::Killed)
        }
    }

    /// Its end, if it has ended.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.ended.borrow().clone()
    }

    /// Presses its power button, and waits until it has switched itself off.
    ///
    /// # Errors
    /// It still runs after `limit`. It is not killed.
    pub async fn power_down(&self, limit: Duration) -> Result<End, PowerDownError> {
        if let Err(error) = self.execute("system_powerdown", Value::Null).await {
            // It may have gone by itself a moment ago.
            return match timeout(QMP_LIMIT, self.ended()).await {
                Ok(end) => Ok(end),
                Err(_) => Err(PowerDownError::Ask(error)),
            };
        }
        timeout(limit, self.ended()).await.map_err(|_| PowerDownError::StillRuns(limit))
    }

    /// Kills it and waits until it is gone. How it ended is told: it may have gone by itself a moment ago.
    pub async fn kill(&self) -> End {
        self.killed.store(true, Ordering::SeqCst);
        self.server.kill();
        self.ended().await
    }

    /// Makes it stand still.
    ///
    /// # Errors
    /// QEMU refuses.
    pub async fn stop(&self) -> Result<(), QmpError> {
        self.execute("stop", Value::Null).await.map(drop)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// QEMU refuses.
    pub async fn cont(&self) -> Result<(), QmpError> {
        self.execute("cont", Value::Null).await.map(drop)
    }

    /// Pulls a network cable out, or puts it in again.
    ///
    /// # Errors
    /// It has no such card.
    pub async fn set_link(&self, card: Card, up: bool) -> Result<(), QmpError> {
        self.execute("set_link", json!({ "name": card.id(), "up": up })).await.map(drop)
    }

    /// Puts a network card into its slot. The guest sees it a moment later; the switch sees it at once.
    ///
    /// # Errors
    /// The machine has no slot, something is in it, or nobody listens at the link's socket.
    pub async fn plug(&self, link: &Link) -> Result<(), QmpError> {
        let id = Card::Plugged.id();
        let backend = json!({
            "type": "stream", "id": id, "server": false, "addr": { "type": "unix", "path": link.socket },
        });
        self.execute("netdev_add", backend).await?;
        let card = json!({
            "driver": "virtio-net-pci", "id": "card", "netdev": id, "mac": link.mac, "romfile": "", "bus": SLOT,
        });
        self.execute("device_add", card).await.map(drop)
    }

    /// A picture of its screen, as PNG.
    ///
    /// # Errors
    /// The machine has no screen, or this QEMU knows no PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>, NoPicture> {
        let path = self.folder.path().join("screen.png");
        let arguments = json!({ "filename": path, "format": "png" });
        self.execute("screendump", arguments).await.map_err(NoPicture::Take)?;
        let picture = tokio::fs::read(&path).await;
        picture.map_err(|source| NoPicture::Read { path, source })
    }

    /// Waits until the guest has opened its root shell on `/dev/hvc0`. It can be had once.
    ///
    /// # Errors
    /// The machine has no backdoor, it was had before, or the guest does not open it within `limit`.
    pub async fn backdoor(&self, limit: Duration) -> Result<Backdoor, ChannelError> {
        let stream = self.door(Socket::Shell).ok_or(ChannelError::NotThere { what: "backdoor" })?;
        let opened = Backdoor::open(stream, limit).await;
        opened.map_err(|error| error.with_console(&self.console))
    }

    /// Waits until QEMU's guest agent answers in the guest. It can be had once.
    ///
    /// # Errors
    /// The machine has no port for it, it was had before, or it does not answer within `limit`.
    pub async fn agent(&self, limit: Duration) -> Result<Agent, ChannelError> {
        let stream = self.door(Socket::Agent).ok_or(ChannelError::NotThere { what: "guest agent" })?;
        Agent::open(stream, limit).await.map_err(|error| error.with_console(&self.console))
    }

    /// Connects over SSH, through one of the machine's forwards.
    ///
    /// # Errors
    /// The port is none of its forwards, the guest has another host key or does not take the key, or its SSH server does
    /// not answer within `limit`.
    pub async fn ssh(&self, access: &Access, limit: Duration) -> Result<Ssh, ChannelError> {
        let port =
            self.port(access.port).ok_or(ChannelError::NotThere { what: "forward to its SSH port" })?;
        let opened = Ssh::open(access, port, self.folder(), limit).await;
        opened.map_err(|error| error.with_console(&self.console))
    }

    fn door(&self, socket: Socket) -> Option<UnixStream> {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let index = doors.iter().position(|(of, _)| *of == socket)?;
        Some(doors.swap_remove(index).1)
    }

    async fn execute(&self, command: &str, arguments: Value) -> Result<Value, QmpError> {
        self.client.execute(command, arguments, QMP_LIMIT).await
    }
}
