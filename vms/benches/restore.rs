//! What a snapshot saves: `cargo bench -p vms --bench restore`. From the start of QEMU to a shell that answers, by booting
//! and by restoring, taken in turns; and what saving takes.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run has nothing to tell")]

#[path = "../tests/guests/newc.rs"]
mod newc;
#[path = "../tests/guests/rig.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod rig;

use std::time::{Duration, Instant};

use vms::{
    channel::backdoor::Backdoor, folder::Folder, guest::Guest, machine::Machine, snapshot::store::Store,
};

use rig::{BACKDOOR, LIMIT, Rig, qemu};

const ROUNDS: usize = 11;

#[tokio::main]
async fn main() {
    let rig = Rig::new();
    let (qemu, machine) = (qemu(), rig.machine(BACKDOOR));
    let store = Store::open(&rig.path("store"), 1 << 40).unwrap();
    let key = "0123456789abcdef".parse().unwrap();
    let (guest, shell) = boot(&rig, &machine).await;
    let began = Instant::now();
    let snapshot = store.save(&key, guest, shell, serde_json::Value::Null).await.unwrap();
    let saved = began.elapsed();
    let (mut boots, mut restores) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        drop(boot(&rig, &machine).await);
        boots.push(began.elapsed());
        let folder = Folder::create(&rig.folders()).unwrap();
        let began = Instant::now();
        drop(snapshot.restore(&qemu, &machine, folder, LIMIT).await.unwrap());
        restores.push(began.elapsed());
    }
    println!("the least and the median of {ROUNDS}, {}", machine.accelerator);
    tell("boot, until the shell answers", boots);
    tell("restore, until the shell answers", restores);
    println!("  save, once                         {saved:>8.1?}");
}

async fn boot(rig: &Rig, machine: &Machine) -> (Guest, Backdoor) {
    let folder = Folder::create(&rig.folders()).unwrap();
    let guest = Guest::start_to_be_saved(&qemu(), machine, folder).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap();
    (guest, shell)
}

/// On a computer that others use, the least is what the thing itself takes.
fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("  {what:33}  {:>8.1?}  {:>8.1?}", times[0], times[times.len() / 2]);
}
