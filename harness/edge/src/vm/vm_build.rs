//! The virtual machine that a configuration offers as `config.system.build.vm`: what its script would boot.
//!
//! Flows in: its derivation. Flows out: a [`System`]. Must not: run the script, which gives its guest a network and folders
//! of this computer to write to; `script` takes it apart.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use model::verdict::Fault;

use super::{
    drive::{Drive, Shared},
    script::{self, Script},
    system::{System, Unbuilt, on_the_console, realise},
};
use crate::nix::pool::Evaluators;

/// Builds it, and reads its script.
///
/// # Errors
/// It does not build, or nobody can tell from the script what it boots.
pub(super) async fn build(nix: &Evaluators, drv: &str, limit: Duration) -> Result<System, Unbuilt> {
    let built = realise(nix, &format!("{drv}^out"), limit).await?;
    let path = find(&built)?;
    let text = read(&path).ok_or_else(|| tangled(&path, "it cannot be read", None))?;
    let store = built.parent().unwrap_or(Path::new("/nix/store"));
    let script = script::take_apart(&text, |file| read(file).filter(|_| file.starts_with(store)));
    let script = script.map_err(|error| tangled(&path, &error.to_string(), error.remedy()))?;
    Ok(system(script, store))
}

fn system(script: Script, store: &Path) -> System {
    let mut replaced = script.left_out;
    let mut shared = |(tag, path): (String, String)| {
        let is_store = Path::new(&path) == store;
        let stays_empty = !is_store && !path.contains('$');
        replaced.extend(stays_empty.then(|| format!("the folder {path} of this computer, shared as {tag}")));
        Shared { tag, path: is_store.then(|| store.to_owned()) }
    };
    let shares: Vec<Shared> = script.shares.into_iter().map(&mut shared).collect();
    System {
        kernel: script.kernel,
        initrd: script.initrd,
        command_line: on_the_console(&script.append),
        disks: script.root.into_iter().map(Drive::Empty).collect(),
        shares,
        replaced,
    }
}

/// Its one script.
fn find(built: &Path) -> Result<PathBuf, Unbuilt> {
    let bin = built.join("bin");
    let entries = fs::read_dir(&bin).into_iter().flatten().flatten();
    let is_script = |name: &str| name.starts_with("run-") && name.ends_with("-vm");
    let mut scripts = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_script));
    match (scripts.next(), scripts.next()) {
        (Some(script), None) => Ok(script.path()),
        _ => Err(tangled(&bin, "it does not hold one script that is called run-<name>-vm", None)),
    }
}

#[expect(clippy::disallowed_methods, reason = "a file of the store, not of the user's")]
fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

fn tangled(path: &Path, why: &str, remedy: Option<&str>) -> Unbuilt {
    let given = "name what to boot in `[boot.given.<machine>]`, or make the configuration with nixpkgs' `lib.nixosSystem`, which offers `extendModules`";
    Unbuilt::Fault(Fault {
        what: format!("the virtual machine that the configuration offers cannot be taken apart: {why}"),
        remedy: Some(remedy.unwrap_or(given).to_owned()),
        detail: vec![path.display().to_string()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_store_is_shared_and_other_folders_are_empty() {
        let script = Script {
            kernel: "/nix/store/k".into(),
            initrd: None,
            append: "loglevel=4  console=ttyS0 console=tty0 ".to_owned(),
            root: None,
            shares: [("nix-store", "/nix/store"), ("xchg", "$TMPDIR/xchg"), ("mine", "/home/me")]
                .map(|(tag, path)| (tag.to_owned(), path.to_owned()))
                .into(),
            left_out: Vec::new(),
        };
        let system = system(script, Path::new("/nix/store"));
        let paths: Vec<_> = system.shares.iter().map(|share| share.path.as_deref()).collect();
        assert_eq!(paths, [Some(Path::new("/nix/store")), None, None]);
        assert_eq!(system.replaced, ["the folder /home/me of this computer, shared as mine"]);
        let told = on_the_console("");
        assert_eq!(system.command_line, format!("loglevel=4 console=ttyS0 console=tty0 {told}"));
        assert!(told.starts_with(&format!("console={} ", vms::arguments::board().1)), "{told}");
    }
}
