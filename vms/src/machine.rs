//! What a guest is, as data.
//!
//! Flows in: what a caller or a file says. Flows out: a [`Machine`]. Must not: look at the computer that it will run on.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::accelerator::Accelerator;

/// One guest, of the architecture of this computer. Every guest has a source of entropy, a serial console, and QEMU's
/// device that tells of panics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Machine {
    /// What people call it; QEMU's name of the process.
    pub name: String,
    /// What runs its processors.
    pub accelerator: Accelerator,
    /// Its memory, in MiB.
    pub memory: u32,
    /// Its processors. QEMU 7.2 emulates more than one unsteadily.
    pub processors: u32,
    /// What it boots.
    pub boot: Boot,
    /// Its virtio disks, in order: `/dev/vda`, `/dev/vdb`.
    #[serde(default)]
    pub disks: Vec<Disk>,
    /// Folders of this computer that it may read.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// A network of its own behind QEMU's own address translation.
    #[serde(default)]
    pub user_network: Option<UserNetwork>,
    /// Network cards whose frames a switch of the caller carries.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Whether it has a slot into which [`crate::guest::Guest::plug`] puts a network card while it runs.
    #[serde(default)]
    pub slot: bool,
    /// Whether it has a screen, of which pictures can be taken.
    #[serde(default)]
    pub screen: bool,
    /// Whether it has a `/dev/hvc0` for a root shell, as the NixOS test driver's guests have.
    #[serde(default)]
    pub backdoor: bool,
    /// Whether it has a port for QEMU's guest agent.
    #[serde(default)]
    pub agent: bool,
}

/// A kernel to boot directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Boot {
    /// Its image.
    pub kernel: PathBuf,
    /// Its first file system.
    #[serde(default)]
    pub initrd: Option<PathBuf>,
    /// Its command line, whole: nothing is added to it.
    #[serde(default)]
    pub command_line: String,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Disk {
    /// The file that holds it.
    pub path: PathBuf,
    /// What that file is.
    pub format: Format,
    /// Whether the guest may only read it. Any number of guests may then share the file.
    #[serde(default)]
    pub read_only: bool,
    /// Whether what the guest writes goes into a file of QEMU's that is gone with it. Any number of guests may then write
    /// to the disk, and none sees what another writes; such a guest can not be saved.
    #[serde(default)]
    pub scratch: bool,
    /// Under `/dev/disk/by-id/virtio-<serial>` in the guest; at most 20 bytes.
    pub serial: String,
}

/// A folder of this computer that a guest mounts by 9p, to read it. A guest that has mounted one can not be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Share {
    /// The folder.
    pub path: PathBuf,
    /// The device that the guest mounts; at most 31 bytes.
    pub tag: String,
}

/// A disk's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The disk, byte for byte.
    Raw,
    /// QEMU's own.
    Qcow2,
}

impl Format {
    /// As QEMU's `-drive format=` takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// A network card behind QEMU's own address translation. The guest gets its address by DHCP, and reaches nobody: only
/// this computer's loopback reaches it, through ports that are chosen when it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserNetwork {
    /// Ports (TCP) of the guest that can be reached from here.
    #[serde(default)]
    pub forwards: Vec<u16>,
}

/// A network card at a switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// Its hardware address, as in `52:54:00:12:01:02`.
    pub mac: String,
    /// The unix socket on which the switch listens before the guest starts. It carries Ethernet frames, each after its
    /// length as four bytes, the highest first.
    pub socket: PathBuf,
}

/// One of a machine's network cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// That of the user network.
    User,
    /// That of the link with this index.
    Link(usize),
    /// That which was plugged in.
    Plugged,
}

impl Card {
    /// QEMU's name of it.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Self::User => "user".to_owned(),
            Self::Link(index) => format!("link{index}"),
            Self::Plugged => "plugged".to_owned(),
        }
    }
}

impl Machine {
    /// One processor, half a gigabyte, and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, accelerator: Accelerator, boot: Boot) -> Self {
        Self {
            name: name.into(),
            accelerator,
            memory: 512,
            processors: 1,
            boot,
            disks: Vec::new(),
            shares: Vec::new(),
            user_network: None,
            links: Vec::new(),
            slot: false,
            screen: false,
            backdoor: false,
            agent: false,
        }
    }
}
