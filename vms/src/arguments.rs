//! A machine as QEMU's arguments.
//!
//! Flows in: a [`Machine`] and the folder of its sockets. Flows out: arguments, the same ones for the same machine. Must
//! not: look at a file.
//!
//! QEMU connects to sockets on which its owner already listens, so that neither has to wait for the other, and nothing
//! that the guest writes is lost. Source of all options: qemu(1) of QEMU 7.2.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::Path,
};

use crate::{
    machine::{Card, Disk, Link, Machine, Share},
    shell::quote,
};

/// A socket that QEMU connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// QEMU's own protocol.
    Qmp,
    /// The serial console.
    Serial,
    /// `/dev/hvc0`.
    Shell,
    /// QEMU's guest agent.
    Agent,
}

impl Socket {
    /// Its file in the machine's folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qmp => "qmp",
            Self::Serial => "serial",
            Self::Shell => "shell",
            Self::Agent => "agent",
        }
    }

    /// Those of a machine.
    #[must_use]
    pub fn all(machine: &Machine) -> Vec<Self> {
        let optional = [(machine.backdoor, Self::Shell), (machine.agent, Self::Agent)];
        let optional = optional.into_iter().filter_map(|(there, socket)| there.then_some(socket));
        [Self::Qmp, Self::Serial].into_iter().chain(optional).collect()
    }
}

/// QEMU's name of the slot into which a network card is plugged; `slot` itself is a property of such a port.
pub(crate) const SLOT: &str = "pluggable";

/// Where a guest's memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory<'a> {
    /// In QEMU alone.
    Own,
    /// In this file, which is what is saved of it.
    ToBeSaved(&'a Path),
    /// A copy of this file, made page by page as the guest writes. Its devices are yet to be told how they were.
    Of(&'a Path),
}

/// The arguments of a machine whose sockets are in `folder`.
#[must_use]
pub fn arguments(machine: &Machine, folder: &Path) -> Vec<OsString> {
    arguments_with(machine, folder, Memory::Own)
}

/// The same, with its memory where it is wanted.
#[must_use]
pub(crate) fn arguments_with(machine: &Machine, folder: &Path, memory: Memory<'_>) -> Vec<OsString> {
    let mut words = Words::default();
    words.base(machine, memory);
    for socket in Socket::all(machine) {
        let name = socket.name();
        words.option("-chardev", &format!("socket,id={name},path="), Some(folder.join(name).as_os_str()));
    }
    words.say("-mon", "chardev=qmp,mode=control");
    words.say("-serial", "chardev:serial");
    words.devices(machine);
    words.0
}

/// The same machine as one line for a person's terminal: the serial console and QEMU's monitor are there (Ctrl-A C
/// changes between them), and each of the other ports is a terminal that QEMU names when it starts.
#[must_use]
pub fn shell_line(qemu: &Path, machine: &Machine) -> String {
    let mut words = Words::default();
    words.base(machine, Memory::Own);
    words.say("-serial", "mon:stdio");
    for socket in Socket::all(machine).into_iter().skip(2) {
        words.say("-chardev", format!("pty,id={}", socket.name()));
    }
    words.devices(machine);
    let words = [qemu.into()].into_iter().chain(words.0);
    words.map(|word: OsString| quote(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// The machine type for this computer's architecture, and the name of its serial console in the guest.
#[must_use]
pub fn board() -> (&'static str, &'static str) {
    match std::env::consts::ARCH {
        "x86_64" | "x86" => ("q35", "ttyS0"),
        "riscv64" => ("virt", "ttyS0"),
        _ => ("virt", "ttyAMA0"),
    }
}

#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn say(&mut self, flag: &str, value: impl AsRef<OsStr>) {
        self.0.extend([flag.into(), value.as_ref().to_owned()]);
    }

    /// An option of several parts, the last of which is any text: a comma in it is written twice.
    fn option(&mut self, flag: &str, parts: &str, last: Option<&OsStr>) {
        let mut value = parts.as_bytes().to_vec();
        for byte in last.unwrap_or_default().as_bytes() {
            value.extend(std::iter::repeat_n(*byte, if *byte == b',' { 2 } else { 1 }));
        }
        self.say(flag, OsString::from_vec(value));
    }

    fn base(&mut self, machine: &Machine, memory: Memory<'_>) {
        self.0.extend(["-no-user-config", "-nodefaults", "-no-reboot"].map(OsString::from));
        self.option("-name", "guest=", Some(machine.name.as_ref()));
        self.say("-display", "none");
        self.memory(machine, memory);
        self.say("-accel", machine.accelerator.as_str());
        self.say("-cpu", "max");
        self.say("-m", machine.memory.to_string());
        self.say("-smp", machine.processors.to_string());
        self.say("-kernel", &machine.boot.kernel);
        if let Some(initrd) = &machine.boot.initrd {
            self.say("-initrd", initrd);
        }
        if !machine.boot.command_line.is_empty() {
            self.say("-append", &machine.boot.command_line);
        }
        self.say("-device", "virtio-rng-pci");
        self.say("-device", "pvpanic-pci");
    }

    fn memory(&mut self, machine: &Machine, memory: Memory<'_>) {
        let (share, path) = match memory {
            Memory::Own => return self.say("-machine", board().0),
            Memory::ToBeSaved(path) => ("on", path),
            Memory::Of(path) => ("off", path),
        };
        self.say("-machine", format!("{},memory-backend=ram", board().0));
        let parts = format!("memory-backend-file,id=ram,size={}M,share={share},mem-path=", machine.memory);
        self.option("-object", &parts, Some(path.as_os_str()));
        if let Memory::Of(_) = memory {
            self.say("-incoming", "defer");
        }
    }

    fn devices(&mut self, machine: &Machine) {
        if machine.backdoor || machine.agent {
            self.say("-device", "virtio-serial-pci");
        }
        if machine.backdoor {
            self.say("-device", "virtconsole,chardev=shell");
        }
        if machine.agent {
            self.say("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0");
        }
        if machine.screen {
            self.say("-device", if board().0 == "q35" { "VGA" } else { "virtio-gpu-pci" });
        }
        machine.disks.iter().enumerate().for_each(|(index, disk)| self.disk(index, disk));
        machine.shares.iter().enumerate().for_each(|(index, share)| self.share(index, share));
        if let Some(network) = &machine.user_network {
            let forwards = network.forwards.iter().map(|port| format!(",hostfwd=tcp:127.0.0.1:0-:{port}"));
            self.say("-netdev", format!("user,id=user,restrict=on{}", forwards.collect::<String>()));
            self.say("-device", "virtio-net-pci,netdev=user,romfile=");
        }
        machine.links.iter().enumerate().for_each(|(index, link)| self.link(index, link));
        if machine.slot {
            self.say("-device", format!("pcie-root-port,id={SLOT},chassis=1"));
        }
    }

    fn disk(&mut self, index: usize, disk: &Disk) {
        let read_only = if disk.read_only { "on" } else { "off" };
        let format = disk.format.as_str();
        let scratch = if disk.scratch { "snapshot=on," } else { "" };
        let parts = format!(
            "if=none,id=disk{index},format={format},read-only={read_only},{scratch}file.driver=file,"
        );
        self.option("-drive", &format!("{parts}file.filename="), Some(disk.path.as_os_str()));
        self.option(
            "-device",
            &format!("virtio-blk-pci,drive=disk{index},serial="),
            Some(disk.serial.as_ref()),
        );
    }

    /// The guest sees its files' owners as they are here.
    fn share(&mut self, index: usize, share: &Share) {
        let parts = format!("local,id=share{index},security_model=none,readonly=on,path=");
        self.option("-fsdev", &parts, Some(share.path.as_os_str()));
        let parts = format!("virtio-9p-pci,fsdev=share{index},mount_tag=");
        self.option("-device", &parts, Some(share.tag.as_ref()));
    }

    fn link(&mut self, index: usize, link: &Link) {
        let id = Card::Link(index).id();
        let parts = format!("stream,id={id},server=off,addr.type=unix,addr.path=");
        self.option("-netdev", &parts, Some(link.socket.as_os_str()));
        let parts = format!("virtio-net-pci,netdev={id},romfile=,mac=");
        self.option("-device", &parts, Some(link.mac.as_ref()));
    }
}

#[cfg(test)]
mod tests;
