//! Everything that a machine needs to be booted as a guest, made ready.
//!
//! Flows in: a machine of the flake, what the plan says to boot of it, and what stands for its secrets. Flows
//! out: its built system, its disks, and what runs it. Must not: start it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use model::{check::GuestSize, fleet::BootSource, machine::MachineName, verdict::Fault};
use vms::{
    accelerator::Accelerator,
    machine::{Boot, Disk, Machine, Share},
    qemu::Qemu,
};

use super::{
    Yard,
    drive::read_only,
    given, kernel,
    standin::{self, StandIns},
    system::{System, Unbuilt, build},
};
use crate::nix::pool::Evaluators;

/// A machine that can be booted.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) name: MachineName,
    pub(super) source: BootSource,
    /// The kernel's image.
    kernel: PathBuf,
    initrd: Option<PathBuf>,
    command_line: String,
    disks: Vec<Disk>,
    shares: Vec<Share>,
    /// What of the machine a guest does not have, in words; never empty.
    pub(super) replaced: Vec<String>,
    /// The texts of secrets that have to be keys, by their paths.
    keys: BTreeMap<String, String>,
    /// Where disks are kept.
    images: PathBuf,
    pub(super) qemu: Qemu,
    pub(super) accelerator: Accelerator,
}

/// Why there is nothing to boot.
#[derive(Debug)]
pub(super) enum Unready {
    /// The machine is at fault: `unevaluated`, `unbuilt` or `unbootable`, and why.
    Machine(&'static str, Vec<String>),
    /// The harness could not tell.
    Fault(Fault),
}

/// Builds a machine within `limit`, and makes its disks.
///
/// # Errors
/// It does not evaluate or build, or this computer lacks something.
pub(super) async fn ready(
    nix: &Evaluators,
    yard: &Yard,
    name: &MachineName,
    source: &BootSource,
    stand_ins: &StandIns,
    limit: Duration,
) -> Result<Ready, Unready> {
    let system = build(nix, name, source, stand_ins, limit).await.map_err(|unbuilt| match unbuilt {
        Unbuilt::Evaluation(error) => {
            let place = error.file.iter().map(|file| format!("at {file}:{}", error.line.unwrap_or(0)));
            Unready::Machine("unevaluated", [error.message.clone()].into_iter().chain(place).collect())
        }
        Unbuilt::Build(log) => Unready::Machine("unbuilt", log),
        Unbuilt::Fault(fault) => Unready::Fault(fault),
    })?;
    let System { kernel, initrd, command_line, disks, shares, mut replaced } = system;
    replaced.push("any network".to_owned());
    kernel::fits(&kernel).map_err(|why| unbootable(source, why))?;
    let (qemu, accelerator) = yard.engine().await.map_err(Unready::Fault)?;
    let mut made = Vec::with_capacity(disks.len());
    for disk in disks {
        made.push(disk.ready(&yard.images).await.map_err(Unready::Fault)?);
    }
    let shares = shares.into_iter().map(|shared| shared.ready(&yard.images)).collect::<Result<_, _>>();
    Ok(Ready {
        name: name.clone(),
        source: source.clone(),
        kernel,
        initrd,
        command_line,
        disks: made,
        shares: shares.map_err(Unready::Fault)?,
        replaced,
        keys: stand_ins.keys.clone(),
        images: yard.images.folder.clone(),
        qemu,
        accelerator,
    })
}

/// A kernel of the machine's own would not boot on it either; one that was given says nothing of the machine.
fn unbootable(source: &BootSource, why: String) -> Unready {
    match source {
        BootSource::Configuration | BootSource::VmBuild => Unready::Machine("unbootable", vec![why]),
        BootSource::Given(_) => {
            let remedy = Some(given::REMEDY.to_owned());
            Unready::Fault(Fault { what: why, remedy, detail: Vec::new() })
        }
    }
}

impl Ready {
    /// As a virtual machine. A configuration that was extended has a disk of what stands for its secrets, which should arrive
    /// at these paths.
    ///
    /// # Errors
    /// That disk cannot be written.
    pub(super) fn machine(&self, size: GuestSize, secrets: &[String]) -> Result<Machine, Fault> {
        let mut disks = self.disks.clone();
        if self.source.is_configuration() {
            disks.push(read_only(standin::lay(&self.images, secrets, &self.keys)?, "secrets"));
        }
        Ok(Machine {
            name: self.name.0.clone(),
            accelerator: self.accelerator,
            memory: size.memory,
            processors: size.processors.into(),
            boot: Boot {
                kernel: self.kernel.clone(),
                initrd: self.initrd.clone(),
                command_line: self.command_line.clone(),
            },
            disks,
            shares: self.shares.clone(),
            user_network: None,
            links: Vec::new(),
            // For the card that it has among other guests. Who boots it alone gives it none.
            slot: self.source.is_configuration(),
            screen: false,
            backdoor: self.source.is_configuration(),
            agent: false,
        })
    }
}
