//! The edge: the real world on the other side of the ports.
//!
//! Flows in: paths, environment and limits that the command line states. Flows out: surveys, verdicts, events on disk.
//! Must not: decide anything, print, or know the command line.

pub mod deploy;
pub mod doctor;
pub mod evidence;
pub mod export;
pub mod journal;
#[cfg(target_os = "linux")]
pub mod lab;
pub mod ledger;
pub mod memo;
pub mod nix;
pub mod policy;
mod private;
pub mod probe;
pub mod process;
pub mod promotions;
pub mod ssh;
pub mod state;
pub mod tree;
pub mod vm;
