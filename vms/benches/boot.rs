//! What the driver costs: `cargo bench -p vms`. From the start of QEMU to a shell that answers, beside the same QEMU with
//! the same arguments and nobody but a few reading threads, taken in turns; a command; a file; a console that is flooded,
//! and what this process has grown by then; several guests at once.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark takes and tells the time")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run has nothing to tell")]

#[path = "../tests/guests/newc.rs"]
mod newc;
#[path = "parts/plain.rs"]
mod plain;
#[path = "../tests/guests/rig.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod rig;

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use vms::{channel::Channel as _, console::Console, folder::Folder, guest::Guest, machine::Machine};

use plain::boot_plain;
use rig::{BACKDOOR, LIMIT, Rig, qemu};

const ROUNDS: usize = 7;

#[tokio::main]
async fn main() {
    let rig = Rig::new();
    let machine = rig.machine(BACKDOOR);
    let (mut driven, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(boot_plain(&qemu().program, &machine, &rig.path("")));
        driven.push(boot(&rig, &machine).await);
    }
    plain.sort();
    driven.sort();
    println!("the least and the median of {ROUNDS}, {}", machine.accelerator);
    let middle = ROUNDS / 2;
    println!("  plain QEMU, until its guest opens the shell   {:>8.1?}  {:>8.1?}", plain[0], plain[middle]);
    println!("  the driver, until the shell answers           {:>8.1?}  {:>8.1?}", driven[0], driven[middle]);
    let ratio = |at: usize| driven[at].as_secs_f64() / plain[at].as_secs_f64();
    println!("  the driver to plain QEMU                      {:>8.2}  {:>8.2}", ratio(0), ratio(middle));
    let (guest, shell) = rig.shell().await;
    let mut commands = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        shell.run("true", LIMIT).await.unwrap();
        commands.push(began.elapsed());
    }
    println!("  a command over the backdoor                   {:>8.1?}", median(commands));
    let began = Instant::now();
    shell.run("head -c 4194304 /dev/zero", LIMIT).await.unwrap();
    println!("  its output of 4 MiB                           {:>8.1?}", began.elapsed());
    let began = Instant::now();
    shell.put("/tmp/file", &vec![7; 4 << 20], 0o600).await.unwrap();
    println!("  a file of 4 MiB goes in                       {:>8.1?}", began.elapsed());
    let began = Instant::now();
    guest.kill().await;
    println!("  the end by force                              {:>8.1?}", began.elapsed());
    let before = resident("self");
    println!("  100 MB of console, read by the driver         {:>8.1?}", flood().await);
    println!(
        "  what this process has grown by then           {:>6} KiB",
        resident("self").saturating_sub(before)
    );
    for number in [1, 2, 4, 8] {
        several(&rig, &machine, number).await;
    }
}

/// Until the last of them answers, and the memory of them all.
async fn several(rig: &Rig, machine: &Machine, number: usize) {
    let began = Instant::now();
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..number {
        let (machine, folders) = (machine.clone(), rig.folders());
        starts.spawn(async move {
            let guest = Guest::start(&qemu(), &machine, Folder::create(&folders).unwrap()).await.unwrap();
            let shell = guest.backdoor(LIMIT * 4).await.unwrap();
            (guest, shell)
        });
    }
    let guests = starts.join_all().await;
    let took = began.elapsed();
    let memory: u64 = rig.qemus().iter().map(|process| resident(&process.to_string())).sum();
    println!("  {number} at once, until the last shell answers      {took:>8.1?}, {:>5} MiB", memory / 1024);
    drop(guests);
}

/// KiB of memory that a process has, as proc_pid_status(5) tells it.
fn resident(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

async fn boot(rig: &Rig, machine: &Machine) -> Duration {
    let began = Instant::now();
    let guest = rig.start(machine).await;
    guest.backdoor(LIMIT).await.unwrap();
    began.elapsed()
}

async fn flood() -> Duration {
    const BYTES: usize = 100_000_000;
    let lines =
        b"[    1.234567] the same line again and again, as long as kernels write them\r\n".repeat(800);
    let (mut guest, stream) = tokio::io::duplex(64 * 1024);
    let began = Instant::now();
    let console = Console::attach(stream);
    for _ in 0..BYTES / lines.len() {
        guest.write_all(&lines).await.unwrap();
    }
    drop(guest);
    console.closed().await;
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
