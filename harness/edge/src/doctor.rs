//! What this machine has, found by trying, and what each missing thing costs the user.
//!
//! Flows in: [`Inputs`], the paths and the environment that the command line read. Flows out: one [`Item`] a question.
//! Must not: print, read the environment, install anything, or wait long for a tool that hangs: all questions are asked
//! at the same time, each with a limit of its own.
//!
//! The store is written to for real, which leaves a file of some bytes there until its next garbage collection.

pub(crate) mod computer;
mod disk;
mod git;
mod item;
mod nix;
mod qemu;
mod settings;
mod squashfs;
mod ssh;
#[cfg(test)]
mod tests;
mod tool;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

pub use item::{Item, State};

use crate::process::Spawner;

/// Where to look.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The nix that seaworthy would use.
    pub nix: Option<PathBuf>,
    /// The git that nix would use.
    pub git: Option<PathBuf>,
    /// The ssh that nix would use.
    pub ssh: Option<PathBuf>,
    /// The mksquashfs that guests' stores would be made with.
    pub mksquashfs: Option<PathBuf>,
    /// The value of PATH, in which QEMU is looked for.
    pub search_path: OsString,
    /// What the tools are given as their environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// The project's own folder for runs and caches, `.seaworthy`. It need not be there yet.
    pub state: PathBuf,
    /// The Nix store, `/nix/store`. It need not be there.
    pub store: PathBuf,
    /// Where temporary files go.
    pub temporary: PathBuf,
    /// Where it is remembered what a boot of this computer told of its accelerators.
    pub cache: Option<PathBuf>,
    /// The kernel to try accelerators with; else the one that the environment names with SEAWORTHY_KERNEL, else the best
    /// one of this computer.
    pub kernel: Option<PathBuf>,
}

/// Asks everything. It takes as long as the slowest answer: under a second on a machine that has all and was asked
/// before; five seconds where a tool hangs; some seconds more where a kernel has to be booted.
pub async fn examine(inputs: &Inputs, spawner: &Spawner) -> Vec<Item> {
    let (nix, git, ssh, machines, squashfs, disks, computer) = tokio::join!(
        nix::items(inputs, spawner),
        git::item(inputs, spawner),
        ssh::item(inputs, spawner),
        qemu::items(inputs),
        squashfs::item(inputs, spawner),
        disk::items(inputs),
        computer::items(spawner),
    );
    let mut items = nix;
    items.extend([git, ssh]);
    items.extend(machines);
    items.push(squashfs);
    items.extend(disks);
    items.extend(computer);
    items
}
