//! A guest's state on its way out of QEMU, and into another.
//!
//! Flows in: a file for the state of its devices; its memory is a file already. Flows out: whether it is whole. Must not:
//! wait without a limit.
//!
//! Source: QEMU `qapi/migration.json`. `file:` is new in QEMU 8.2, and with `exec:cat` nobody hears of a full disk: the
//! bytes go over a socket, and it is us who write them.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    fs::File,
    io::{AsyncWriteExt as _, copy},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::{End, Guest};
use crate::{
    arguments::{Memory, Socket},
    channel::ChannelError,
    folder::Folder,
    guest::StartError,
    machine::Machine,
    qemu::{Qemu, Version},
    qmp::QmpError,
};

/// The file of its memory, in its folder.
pub(super) const MEMORY: &str = "memory";
/// The socket over which the state of its devices goes, there as well.
const WAY: &str = "way";
/// How long the state of its devices may be on its way; measured: 0.03 s.
const MOVE_LIMIT: Duration = Duration::from_secs(60);

/// Why a guest's state was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// QEMU does not do as it is asked.
    #[error(transparent)]
    Ask(#[from] QmpError),
    /// QEMU began, and gave up.
    #[error("QEMU gave up: {0}")]
    Failed(String),
    /// QEMU ended over it.
    #[error("{0}")]
    Ended(End),
    /// The file of its devices cannot be written or read.
    #[error("cannot carry the guest's devices to or from {}: does its disk have room?", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It takes too long.
    #[error("QEMU was not done in {} s: is this computer overloaded?", MOVE_LIMIT.as_secs())]
    OutOfTime,
}

impl Guest {
    /// Starts a guest with a copy of this memory; its devices wait for [`Guest::load`].
    pub(crate) async fn start_of(
        qemu: &Qemu,
        machine: &Machine,
        folder: Folder,
        memory: &Path,
    ) -> Result<Self, StartError> {
        super::start::start(qemu, machine, folder, Memory::Of(memory)).await
    }

    /// The file of its memory, where it was started to be saved.
    pub(crate) fn memory(&self) -> Option<PathBuf> {
        Some(self.folder.path().join(MEMORY)).filter(|path| path.exists())
    }

    /// The QEMU that runs it, as it says itself.
    pub(crate) async fn version(&self) -> Result<Version, QmpError> {
        let said = self.execute("query-version", Value::Null).await?;
        let number = |name: &str| {
            let number = said["qemu"][name].as_u64();
            number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
        };
        Ok(Version { major: number("major"), minor: number("minor"), micro: number("micro") })
    }

    /// Stops it, and writes the state of its devices.
    pub(crate) async fn unload(&self, devices: &Path) -> Result<(), MoveError> {
        self.stop().await?;
        let way = self.folder.path().join(WAY);
        // Before QEMU looks for it.
        let listener = UnixListener::bind(&way);
        let written = async {
            let (mut from, _) = listener?.accept().await?;
            let mut to = File::create_new(devices).await?;
            copy(&mut from, &mut to).await?;
            to.flush().await
        };
        self.carry("migrate", &way, devices, written).await
    }

    /// Reads the state of its devices, and lets it run.
    pub(crate) async fn load(&self, devices: &Path) -> Result<(), MoveError> {
        let way = self.folder.path().join(WAY);
        let read = async {
            let (mut from, mut to) = (File::open(devices).await?, UnixStream::connect(&way).await?);
            match copy(&mut from, &mut to).await {
                // QEMU has closed it, and tells why.
                Err(error) if is_closed(&error) => Ok(()),
                copied => copied.map(drop),
            }
        };
        self.carry("migrate-incoming", &way, devices, read).await?;
        Ok(self.cont().await?)
    }

    /// The other end of the shell that was open when it was saved.
    pub(crate) fn resumed_shell(&self) -> Result<UnixStream, ChannelError> {
        self.door(Socket::Shell).ok_or(ChannelError::NotThere { what: "backdoor" })
    }

    /// Has QEMU move the state of its devices over a socket, at whose other end `bytes` is busy with their file.
    async fn carry(
        &self,
        command: &str,
        way: &Path,
        devices: &Path,
        bytes: impl Future<Output = io::Result<()>>,
    ) -> Result<(), MoveError> {
        let on = |name: &str| json!({ "capability": name, "state": true });
        let capabilities = json!({ "capabilities": [on("x-ignore-shared"), on("events")] });
        let began = async {
            self.execute("migrate-set-capabilities", capabilities).await?;
            self.execute(command, json!({ "uri": format!("unix:{}", way.display()) })).await
        };
        match began.await {
            Err(QmpError::Closed { .. }) => return Err(MoveError::Ended(self.ended().await)),
            began => drop(began?),
        }
        let file = |source| MoveError::File { path: devices.to_owned(), source };
        let carried = async { bytes.await.map_err(file) };
        // A disk that is full is told before QEMU tells that nobody listens any more.
        let both = async { tokio::try_join!(carried, self.moved()) };
        timeout(MOVE_LIMIT, both).await.map_err(|_| MoveError::OutOfTime)?.map(drop)
    }

    async fn moved(&self) -> Result<(), MoveError> {
        let mut told = self.told.clone();
        let moved = told.wait_for(|told| told.moved.is_some()).await.ok().and_then(|told| told.moved);
        match moved {
            Some(true) => Ok(()),
            // QEMU 7.2 ends where it cannot read a state.
            _ => Err(match timeout(Duration::from_secs(2), self.ended()).await {
                Ok(end) => MoveError::Ended(end),
                Err(_) => MoveError::Failed(self.reason().await),
            }),
        }
    }

    async fn reason(&self) -> String {
        let said = self.execute("query-migrate", Value::Null).await.unwrap_or_default();
        said["error-desc"].as_str().unwrap_or("it does not say why").to_owned()
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
