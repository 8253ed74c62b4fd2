//! Machines that are promoted to, as they really are, and the journal of it in memory.
//!
//! Flows in: what goes wrong, and when the process dies. Flows out: answers to orders, and what really happened.
//! Must not: touch the real world; its delays are tokio's, and so fake where the test's time is.

mod deployer;
mod log;

pub use deployer::{Mishap, ScriptedDeployer};
pub use log::{Death, MemoryLog};
