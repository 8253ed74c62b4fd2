//! `seaworthy status`, `promote` and what people say about a promotion, as typed.

use std::path::PathBuf;

use clap::Args;

use super::PlanFormat;

/// `seaworthy status`
#[derive(Debug, Args)]
#[command(after_help = STATUS)]
pub struct Status {
    /// The form on stdout
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}

const STATUS: &str = "\
Every machine of a wave is asked over SSH what runs and boots there. Nothing is changed, here or there.

Exits with 0 where all is through or may go on, with 4 where something is waited for, not proven or out of reach, and with 1 where \
somebody has to mend something.";

/// `seaworthy promote`
#[derive(Debug, Args)]
#[command(after_help = PROMOTE)]
pub struct Promote {
    /// Only this machine
    #[arg(value_name = "MACHINE", conflicts_with = "next")]
    pub machine: Option<String>,
    /// Only the first wave that is not through
    #[arg(long)]
    pub next: bool,
    /// Build and show what would be done; no machine is changed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before it begins
    #[arg(long, short)]
    pub yes: bool,
    /// Wait for soaks, hours and approvals rather than ending there
    #[arg(long)]
    pub wait: bool,
    /// Take the lock of a process that ended without saying so
    #[arg(long)]
    pub break_lock: bool,
}

const PROMOTE: &str = "\
Goes as far as policy and evidence allow now, and says what it waits for; run again, it goes on where it was. Each step stands \
in the journal before it is taken, so that a process that was killed can be followed by another.

The first Ctrl-C lets nothing set out any more and ends what is under way; the second ends at once.

Examples:
  seaworthy promote --dry-run             what would change, on which machine
  seaworthy promote --next                one wave
  seaworthy promote --wait --yes          to the end, asking nobody at this terminal
  seaworthy promote galena                one machine, if policy and evidence let it go";

/// `seaworthy approve`
#[derive(Debug, Args)]
#[command(after_help = APPROVE)]
pub struct Approve {
    /// The wave's name
    #[arg(value_name = "WAVE")]
    pub wave: String,
    /// The ed25519 SSH key that signs it, where `[promotion] approvers` names keys: a private key, or the .pub file of one that the
    /// SSH agent holds
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

const APPROVE: &str = "\
Your word is noted in the journal of the promotion that goes on, with your name by `USER`, and counts for that promotion alone. A \
process that waits for it hears of it. `seaworthy status` says which wave waits for whom.

Example:
  seaworthy approve desk";

/// `seaworthy freeze`
#[derive(Debug, Args)]
#[command(after_help = FREEZE)]
pub struct Freeze {
    /// Why
    #[arg(value_name = "REASON")]
    pub reason: String,
}

const FREEZE: &str = "\
Until `seaworthy thaw` nothing more is activated, in this promotion and in those after it; what is under way comes to its end. It is \
noted in the journal of the last promotion. Days on which nobody is to promote stand in fleet.toml: `[promotion] freezes`.

Example:
  seaworthy freeze 'an outage at the provider'";

/// `seaworthy rollback`
#[derive(Debug, Args)]
#[command(after_help = ROLLBACK)]
pub struct Rollback {
    /// The machine
    #[arg(value_name = "MACHINE")]
    pub machine: String,
    /// Do not ask before it begins
    #[arg(long, short)]
    pub yes: bool,
    /// Take the lock of a process that ended without saying so
    #[arg(long)]
    pub break_lock: bool,
}

const ROLLBACK: &str = "\
The machine goes back to the exact closure that ran there before the last promotion that changed it; nothing is evaluated, and no \
evidence is asked for. The fleet still wants the other closure: change that before the next `seaworthy promote`.

Example:
  seaworthy rollback galena";

/// `seaworthy history`
#[derive(Debug, Args)]
pub struct History {
    /// The promotion; by default the last one
    #[arg(value_name = "PROMOTION")]
    pub promotion: Option<String>,
    /// List the promotions
    #[arg(long, conflicts_with = "promotion")]
    pub list: bool,
    /// The form on stdout
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}
