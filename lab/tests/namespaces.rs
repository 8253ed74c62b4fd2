//! Labs with real namespaces, real sshd and real overlays.
//!
//! They need root, and the programs that `ci/run test` puts in place. Where one is missing the tests are ignored by name,
//! and say so.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, reason = "what the tests stand on may fail them")]

#[cfg(target_os = "linux")]
#[path = "namespaces/boxes.rs"]
mod boxes;
#[cfg(target_os = "linux")]
#[path = "namespaces/faults.rs"]
mod faults;
#[cfg(target_os = "linux")]
#[path = "namespaces/overlays.rs"]
mod overlays;
#[cfg(target_os = "linux")]
#[path = "namespaces/plain.rs"]
mod plain;
#[cfg(target_os = "linux")]
#[path = "namespaces/rig.rs"]
mod rig;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // A lab whose owner can be killed: a process of its own.
    #[cfg(target_os = "linux")]
    if let Some(folder) = std::env::args_os().skip_while(|argument| argument != "hold-a-lab").nth(1) {
        return rig::hold(folder.as_ref(), std::env::args().any(|argument| argument == "boxes"));
    }
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    [boxes::trials(), plain::trials(), overlays::trials(), faults::trials()].into_iter().flatten().collect()
}

/// There are no labs here.
#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    vec![Trial::test("needs_linux", || Ok(())).with_ignored_flag(true)]
}
