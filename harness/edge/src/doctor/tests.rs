//! The doctor on this machine as it is, on one that has nothing, and on one where every tool hangs.
#![expect(clippy::disallowed_methods, reason = "these tests meet the real machine")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{Inputs, Item, State, examine};
use crate::process::Spawner;

const NAMES: [&str; 15] = [
    "nix",
    "nix-evaluation",
    "nix-store",
    "nix-features",
    "nix-sandbox",
    "git",
    "ssh",
    "qemu",
    "accelerator",
    "squashfs",
    "disk-state",
    "disk-store",
    "disk-temporary",
    "processors",
    "memory",
];

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn real_nix() -> PathBuf {
    let cached = || {
        Some(PathBuf::from(env::var_os("HOME")?).join(".cache/seaworthy/bin/nix")).filter(|nix| nix.is_file())
    };
    env::var_os("SEAWORTHY_NIX")
        .map(PathBuf::from)
        .or_else(|| on_path("nix"))
        .or_else(cached)
        .expect("these tests need nix: run `ci/run test`, or set SEAWORTHY_NIX")
}

/// This machine, with its cache in a folder of the test's own.
fn this_machine(folder: &Path) -> Inputs {
    Inputs {
        nix: Some(real_nix()),
        git: on_path("git"),
        ssh: on_path("ssh"),
        mksquashfs: on_path("mksquashfs"),
        search_path: env::var_os("PATH").unwrap_or_default(),
        environment: env::vars_os().collect(),
        state: folder.join(".seaworthy"),
        store: "/nix/store".into(),
        temporary: env::temp_dir(),
        cache: Some(folder.join("cache")),
        // No boots: one test of them all is enough.
        kernel: Some("/no/such/kernel".into()),
    }
}

/// A machine without any tool.
fn bare(folder: &Path) -> Inputs {
    Inputs {
        nix: None,
        git: None,
        ssh: None,
        mksquashfs: None,
        search_path: folder.into(),
        environment: BTreeMap::new(),
        cache: None,
        ..this_machine(folder)
    }
}

async fn ask(inputs: &Inputs) -> Vec<Item> {
    examine(inputs, &Spawner::new()).await
}

fn named<'a>(items: &'a [Item], name: &str) -> &'a Item {
    items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no item {name}"))
}

#[tokio::test]
async fn this_machine_has_what_the_tests_need() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = this_machine(folder.path());
    inputs.kernel = None;
    let items = ask(&inputs).await;
    assert_eq!(items.iter().map(|item| item.name).collect::<Vec<_>>(), NAMES);
    for name in ["nix", "nix-evaluation", "nix-store", "nix-features", "git"] {
        let item = named(&items, name);
        assert_eq!(item.state, State::Good, "{item:?}");
    }
    let store = &named(&items, "nix-store").found;
    assert!(store.starts_with("wrote /") && store.ends_with("-seaworthy-doctor"), "{store}");
    assert!(!folder.path().join(".seaworthy").exists(), "looking must not make the state's folder");
}

#[tokio::test]
async fn the_environment_names_the_kernel_where_the_caller_names_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = this_machine(folder.path());
    inputs.kernel = None;
    inputs.environment.insert("SEAWORTHY_KERNEL".into(), "/a/kernel/of/the/users".into());
    let items = ask(&inputs).await;
    let item = named(&items, "accelerator");
    let no_qemu = item.found.contains("no QEMU");
    assert!(no_qemu || item.found.contains("/a/kernel/of/the/users"), "{item:?}");
}

#[tokio::test]
async fn the_store_is_really_written_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = this_machine(folder.path());
    let (first, second) = (ask(&inputs).await, ask(&inputs).await);
    assert_ne!(named(&first, "nix-store").found, named(&second, "nix-store").found);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = this_machine(folder.path());
    // No daemon listens there.
    inputs.environment.insert("NIX_REMOTE".into(), "unix:///no/such/socket".into());
    let items = ask(&inputs).await;
    let item = named(&items, "nix-store");
    assert_eq!(item.state, State::Missing, "{item:?}");
    assert!(item.found.contains("/no/such/socket"), "{item:?}");
}

#[tokio::test]
async fn features_that_the_user_has_not_turned_on_are_told_and_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = this_machine(folder.path());
    inputs.environment.insert("NIX_USER_CONF_FILES".into(), "/dev/null".into());
    inputs.environment.insert("NIX_CONFIG".into(), "experimental-features =\nsandbox = false".into());
    let items = ask(&inputs).await;
    assert!(named(&items, "nix-features").found.starts_with("nix-command is off"), "{items:?}");
    assert_eq!(named(&items, "nix-evaluation").state, State::Good);
    assert_eq!(named(&items, "nix-sandbox").state, State::Degraded);
}

#[tokio::test]
async fn a_machine_without_tools_is_told_what_each_costs() {
    let folder = tempfile::tempdir().unwrap();
    let items = ask(&bare(folder.path())).await;
    let missing: BTreeSet<_> = ["nix", "git", "ssh", "qemu", "accelerator"].into();
    for item in items.iter().filter(|item| missing.contains(item.name)) {
        assert_eq!(item.state, State::Missing, "{item:?}");
        assert!(item.remedy.is_some() && !item.costs.is_empty(), "{item:?}");
    }
    assert!(
        items.iter().all(|item| !item.name.starts_with("nix-")),
        "without nix, there is nothing to ask it"
    );
}

#[tokio::test]
async fn tools_that_hang_cost_a_few_seconds_together() {
    let folder = tempfile::tempdir().unwrap();
    let hangs = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "#!/bin/sh\nsleep 1000\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let mut inputs = bare(folder.path());
    (inputs.nix, inputs.git, inputs.ssh) = (Some(hangs("nix")), Some(hangs("git")), Some(hangs("ssh")));
    hangs(&vms::qemu::program_name());
    let began = Instant::now();
    let items = ask(&inputs).await;
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    for name in ["nix", "git", "ssh", "qemu"] {
        assert_eq!(named(&items, name).state, State::Missing);
    }
}

#[tokio::test]
async fn tools_that_are_something_else_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = bare(folder.path());
    let other = Some(PathBuf::from("/bin/true"));
    (inputs.nix, inputs.git, inputs.ssh) = (other.clone(), other.clone(), other);
    let items = ask(&inputs).await;
    assert_eq!(named(&items, "nix").state, State::Missing);
    assert_eq!(named(&items, "git").state, State::Missing);
    assert_eq!(named(&items, "ssh").state, State::Degraded);
}
