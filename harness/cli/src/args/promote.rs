//! `seaworthy status`, `promote` and what people say about a promotion, as typed.

use std::path::PathBuf;

use clap::Args;

use super::PlanFormat;

/// `seaworthy status`
#[derive(Debug, Args)]
pub struct Status {
    /// The form on stdout
    #[arg(long, value_enum, default_value_t = PlanFormat::Human)]
    pub format: PlanFormat,
}

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
Goes as far as policy and evidence allow now, and says what it waits for; run again, it goes on where it was. Each step stands
in the journal before it is taken, so that a process that was killed can be followed by another.

The first Ctrl-C lets nothing set out any more and ends what is under way; the second ends at once.";

/// `seaworthy approve`
#[derive(Debug, Args)]
pub struct Approve {
    /// The wave's name
    #[arg(value_name = "WAVE")]
    pub wave: String,
    /// The ed25519 SSH key that signs it, where `[promotion] approvers` names keys: a private key, or the .pub file of one that the
    /// SSH agent holds
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// `seaworthy freeze`
#[derive(Debug, Args)]
pub struct Freeze {
    /// Why
    #[arg(value_name = "REASON")]
    pub reason: String,
}

/// `seaworthy rollback`
#[derive(Debug, Args)]
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
