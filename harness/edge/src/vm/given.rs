//! What fleet.toml gives a machine to boot: a kernel, and an initial file system and a disk if it says so.
//!
//! Flows in: what `[boot.given.<machine>]` says. Flows out: a [`System`]. Must not: start anything but nix; take a file that
//! is no part of the fleet, or that nix does not see: evidence knows nothing of it.
//!
//! What is given stands for the machine. Where it cannot be had, nobody can tell anything about the machine itself.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use model::{fleet::Given, verdict::Fault};

use super::{
    drive::Drive,
    system::{System, Unbuilt, on_the_console, realise},
};
use crate::nix::pool::Evaluators;

/// What kernels are called where an output is a folder.
const KERNELS: [&str; 6] = ["bzImage", "Image", "Image.gz", "vmlinuz", "vmlinux", "kernel"];
/// The same of initial file systems.
const INITRDS: [&str; 4] = ["initrd", "initrd.img", "initramfs", "initrd.zst"];
/// What ends the names of disks' images.
const DISKS: [&str; 5] = ["img", "raw", "qcow2", "squashfs", "ext4"];

/// Builds the outputs that are given, and finds the files.
///
/// # Errors
/// An output does not build, or something is not there.
pub(super) async fn build(nix: &Evaluators, given: &Given, limit: Duration) -> Result<System, Unbuilt> {
    let kernel = file("kernel", &part(nix, &given.kernel, limit).await?, |name| KERNELS.contains(&name))?;
    let initrd = match &given.initrd {
        Some(initrd) => {
            Some(file("initrd", &part(nix, initrd, limit).await?, |name| INITRDS.contains(&name))?)
        }
        None => None,
    };
    let root = match &given.root {
        Some(root) => Some(file("root", &part(nix, root, limit).await?, is_disk)?),
        None => None,
    };
    Ok(System {
        kernel,
        initrd,
        command_line: command_line(&given.append, root.is_some()),
        disks: root.into_iter().map(Drive::File).collect(),
        shares: Vec::new(),
        replaced: vec!["its configuration".to_owned()],
    })
}

fn is_disk(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| DISKS.contains(&end))
}

fn command_line(append: &str, has_root: bool) -> String {
    let says_root = append.split_ascii_whitespace().any(|word| word.starts_with("root="));
    let root = if has_root && !says_root { " root=/dev/vda" } else { "" };
    on_the_console(&format!("{append}{root}"))
}

/// Where a part is: built if it is an output, else in nix's copy of the fleet.
async fn part(nix: &Evaluators, said: &str, limit: Duration) -> Result<PathBuf, Unbuilt> {
    let project = nix.project().await.map_err(|fault| Unbuilt::Fault(fault.fault()))?;
    if let Some(output) = said.strip_prefix(".#") {
        let installable = format!("{}#{output}", project.reference());
        return realise(nix, &installable, limit).await.map_err(|unbuilt| match unbuilt {
            Unbuilt::Build(detail) => missing(format!("nix does not build {said}"), detail),
            other => other,
        });
    }
    let inside = |copy: &Path| {
        // A link may lead out of the copy, where nobody looks when evidence is made.
        copy.join(said).canonicalize().ok().filter(|path| path.starts_with(copy))
    };
    let found = project.copied().as_deref().and_then(inside);
    let what = format!(
        "there is no {said} among the files of the fleet that nix sees: those that git tracks, where there is git"
    );
    found.ok_or_else(|| missing(what, Vec::new()))
}

/// The file itself, where a part is a folder with one file that is called so.
fn file(key: &str, path: &Path, is_called: impl Fn(&str) -> bool) -> Result<PathBuf, Unbuilt> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().is_file());
    let found: Vec<PathBuf> = files
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_called))
        .map(|entry| entry.path())
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(missing(format!("nothing in {} is called as a {key} is", path.display()), Vec::new())),
        _ => Err(missing(format!("more than one file in {} may be the {key}", path.display()), Vec::new())),
    }
}

/// What to do about what is given.
pub(super) const REMEDY: &str = "let `[boot.given.<machine>]` in fleet.toml name outputs that are the files themselves, or files of the fleet";

fn missing(what: String, detail: Vec<String>) -> Unbuilt {
    Unbuilt::Fault(Fault { what, remedy: Some(REMEDY.to_owned()), detail })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests make the folders that are looked into")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_the_one_file_in_it_that_is_called_as_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let find = || file("kernel", folder.path(), |name| KERNELS.contains(&name));
        fs::write(folder.path().join("System.map"), "").unwrap();
        let said = |found: Result<PathBuf, Unbuilt>| match found {
            Err(Unbuilt::Fault(fault)) => fault.what,
            other => format!("{other:?}"),
        };
        assert!(said(find()).starts_with("nothing in "));
        fs::write(folder.path().join("bzImage"), "").unwrap();
        assert_eq!(find().unwrap(), folder.path().join("bzImage"));
        fs::write(folder.path().join("vmlinux"), "").unwrap();
        assert!(said(find()).starts_with("more than one file in "));
        let itself = folder.path().join("System.map");
        assert_eq!(file("kernel", &itself, |_| false).unwrap(), itself);
    }

    #[test]
    fn the_kernel_is_told_of_its_root_unless_it_knows_and_of_the_console_that_is_read() {
        let told = on_the_console("");
        assert_eq!(command_line("", false), told);
        assert_eq!(command_line("quiet", true), format!("quiet root=/dev/vda {told}"));
        assert_eq!(command_line("root=LABEL=x ro", true), format!("root=LABEL=x ro {told}"));
    }
}
