//! NixOS machines booted as guests, before they are booted in earnest.
//!
//! Flows in: a machine of the flake, and policies. Flows out: a verdict for each check that is asked of the guest.
//! Must not: touch a real machine, give a guest a secret or a network, or leave anything running.
//!
//! In the order in which data meets them: `system` (the machine's own configuration, extended by `guest.nix` and built; or else what
//! stands for it: `vm_build`, with `script` and `words`, or `given`), `kernel` (whether that boots here), `drive` and `image` (its store
//! and other disks), `standin`, `sops`, `tunnels` and `underlay` (what stands for its secrets, and for where the others are), `ready`
//! (all of it), `come_up` (up, or not), `snapshots` (up once, and kept), `inspect`, `http` and `told` (what it tells about itself), `boot`
//! (all of that), `measure` (what of it is a number) and `log` (what it said meanwhile), [`mesh`] (several on one network), [`afloat`]
//! (kept for a person), [`worker`] (what the rules make of it). `harness/DESIGN/boot.md` says why it is done so.

pub mod afloat;
mod boot;
pub mod by_hand;
mod come_up;
mod drive;
mod given;
mod http;
mod image;
mod inspect;
mod kernel;
mod log;
mod measure;
pub mod mesh;
mod ready;
mod script;
mod snapshots;
mod sops;
mod standin;
mod system;
mod told;
mod tunnels;
mod underlay;
mod vm_build;
mod words;
pub mod worker;

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use model::verdict::Fault;
use tokio::task::spawn_blocking;
use vms::{
    accelerator::{self, Accelerator, Request},
    qemu::Qemu,
};

use image::Images;
use snapshots::Snapshots;

use crate::{doctor::computer, private, process::Spawner};

/// What this computer has for guests: where they are built, and what runs them.
#[derive(Debug, Clone)]
pub struct Yard {
    /// The value of PATH in which QEMU is looked for.
    search_path: OsString,
    /// The kernel to probe accelerators with; else the computer's own.
    kernel: Option<PathBuf>,
    /// Where images, and what was learnt of accelerators, are kept.
    cache: PathBuf,
    images: Images,
    snapshots: Snapshots,
    /// Where guests have their private folders: short, because sockets are there.
    folders: PathBuf,
    /// Looked for once, by whoever needs it first.
    engine: Arc<OnceLock<Result<(Qemu, Accelerator), Fault>>>,
}

/// `qemu --version` takes a few milliseconds.
const QEMU_LIMIT: Duration = Duration::from_secs(10);

impl Yard {
    /// A yard that keeps what it makes in `cache`, and runs guests in folders below `temporary`.
    #[must_use]
    pub fn new(
        search_path: OsString,
        kernel: Option<PathBuf>,
        cache: PathBuf,
        temporary: &std::path::Path,
        mksquashfs: Option<PathBuf>,
        spawner: Spawner,
    ) -> Self {
        let images = Images { folder: cache.join("images"), mksquashfs, spawner };
        let snapshots = Snapshots { folder: cache.join("snapshots") };
        Self {
            search_path,
            kernel,
            cache,
            images,
            snapshots,
            // Each user's own: nobody can write into another's.
            folders: private::all(temporary),
            engine: Arc::new(OnceLock::new()),
        }
    }

    /// How much memory guests may be given together, in MiB: three quarters of what is free now, since QEMU and whoever
    /// builds the guests need some too.
    pub async fn memory(&self) -> u32 {
        let free = computer::available(&self.images.spawner).await;
        free.map_or(u32::MAX, |bytes| u32::try_from((bytes >> 20) / 4 * 3).unwrap_or(u32::MAX))
    }

    /// QEMU, and what runs a guest's processor here.
    async fn engine(&self) -> Result<(Qemu, Accelerator), Fault> {
        let (yard, engine) = (self.clone(), Arc::clone(&self.engine));
        let found = spawn_blocking(move || engine.get_or_init(|| yard.look()).clone()).await;
        found.unwrap_or_else(|_| Err(fault("the search for QEMU died".to_owned(), None)))
    }

    fn look(&self) -> Result<(Qemu, Accelerator), Fault> {
        let install = || Some(format!("install {}", vms::qemu::program_name()));
        let qemu =
            Qemu::find(&self.search_path, QEMU_LIMIT).map_err(|error| fault(error.to_string(), install()))?;
        let mut request = Request::new(self.search_path.clone());
        request.kernel.clone_from(&self.kernel);
        request.cache = Some(self.cache.clone());
        // Emulation needs nothing of the computer; where no accelerator was seen to work, it is what is left.
        let best =
            accelerator::probe(&request).best().map_or(Accelerator::Tcg, |(accelerator, _)| accelerator);
        Ok((qemu, best))
    }
}

fn fault(what: String, remedy: Option<String>) -> Fault {
    Fault { what, remedy, detail: Vec::new() }
}
