//! Steps of promotions, carried out on boxes: hosts of a lab that run systemd, with stores and profiles of their own.
//!
//! They need root on Linux, systemd, and the programs that `ci/run test` puts in place; where one is missing the tests are
//! ignored by name, and say so.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

#[cfg(target_os = "linux")]
#[path = "deploy/builders.rs"]
mod builders;
#[cfg(target_os = "linux")]
#[path = "deploy/darwin.rs"]
mod darwin;
#[cfg(target_os = "linux")]
#[path = "deploy/difference.rs"]
mod difference;
#[cfg(target_os = "linux")]
#[path = "deploy/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "deploy/guest.rs"]
mod guest;
#[cfg(target_os = "linux")]
#[path = "deploy/health.rs"]
mod health;
#[cfg(target_os = "linux")]
#[path = "deploy/holes.rs"]
mod holes;
#[cfg(target_os = "linux")]
#[path = "deploy/kills.rs"]
mod kills;
#[cfg(target_os = "linux")]
#[path = "deploy/order.rs"]
mod order;
#[cfg(target_os = "linux")]
#[path = "deploy/promotion.rs"]
mod promotion;
#[cfg(target_os = "linux")]
#[path = "deploy/reboots.rs"]
mod reboots;
#[cfg(target_os = "linux")]
#[path = "deploy/rig.rs"]
mod rig;
#[cfg(target_os = "linux")]
#[path = "deploy/shown.rs"]
mod shown;
#[cfg(target_os = "linux")]
#[path = "deploy/steps.rs"]
mod steps;
#[cfg(target_os = "linux")]
#[path = "deploy/table.rs"]
mod table;
#[cfg(target_os = "linux")]
#[path = "deploy/waves.rs"]
mod waves;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // A process that promotes, and can be killed.
    #[cfg(target_os = "linux")]
    if let Some(job) = std::env::args_os().skip_while(|argument| argument != "promote-for-a-test").nth(1) {
        return kills::promote(job.as_ref());
    }
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    let all = [
        steps::trials(),
        health::trials(),
        reboots::trials(),
        difference::trials(),
        darwin::trials(),
        builders::trials(),
        faults::trials(),
        holes::trials(),
        table::trials(),
        waves::trials(),
        kills::trials(),
        guest::trials(),
    ];
    all.into_iter().flatten().collect()
}

/// There are no labs here.
#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    vec![Trial::test("needs_linux", || Ok(())).with_ignored_flag(true)]
}
