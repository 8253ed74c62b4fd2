//! The programs that a lab is made of, and whether this user may use them.
//!
//! Flows in: a search path. Flows out: [`Tools`], or what is missing, all at once. Must not: run anything.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::topology::Overlay;

/// Where programs for root lie, which a user's own path often leaves out.
const FOR_ROOT: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Programs that were found.
#[derive(Debug, Clone)]
pub struct Tools {
    /// What the lab's programs get as their `PATH`.
    pub search_path: OsString,
    pub(crate) nsenter: PathBuf,
    pub(crate) unshare: PathBuf,
    pub(crate) nft: PathBuf,
    pub(crate) ip: PathBuf,
    pub(crate) ssh_keygen: PathBuf,
    pub(crate) sshd: PathBuf,
    pub(crate) zerotier: PathBuf,
}

/// Why there can be no lab here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The user is not root.
    #[error("a lab makes network namespaces, which only root may: run this as root (sudo)")]
    Root,
    /// Programs are not there.
    #[error("not found: {}; on Debian: apt install {}", .0.join(", "), packages(.0))]
    Programs(Vec<&'static str>),
}

/// A program, and the Debian package that brings it.
const PACKAGES: [(&str, &str); 15] = [
    ("systemd", "systemd"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
    ("hostname", "hostname"),
    ("ip", "iproute2"),
    ("nft", "nftables"),
    ("sshd", "openssh-server"),
    ("ssh-keygen", "openssh-client"),
    ("wg", "wireguard-tools"),
    ("wireguard-go", "wireguard-go"),
    ("yggdrasil", "yggdrasil"),
    ("zerotier-one", "zerotier-one"),
    ("zerotier-cli", "zerotier-one"),
    ("bash", "bash"),
];

impl Tools {
    /// Looks for what any lab needs, and what this overlay needs.
    ///
    /// # Errors
    /// The user is not root, or programs are missing; all of them are named.
    pub fn find(search_path: &OsStr, overlay: Overlay) -> Result<Self, Missing> {
        if !rustix::process::geteuid().is_root() {
            return Err(Missing::Root);
        }
        let folders = env::split_paths(search_path).chain(FOR_ROOT.map(PathBuf::from));
        let folders: Vec<PathBuf> = folders.filter(|folder| folder.is_absolute()).collect();
        let find = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|file| is_program(file));
        let needed = PACKAGES.iter().map(|(name, _)| *name).filter(|name| match *name {
            "wg" | "wireguard-go" => overlay == Overlay::Wireguard,
            "systemd" => false,
            "yggdrasil" => overlay == Overlay::Yggdrasil,
            "zerotier-one" | "zerotier-cli" | "bash" => overlay == Overlay::Zerotier,
            _ => true,
        });
        let missing: Vec<_> = needed.filter(|name| find(name).is_none()).collect();
        if !missing.is_empty() {
            return Err(Missing::Programs(missing));
        }
        let found = |name: &str| find(name).unwrap_or_default();
        Ok(Self {
            nsenter: found("nsenter"),
            unshare: found("unshare"),
            nft: found("nft"),
            ip: found("ip"),
            ssh_keygen: found("ssh-keygen"),
            sshd: found("sshd"),
            zerotier: found("zerotier-one"),
            // What cannot be joined has a colon in it, and was split at it.
            search_path: env::join_paths(&folders).unwrap_or_default(),
        })
    }
}

/// Whether there is a systemd for boxes.
///
/// # Errors
/// There is none where all but NixOS have it.
pub fn for_boxes() -> Result<(), Missing> {
    let there = is_program(Path::new("/usr/lib/systemd/systemd"));
    if there { Ok(()) } else { Err(Missing::Programs(vec!["systemd"])) }
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn packages(programs: &[&str]) -> String {
    let packages = PACKAGES.iter().filter(|(name, _)| programs.contains(name)).map(|(_, package)| *package);
    packages.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Missing;

    #[test]
    fn what_is_missing_is_named_with_its_packages() {
        let said = Missing::Programs(vec!["unshare", "nsenter", "wg"]).to_string();
        assert_eq!(
            said,
            "not found: unshare, nsenter, wg; on Debian: apt install util-linux wireguard-tools"
        );
    }
}
