//! A promotion, carried out: from decisions to steps and back, until nothing can be done now.
//!
//! Flows in: the course, what is proven, the journal, and the ports (deployer, log, clock). Flows out: entries in the journal,
//! each step's before it is taken, and how it came to rest.
//! Must not: decide what may be done, which `judge::promote` does; know how a step is taken.
//!
//! A promotion lasts for weeks, a process does not have to: this goes as far as it can now, and another goes on from the journal.

mod deployer;
mod drive;
mod log;
mod pace;

pub use deployer::{Deployer, Lookout, Told, Unseen};
pub use drive::{Errand, LogFailed, Ports, Rest, Rested, promote};
pub use log::Log;
