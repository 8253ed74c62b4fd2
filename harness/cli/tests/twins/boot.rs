//! Every small host of `fixtures/guests` is booted for real, and gives exactly its findings: the binary, nix, QEMU.
//!
//! A host is found, `expected/<host>/expected.json` is held against what `seaworthy verify --format json` says. Where the parts that
//! guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.

use std::{env, fs, path::PathBuf, process::Command};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::{
    expected::Expected,
    harbour::{self, Harbour},
};

/// A test for each host.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let (parts, sops) = (has_parts(), has_sops());
    hosts().into_iter().map(move |name| {
        let host = name.clone();
        let ignored = !parts || name.starts_with("sops-") && !sops;
        Trial::test(format!("boot::{name}"), move || verify(&host)).with_ignored_flag(ignored)
    })
}

fn verify(host: &str) -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["verify", "--stage", "boot", "--machine", host, "--format", "json", "--color", "never"])
        .current_dir(&folder)
        .output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let told = || format!("stdout:\n{out}\nstderr:\n{err}");
    let expected = Expected::of(&folder.join("expected").join(host))?;
    if output.status.code() != Some(expected.exit) {
        return Err(format!("exit {:?}, expected {}\n{}", output.status.code(), expected.exit, told()).into());
    }
    let report: Value = serde_json::from_str(&out).map_err(|error| format!("{error}\n{}", told()))?;
    expected.compare(&report).map_err(|difference| format!("{difference}\n{err}").into())
}

/// The names of all hosts, sorted.
fn hosts() -> Vec<String> {
    let folder = harbour::fixtures().join("../guests/hosts/nixos");
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn set(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Which decrypts in the guests whose names begin with it.
fn has_sops() -> bool {
    set("SEAWORTHY_SOPS").is_some_and(|sops| sops.is_file())
}

fn has_parts() -> bool {
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    cache.is_some_and(|cache| cache.join("seaworthy/guest-parts").is_dir())
}
