//! Everything that a machine needs to be booted as a guest, made ready.
//!
//! Flows in: a machine of the flake, and which secrets sops-nix puts in place there. Flows out: its built system, the image of
//! its store, and what runs it. Must not: start it.

use std::{path::PathBuf, time::Duration};

use model::{check::GuestSize, machine::MachineName, verdict::Fault};
use vms::{
    accelerator::Accelerator,
    machine::{Boot, Disk, Format, Machine},
    qemu::Qemu,
};

use super::{
    Yard,
    sops::Secrets,
    standin,
    system::{System, Unbuilt, build},
};
use crate::nix::pool::Evaluators;

/// A machine that can be booted.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) name: MachineName,
    pub(super) system: System,
    /// Of its store.
    pub(super) image: PathBuf,
    pub(super) qemu: Qemu,
    pub(super) accelerator: Accelerator,
}

/// Why there is nothing to boot.
#[derive(Debug)]
pub(super) enum Unready {
    /// The machine is at fault: `unevaluated` or `unbuilt`, and what nix said.
    Machine(&'static str, Vec<String>),
    /// It can be no guest; why.
    NoGuest(String),
    /// The harness could not tell.
    Fault(Fault),
}

/// Builds a machine within `limit`, and makes its image.
///
/// # Errors
/// It does not evaluate or build, or this computer lacks something.
pub(super) async fn ready(
    nix: &Evaluators,
    yard: &Yard,
    name: &MachineName,
    secrets: &Secrets,
    limit: Duration,
) -> Result<Ready, Unready> {
    let system = build(nix, name, secrets, limit).await.map_err(|unbuilt| match unbuilt {
        Unbuilt::Evaluation(error) => {
            let place = error.file.iter().map(|file| format!("at {file}:{}", error.line.unwrap_or(0)));
            Unready::Machine("unevaluated", [error.message.clone()].into_iter().chain(place).collect())
        }
        Unbuilt::NoGuest => Unready::NoGuest("its configuration has no `extendModules`".to_owned()),
        Unbuilt::Build(log) => Unready::Machine("unbuilt", log),
        Unbuilt::Fault(fault) => Unready::Fault(fault),
    })?;
    let (qemu, accelerator) = yard.engine().await.map_err(Unready::Fault)?;
    let image = yard.images.of(&system.toplevel, &system.closure).await.map_err(Unready::Fault)?;
    Ok(Ready { name: name.clone(), system, image, qemu, accelerator })
}

impl Ready {
    /// A disk of what stands for its secrets, which should arrive at these paths: beside the image.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn stand_ins(&self, paths: &[String]) -> Result<PathBuf, Fault> {
        standin::lay(self.image.parent().unwrap_or(&self.image), paths)
    }

    /// As a virtual machine, with a disk of what stands for its secrets.
    pub(super) fn machine(&self, size: GuestSize, stand_ins: PathBuf) -> Machine {
        let System { kernel, initrd, init, kernel_params, .. } = &self.system;
        let disk = |path, serial: &str| Disk {
            path,
            format: Format::Raw,
            read_only: true,
            serial: serial.to_owned(),
        };
        Machine {
            name: self.name.0.clone(),
            accelerator: self.accelerator,
            memory: size.memory,
            processors: size.processors.into(),
            boot: Boot {
                kernel: kernel.clone(),
                initrd: initrd.clone(),
                command_line: format!("{} init={init}", kernel_params.join(" ")),
            },
            disks: vec![disk(self.image.clone(), "store"), disk(stand_ins, "secrets")],
            user_network: None,
            links: Vec::new(),
            screen: false,
            backdoor: true,
            agent: false,
        }
    }
}
