//! Steps of promotions, carried out on boxes: hosts of a lab that run systemd, with stores and profiles of their own.
//!
//! They need root on Linux, systemd, and the programs that `ci/run test` puts in place; where one is missing the tests are
//! ignored by name, and say so.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

#[cfg(target_os = "linux")]
#[path = "deploy/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "deploy/holes.rs"]
mod holes;
#[cfg(target_os = "linux")]
#[path = "deploy/order.rs"]
mod order;
#[cfg(target_os = "linux")]
#[path = "deploy/rig.rs"]
mod rig;
#[cfg(target_os = "linux")]
#[path = "deploy/steps.rs"]
mod steps;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    [steps::trials(), faults::trials(), holes::trials()].into_iter().flatten().collect()
}

/// There are no labs here.
#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    vec![Trial::test("needs_linux", || Ok(())).with_ignored_flag(true)]
}
