//! A machine booted by a person, with its console on their terminal.
//!
//! Flows in: a machine of the flake. Flows out: the command that boots it. Must not: start it, or give it a secret.

use std::time::Duration;

use model::{check::GuestSize, facts::Facts, fleet::BootSource, machine::MachineName, verdict::Fault};
use vms::arguments::shell_line;

use super::{
    Yard,
    ready::{Unready, ready},
    worker::secret_paths,
};
use crate::nix::pool::Evaluators;

/// A machine that is ready to be booted by hand.
#[derive(Debug)]
pub struct ByHand {
    /// For a shell: QEMU with the guest's serial console, and its own monitor, on the terminal.
    pub line: String,
    /// `kvm`, `hvf` or `tcg`.
    pub accelerator: &'static str,
    /// What of the machine the guest does not have, in words.
    pub replaced: Vec<String>,
}

/// Building a machine that was never built.
const BUILD_LIMIT: Duration = Duration::from_secs(4 * 3600);
/// By this, `guest.nix` starts a root shell on the console.
const SHELL: &str = "seaworthy.console";

/// Makes a machine ready.
///
/// # Errors
/// It does not evaluate or build, or this computer lacks something.
pub async fn by_hand(
    nix: &Evaluators,
    yard: &Yard,
    facts: &Facts,
    name: &MachineName,
    size: GuestSize,
    source: &BootSource,
) -> Result<ByHand, Fault> {
    let ready = ready(nix, yard, name, source, BUILD_LIMIT).await.map_err(|unready| match unready {
        Unready::Fault(fault) => fault,
        Unready::Machine(_, said) => {
            Fault { what: format!("{name} cannot be built as a guest"), remedy: None, detail: said }
        }
    })?;
    let mut machine = ready.machine(size, &secret_paths(&facts.document, name))?;
    machine.boot.command_line = format!("{} {SHELL}", machine.boot.command_line);
    Ok(ByHand {
        line: shell_line(&ready.qemu.program, &machine),
        accelerator: ready.accelerator.as_str(),
        replaced: ready.replaced,
    })
}
