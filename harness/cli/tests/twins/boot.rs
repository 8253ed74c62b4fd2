//! Every small host of `fixtures/guests` is booted for real, and gives exactly its findings: the binary, nix, QEMU.
//!
//! A host is found, `expected/<host>/expected.json` is held against what `seaworthy verify --format json` says. Where the parts that
//! guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::{
    expected::Expected,
    harbour::{self, Harbour},
};

/// A test for each host.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let ignored = !has_parts();
    let hosts = hosts().into_iter().map(|name| {
        let host = name.clone();
        Trial::test(format!("boot::{name}"), move || verify(&host))
    });
    let sources: [(&str, fn() -> Result<(), Failed>); 2] = [("offered", offered), ("given", given)];
    let sources = sources.map(|(name, test)| Trial::test(format!("boot::source::{name}"), test));
    hosts.chain(sources).map(move |trial| trial.with_ignored_flag(ignored))
}

fn verify(host: &str) -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let output = run(&folder, host, &["--stage", "boot"])?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let told = || format!("stdout:\n{out}\nstderr:\n{err}");
    let expected = Expected::of(&folder.join("expected").join(host))?;
    if output.status.code() != Some(expected.exit) {
        return Err(format!("exit {:?}, expected {}\n{}", output.status.code(), expected.exit, told()).into());
    }
    let report: Value = serde_json::from_str(&out).map_err(|error| format!("{error}\n{}", told()))?;
    expected.compare(&report).map_err(|difference| format!("{difference}\n{err}").into())
}

fn run(folder: &Path, host: &str, arguments: &[&str]) -> io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["verify", "--machine", host, "--format", "json", "--color", "never"])
        .args(arguments)
        .current_dir(folder)
        .output()
}

/// Asks whether a host comes up, which can be told of every guest. How that ended, and what is told of the boot.
fn comes_up(folder: &Path, host: &str) -> Result<(Option<i32>, Value), Failed> {
    let output = run(folder, host, &["-E", "rule(boot/comes-up)"])?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}\n{}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((output.status.code(), report["checks"][0].clone()))
}

fn holds(is_so: bool, told: &Value) -> Result<(), Failed> {
    if is_so { Ok(()) } else { Err(format!("not as it should be: {told}").into()) }
}

/// A host that cannot be extended opens its gate by the virtual machine that it offers, and the report says so.
fn offered() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let (exit, told) = comes_up(&folder, "vm-only")?;
    let replaced = told["booted"]["replaced"].as_array().into_iter().flatten();
    holds(exit == Some(0) && told["booted"]["source"] == "vm-build", &told)?;
    holds(replaced.into_iter().any(|what| what == "the disks of /, /boot"), &told)
}

/// A host that is in no output opens its gate by what it is given, as long as that is the same.
fn given() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let (exit, told) = comes_up(&folder, "given")?;
    holds(exit == Some(0) && told["booted"]["source"] == "given" && told["reused"].is_null(), &told)?;
    let (exit, told) = comes_up(&folder, "given")?;
    holds(exit == Some(0) && told["booted"]["source"] == "given" && told["reused"].is_object(), &told)?;
    let path = folder.join("fleet.toml");
    fs::write(&path, fs::read_to_string(&path)?.replace("tide=high", "tide=low"))?;
    let (exit, told) = comes_up(&folder, "given")?;
    holds(exit == Some(1) && told["result"] == "failed", &told)
}

/// The names of all hosts, sorted: those that have a file, and those of which it is known how they end.
fn hosts() -> Vec<String> {
    let entries =
        ["hosts/nixos", "expected"].map(|folder| harbour::fixtures().join("../guests").join(folder));
    let entries = entries.into_iter().flat_map(fs::read_dir).flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()));
    BTreeSet::from_iter(names).into_iter().collect()
}

fn has_parts() -> bool {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    cache.is_some_and(|cache| cache.join("seaworthy/guest-parts").is_dir())
}
