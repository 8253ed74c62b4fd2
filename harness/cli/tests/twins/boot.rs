//! Every small host of `fixtures/guests` is booted for real, and gives exactly its findings: the binary, nix, QEMU.
//!
//! And a person looks into two of them.
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
    person::{Person, Seen},
};

/// Hosts that are not booted as NixOS is: of these more is asked than how they end.
const OF_OTHER_SOURCES: [&str; 2] = ["vm-only", "given"];

/// A test for each host, and those of a host that is looked into.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let (parts, sops) = (has_parts(), has_sops());
    let twins = hosts().into_iter().filter(|name| !OF_OTHER_SOURCES.contains(&&**name)).map(move |name| {
        let host = name.clone();
        let ignored = name.starts_with("sops-") && !sops;
        Trial::test(format!("boot::{name}"), move || verify(&host)).with_ignored_flag(ignored)
    });
    let others = [
        Trial::test("boot::a_shell_in_a_host", a_shell_in_a_host),
        Trial::test("boot::a_shell_that_is_told_to_end", a_shell_that_is_told_to_end),
        Trial::test("boot::a_host_that_failed_is_kept", a_host_that_failed_is_kept),
        Trial::test("boot::a_host_that_came_up_is_restored", a_host_that_came_up_is_restored),
        Trial::test("boot::source::offered", offered),
        Trial::test("boot::source::given", given),
    ];
    twins.chain(others).map(move |trial| if parts { trial } else { trial.with_ignored_flag(true) })
}

fn verify(host: &str) -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    ends_as_expected(&harbour.folder("../guests"), host)
}

fn ends_as_expected(folder: &Path, host: &str) -> Result<(), Failed> {
    let output = run(folder, host, &["--stage", "boot"])?;
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
    ends_as_expected(&folder, "vm-only")?;
    let (exit, told) = comes_up(&folder, "vm-only")?;
    let replaced = told["booted"]["replaced"].as_array().into_iter().flatten();
    holds(exit == Some(0) && told["booted"]["source"] == "vm-build", &told)?;
    holds(replaced.into_iter().any(|what| what == "the disks of /, /boot"), &told)
}

/// A host that is in no output opens its gate by what it is given, as long as that is the same.
fn given() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    ends_as_expected(&folder, "given")?;
    let (exit, told) = comes_up(&folder, "given")?;
    holds(exit == Some(0) && told["booted"]["source"] == "given" && told["reused"].is_object(), &told)?;
    let path = folder.join("fleet.toml");
    fs::write(&path, fs::read_to_string(&path)?.replace("tide=high", "tide=low"))?;
    let (exit, told) = comes_up(&folder, "given")?;
    holds(exit == Some(1) && told["result"] == "failed", &told)
}

fn a_shell_in_a_host() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let typed = "echo from $(hostname), $(id -un): $((6 * 7))\nexit 3\n";
    let mut person = Person::starts(&folder, &["boot", "good", "--shell"])?;
    person.types(typed)?;
    let seen = person.waits()?;
    let told = ["good is up; `exit` or Ctrl-A X ends it", "\nfrom good, root: 42", "the guest is ended"];
    seen_with(&seen, 0, &told)
}

fn a_shell_that_is_told_to_end() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let mut person = Person::starts(&harbour.folder("../guests"), &["boot", "good", "--shell"])?;
    person.types("echo from $(hostname); sleep 1000\n")?;
    person.sees("\nfrom good")?;
    person.ends_it()?;
    seen_with(&person.waits()?, 0, &["the guest is ended"])
}

fn a_host_that_failed_is_kept() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let verify = ["verify", "--stage", "boot", "--machine", "unit-fails", "--keep"];
    let mut person = Person::starts(&folder, &verify)?;
    person.types("systemctl is-system-running\nexit\n")?;
    let seen = person.waits()?;
    let told =
        ["FAIL boot/no-failed-unit", "unit-fails is as it was when it failed", "\ndegraded", "is ended"];
    seen_with(&seen, 1, &told)
}

/// What stands on the screen, the exit status, and a terminal that is as it was.
fn seen_with(seen: &Seen, status: i32, told: &[&str]) -> Result<(), Failed> {
    match told.iter().find(|told| !seen.screen.contains(**told)) {
        None if seen.status == Some(status) && seen.mended => Ok(()),
        missing => Err(format!("{:?}, {}, {missing:?}\n{}", seen.status, seen.mended, seen.screen).into()),
    }
}

fn a_host_that_came_up_is_restored() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let restored = |number: usize| -> Result<bool, Failed> {
        let status = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(["verify", "--stage", "boot", "--machine", "good", "--fresh", "--color", "never"])
            .current_dir(&folder)
            .status()?;
        if !status.success() {
            return Err(format!("run {number}: {status}").into());
        }
        let mut runs: Vec<PathBuf> = fs::read_dir(folder.join(".seaworthy/runs"))?
            .map(|run| Ok(run?.path()))
            .collect::<Result<_, Failed>>()?;
        runs.sort();
        let log = fs::read_to_string(runs[number].join("console/good.log"))?;
        Ok(log.lines().next().is_some_and(|line| line.contains("restored as it had come up")))
    };
    restored(0)?;
    match restored(1)? {
        true => Ok(()),
        false => Err("it was booted again".into()),
    }
}

/// The names of all hosts, sorted: those that have a file, and those of which it is known how they end.
fn hosts() -> Vec<String> {
    let entries =
        ["hosts/nixos", "expected"].map(|folder| harbour::fixtures().join("../guests").join(folder));
    let entries = entries.into_iter().flat_map(fs::read_dir).flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()));
    BTreeSet::from_iter(names).into_iter().collect()
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
