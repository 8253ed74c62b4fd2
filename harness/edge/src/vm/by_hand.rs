//! A machine booted by a person, with its console on their terminal, or a shell in it.
//!
//! Flows in: a machine of the flake. Flows out: the command that boots it, or the guest that is up. Must not: give it a
//! secret.

use std::time::Duration;

use model::{
    check::GuestSize,
    facts::Facts,
    fleet::{BootSource, BootTerms},
    machine::MachineName,
    verdict::Fault,
};
use vms::{arguments::shell_line, machine::Machine, qemu::Qemu};

use super::{
    Yard,
    afloat::Afloat,
    boot::{Reached, Start, up},
    come_up::Came,
    inspect::Wanted,
    ready::{Ready, Unready, ready},
    standin::StandIns,
    worker::secret_paths,
};
use crate::nix::pool::Evaluators;

/// A machine that is ready to be booted by hand.
#[derive(Debug)]
pub struct ByHand {
    /// What runs it.
    pub qemu: Qemu,
    /// The machine, with a shell on its console.
    pub machine: Machine,
    /// What of the machine the guest does not have, in words.
    pub replaced: Vec<String>,
}

impl ByHand {
    /// For a shell: QEMU with the guest's serial console, and its own monitor, on the terminal.
    #[must_use]
    pub fn line(&self) -> String {
        shell_line(&self.qemu.program, &self.machine)
    }
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
    source: &BootSource,
    size: GuestSize,
) -> Result<ByHand, Fault> {
    let ready = built(nix, yard, facts, name, source).await?;
    let mut machine = ready.machine(size, &secret_paths(&facts.document, name))?;
    machine.boot.command_line = format!("{} {SHELL}", machine.boot.command_line);
    Ok(ByHand { qemu: ready.qemu, machine, replaced: ready.replaced })
}

/// Boots a machine, or goes on from where it had come up before.
///
/// # Errors
/// It does not evaluate or build, this computer lacks something, or it has no shell within its limit.
pub async fn afloat(
    nix: &Evaluators,
    yard: &Yard,
    facts: &Facts,
    name: &MachineName,
    source: &BootSource,
    terms: &BootTerms,
) -> Result<Afloat, Fault> {
    let ready = built(nix, yard, facts, name, source).await?;
    let wanted = Wanted { secrets: secret_paths(&facts.document, name), ..Wanted::default() };
    let Yard { folders, snapshots, .. } = yard;
    let BootTerms { size, limit, .. } = *terms;
    let start = Start { ready: &ready, size, limit, folders, snapshots, wanted, log: None };
    let Reached { guest, came, boot } = up(&start).await?;
    match came {
        Came::Up(shell) | Came::Late(shell, _) => Ok(Afloat { machine: name.clone(), guest, shell }),
        Came::UpUnasked => Err(Fault {
            what: format!("{name} is up, and has no shell"),
            remedy: Some(format!("`seaworthy boot {name}` boots it with its console on yours")),
            detail: Vec::new(),
        }),
        Came::Silent | Came::Ended(_) => {
            let said = boot["console"].as_array().into_iter().flatten().filter_map(|line| line.as_str());
            Err(Fault {
                what: format!("{name} did not come so far as to have a shell"),
                remedy: Some(format!("`seaworthy boot {name}` boots it with its console on yours")),
                detail: said.map(str::to_owned).collect(),
            })
        }
    }
}

async fn built(
    nix: &Evaluators,
    yard: &Yard,
    facts: &Facts,
    name: &MachineName,
    source: &BootSource,
) -> Result<Ready, Fault> {
    let stand_ins = StandIns::of(&facts.document, name);
    ready(nix, yard, name, source, &stand_ins, BUILD_LIMIT).await.map_err(|unready| match unready {
        Unready::Fault(fault) => fault,
        Unready::Machine(_, said) => {
            Fault { what: format!("{name} cannot be built as a guest"), remedy: None, detail: said }
        }
    })
}
