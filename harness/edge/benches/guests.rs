//! What the driver costs where a whole system boots: `cargo bench -p edge --bench guests`, where `ci/run guests` was run. A host
//! of `fixtures/guests`, built by nix. From the start of QEMU to a shell, beside the same QEMU with nobody who drives it, taken in
//! turns; and restored.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

#[path = "../../../vms/benches/parts/plain.rs"]
mod plain;

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use edge::{
    nix::{
        binary::Nix,
        pool::{Evaluators, Limits},
    },
    process::Spawner,
    vm::{Yard, by_hand::by_hand},
};
use model::{
    check::GuestSize,
    digest::Digest,
    facts::{Facts, Places},
    fleet::BootSource,
    machine::MachineName,
};
use plain::boot_plain;
use serde_json::{Value, json};
use vms::{
    channel::backdoor::Backdoor, folder::Folder, guest::Guest, machine::Machine, qemu::Qemu,
    snapshot::store::Store,
};

const ROUNDS: usize = 5;
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() {
    let folder = tempfile::Builder::new().prefix("sw").tempdir().unwrap();
    let folders = folder.path().join("guests");
    let (qemu, machine) = machine("good", folder.path()).await;
    let (mut driven, mut bare, mut restored) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(boot_plain(&qemu.program, &machine, folder.path()));
        let began = Instant::now();
        let guest = Guest::start(&qemu, &machine, Folder::create(&folders).unwrap()).await.unwrap();
        guest.backdoor(LIMIT).await.unwrap();
        driven.push(began.elapsed());
    }
    let store = Store::open(&folder.path().join("store"), 1 << 40).unwrap();
    let (guest, shell) = up(&qemu, &machine, &folders).await;
    let snapshot = store.save(&"0123456789abcdef".parse().unwrap(), guest, shell, Value::Null).await.unwrap();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        drop(snapshot.restore(&qemu, &machine, Folder::create(&folders).unwrap(), LIMIT).await.unwrap());
        restored.push(began.elapsed());
    }
    println!("a system with systemd; the least and the median of {ROUNDS}, {}", machine.accelerator);
    let bare = tell("plain QEMU, until its guest opens the shell", bare);
    let driven = tell("the driver, until the shell answers", driven);
    println!("  {:45}{:>8.2}  {:>8.2}", "the driver to plain QEMU", driven[0] / bare[0], driven[1] / bare[1]);
    tell("restored, until the shell waits", restored);
}

/// The least and the median, in seconds.
fn tell(what: &str, mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    let told = [times[0], times[times.len() / 2]];
    println!("  {what:45}{:>8.1?}  {:>8.1?}", told[0], told[1]);
    told.map(|time| time.as_secs_f64())
}

async fn up(qemu: &Qemu, machine: &Machine, folders: &Path) -> (Guest, Backdoor) {
    let guest = Guest::start_to_be_saved(qemu, machine, Folder::create(folders).unwrap()).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap();
    (guest, shell)
}

/// A host of the fixtures, as `seaworthy boot` would boot it.
async fn machine(name: &str, cache: &Path) -> (Qemu, Machine) {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = path("HOME").unwrap();
    let nix = path("SEAWORTHY_NIX").unwrap_or_else(|| home.join(".cache/seaworthy/bin/nix"));
    let search_path = env::var_os("PATH").unwrap_or_default();
    let mksquashfs =
        env::split_paths(&search_path).map(|folder| folder.join("mksquashfs")).find(|file| file.is_file());
    let spawner = Spawner::new();
    let nix = Nix::find(&nix, &env::vars_os().collect(), &spawner).await.unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/guests");
    let pool = Evaluators::new(nix, &project, Limits::of_machine());
    let name = MachineName::from(name);
    let survey = pool.survey(None, Arc::new(|_| ())).await.unwrap();
    let facts = &survey.machines[&name].facts;
    let document = json!({ "machines": { name.as_str(): { "facts": facts } } });
    let digest = Digest::of("a benchmark");
    let facts = Facts { document, places: Places::default(), parts: BTreeSet::new(), digest };
    let yard = Yard::new(search_path, path("SEAWORTHY_KERNEL"), cache.to_owned(), cache, mksquashfs, spawner);
    let size = GuestSize { memory: 1024, processors: 1 };
    let ready = by_hand(&pool, &yard, &facts, &name, &BootSource::Configuration, size).await.unwrap();
    (ready.qemu, ready.machine)
}
