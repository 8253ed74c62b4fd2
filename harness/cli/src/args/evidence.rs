//! `seaworthy evidence`, as typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `seaworthy evidence`
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Sign what this computer proved of the fleet as it is, and push it into a git ref of the fleet's repository
    Push(Push),
    /// Fetch what others proved and signed, and say whether it counts
    Pull(Pull),
}

/// `seaworthy evidence push`
#[derive(Debug, Args)]
#[command(after_help = PUSH)]
pub struct Push {
    /// The repository, as git names it
    #[arg(value_name = "REMOTE", default_value = "origin")]
    pub remote: String,
    /// The ed25519 SSH key that signs: a private key, or the .pub file of one that the SSH agent holds
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

const PUSH: &str = "\
It counts for a fleet whose policy names the key, by the line of its .pub file, with a name behind it:

  [promotion]
  signers = [\"ssh-ed25519 AAAA.. ci\"]

Examples:
  seaworthy evidence push --key ~/.ssh/ci
  seaworthy evidence push backup --key ~/.ssh/ci.pub      the key is in the SSH agent";

/// `seaworthy evidence pull`
#[derive(Debug, Args)]
pub struct Pull {
    /// The repository, as git names it
    #[arg(value_name = "REMOTE", default_value = "origin")]
    pub remote: String,
}
