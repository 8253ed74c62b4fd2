//! The script of nixpkgs' virtual machines, `bin/run-<name>-vm`, taken apart: what it would start QEMU with.
//!
//! Flows in: its text. Flows out: a [`Script`]. Must not: run any of it; guess: a word whose meaning is not known is an error.
//!
//! Source: nixpkgs `nixos/modules/virtualisation/qemu-vm.nix`, of 23.05 to 25.11. Everything that counts stands in the last command, `exec
//! .../qemu-system-x86_64 ...`, and in the call by which the root's file system is made before it.

use std::path::{Path, PathBuf};

use super::{
    drive::EmptyDisk,
    words::{Word, words},
};

/// What a script boots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) kernel: PathBuf,
    pub(super) initrd: Option<PathBuf>,
    /// What the kernel is told.
    pub(super) append: String,
    /// The disk of its root, unless that is in memory.
    pub(super) root: Option<EmptyDisk>,
    /// Folders that it shares: the tag of each, and its path as the script says it.
    pub(super) shares: Vec<(String, String)>,
    /// What else it gives its guest, in words.
    pub(super) left_out: Vec<String>,
}

/// Why a script cannot be taken apart.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Tangled {
    /// Its last command is another one.
    #[error("its script does not end with `exec` and QEMU")]
    NoQemu,
    /// What it boots is on a disk.
    #[error("its script names no kernel: it boots by a boot loader")]
    BootLoader,
    /// The store is an image that the script makes.
    #[error("its script makes an image of the store")]
    StoreImage,
    /// A disk that it does not make as nixpkgs' usual ones are made.
    #[error("nobody but its script can make the disk `{0}`")]
    Drive(String),
    /// Something that only a shell could tell.
    #[error("its script says `{0}`, which is not known before it runs")]
    Word(String),
}

impl Tangled {
    /// What the machine's owner can do, where it is not the same for all.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::BootLoader => {
                Some("set `virtualisation.useBootLoader = false`: then the kernel is booted directly")
            }
            Self::StoreImage => Some(
                "set `virtualisation.useNixStoreImage = false` and `virtualisation.mountHostNixStore = true`",
            ),
            Self::Drive(_) => Some(
                "set `virtualisation.diskImage = null`, which puts the root in memory, and `virtualisation.emptyDiskImages = [ ]`",
            ),
            Self::NoQemu | Self::Word(_) => None,
        }
    }
}

/// Takes a script apart. `read` gives the text of a file of the store.
///
/// # Errors
/// It is not as nixpkgs' own is, or says what nobody else can tell.
pub(super) fn take_apart(text: &str, read: impl Fn(&Path) -> Option<String>) -> Result<Script, Tangled> {
    let command = text.rsplit_once("\nexec ").map(|(_, command)| words(command)).unwrap_or_default();
    if !command.first().is_some_and(|program| program.text.contains("/qemu-")) {
        return Err(Tangled::NoQemu);
    }
    let values = |option: &'static str| {
        command.windows(2).filter(move |pair| pair[0].text == option).map(|pair| &pair[1])
    };
    let known = |word: &Word| word.known(&read).ok_or_else(|| Tangled::Word(word.text.clone()));
    let kernel = values("-kernel").next().ok_or(Tangled::BootLoader).and_then(known)?;
    let initrd = values("-initrd").next().map(known).transpose()?;
    let append = values("-append").next().map(known).transpose()?.unwrap_or_default();
    let devices: Vec<&Word> = values("-device").collect();
    let mut root = None;
    let mut left_out = Vec::new();
    for drive in values("-drive").map(|word| word.text.as_str()) {
        match part(drive, "file") {
            _ if part(drive, "if") == Some("pflash") => left_out.push("the firmware of UEFI".to_owned()),
            Some("$NIX_DISK_IMAGE") => root = Some(empty_disk(text, drive, &devices)?),
            Some(file) if file.ends_with("/store.img") => return Err(Tangled::StoreImage),
            file => return Err(Tangled::Drive(file.unwrap_or(drive).to_owned())),
        }
    }
    left_out.extend(values("-tpmdev").next().map(|_| "the TPM".to_owned()));
    left_out.extend(values("-bios").next().map(|_| "its own BIOS".to_owned()));
    let shares = values("-virtfs").map(|word| share(&word.text)).collect::<Result<_, _>>()?;
    Ok(Script { kernel: kernel.into(), initrd: initrd.map(Into::into), append, root, shares, left_out })
}

fn share(word: &str) -> Result<(String, String), Tangled> {
    let parts = part(word, "mount_tag").zip(part(word, "path"));
    parts.map(|(tag, path)| (tag.to_owned(), path.to_owned())).ok_or_else(|| Tangled::Word(word.to_owned()))
}

/// The root, which the script makes before it starts QEMU: `createEmptyFilesystemImage "$NIX_DISK_IMAGE" "1024M"`, in which
/// `mkfs.ext4 -L nixos "$temp"`.
fn empty_disk(text: &str, drive: &str, devices: &[&Word]) -> Result<EmptyDisk, Tangled> {
    let strange = || Tangled::Drive(drive.to_owned());
    let line = |of: &str| text.lines().map(words).find(|line| line.iter().any(|word| word.text.contains(of)));
    let made = line("createEmptyFilesystemImage").and(call(text, "createEmptyFilesystemImage"));
    let size = made.and_then(|words| words.get(2)?.text.strip_suffix('M')?.parse().ok());
    let mkfs = line("/mkfs.ext4").unwrap_or_default();
    let label = mkfs.windows(2).find(|pair| pair[0].text == "-L").map(|pair| pair[1].text.clone());
    let program = mkfs.first().filter(|program| program.text.starts_with('/'));
    let id = part(drive, "id").ok_or_else(strange)?;
    let device = devices.iter().find(|device| part(&device.text, "drive") == Some(id));
    let device = device.filter(|device| device.text.starts_with("virtio-blk-pci,")).ok_or_else(strange)?;
    Ok(EmptyDisk {
        mkfs: program.ok_or_else(strange)?.text.clone().into(),
        label: label.ok_or_else(strange)?,
        mebibytes: size.ok_or_else(strange)?,
        serial: part(&device.text, "serial").unwrap_or_default().to_owned(),
    })
}

/// The words of the line that calls a function with a first argument.
fn call(text: &str, function: &str) -> Option<Vec<Word>> {
    let mut lines = text.lines().map(words);
    lines.find(|line| line.first().is_some_and(|first| first.text == function) && line.len() > 1)
}

/// A part of one of QEMU's options: `name=value`, between commas.
fn part<'a>(option: &'a str, name: &str) -> Option<&'a str> {
    option.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
