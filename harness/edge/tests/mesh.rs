//! Machines that are asked what they see of the network, over real ssh, in labs of namespaces.
//!
//! They need root on Linux and the programs that `ci/run test` puts in place; where one is missing the tests are ignored by
//! name, and say so.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

#[cfg(target_os = "linux")]
#[path = "mesh/configured.rs"]
mod configured;
#[cfg(target_os = "linux")]
#[path = "mesh/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "mesh/green.rs"]
mod green;
#[cfg(target_os = "linux")]
#[path = "mesh/jumps.rs"]
mod jumps;
#[cfg(target_os = "linux")]
#[path = "mesh/lacking.rs"]
mod lacking;
#[cfg(target_os = "linux")]
#[path = "mesh/rig.rs"]
mod rig;
#[cfg(target_os = "linux")]
#[path = "mesh/ways.rs"]
mod ways;
#[cfg(target_os = "linux")]
#[path = "mesh/zerotier.rs"]
mod zerotier;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    [
        green::trials(),
        faults::trials(),
        lacking::trials(),
        ways::trials(),
        configured::trials(),
        jumps::trials(),
        zerotier::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// There are no labs here.
#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    vec![Trial::test("needs_linux", || Ok(())).with_ignored_flag(true)]
}
