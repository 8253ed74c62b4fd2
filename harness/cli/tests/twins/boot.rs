//! Every small host of `fixtures/guests` is booted for real, and gives exactly its findings: the binary, nix, QEMU.
//!
//! And a person looks into two of them.
//!
//! A host is found, `expected/<host>/expected.json` is held against what `seaworthy verify --format json` says. Where the parts that
//! guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.

use std::{env, fs, path::PathBuf, process::Command};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::{
    expected::Expected,
    harbour::{self, Harbour},
    person::{Seen, at_a_terminal},
};

/// A test for each host, and those of a host that is looked into.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let (parts, sops) = (has_parts(), has_sops());
    let twins = hosts().into_iter().map(move |name| {
        let host = name.clone();
        let ignored = name.starts_with("sops-") && !sops;
        Trial::test(format!("boot::{name}"), move || verify(&host)).with_ignored_flag(ignored)
    });
    let others = [
        Trial::test("boot::a_shell_in_a_host", a_shell_in_a_host),
        Trial::test("boot::a_host_that_failed_is_kept", a_host_that_failed_is_kept),
        Trial::test("boot::a_host_that_came_up_is_restored", a_host_that_came_up_is_restored),
    ];
    twins.chain(others).map(move |trial| if parts { trial } else { trial.with_ignored_flag(true) })
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

fn a_shell_in_a_host() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let typed = "echo from $(hostname), $(id -un): $((6 * 7))\nexit 3\n";
    let seen = at_a_terminal(&folder, &["boot", "good", "--shell"], typed)?;
    let told = ["good is up; `exit` or Ctrl-A X ends it", "\nfrom good, root: 42", "the guest is ended"];
    seen_with(&seen, 0, &told)
}

fn a_host_that_failed_is_kept() -> Result<(), Failed> {
    let harbour = Harbour::open()?;
    let folder = harbour.folder("../guests");
    let verify = ["verify", "--stage", "boot", "--machine", "unit-fails", "--keep"];
    let seen = at_a_terminal(&folder, &verify, "systemctl is-system-running\nexit\n")?;
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
