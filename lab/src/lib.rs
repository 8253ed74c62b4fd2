//! Labs of namespaces: a fleet's network on one computer, up in a second, with real sshd and a real overlay.
//!
//! ```text
//! topology ──addresses──▶ files ──▶ hub and hosts: namespaces of one process tree ──▶ run, reach, ssh
//!                                     ▲
//!                                   faults: rules in the hub, daemons, keys; each with its undo
//! ```
//!
//! Flows in: a topology, a folder, paths of programs, all stated by the caller; root. Flows out: hosts that answer, and
//! facts about who reaches whom. Must not: know anything of seaworthy, send a packet out of its own namespaces, touch
//! the computer's own network, read the environment, print, or leave a process behind, kill -9 included.
//!
//! Linux only: elsewhere there are topologies, and no labs.

pub mod addresses;
pub mod fault;
pub mod topology;

#[cfg(target_os = "linux")]
mod boxes;
#[cfg(target_os = "linux")]
mod door;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
pub mod folder;
#[cfg(target_os = "linux")]
pub mod host;
#[cfg(target_os = "linux")]
mod keys;
#[cfg(target_os = "linux")]
pub mod lab;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod overlay;
#[cfg(target_os = "linux")]
pub mod probe;
#[cfg(target_os = "linux")]
pub mod process;
#[cfg(target_os = "linux")]
mod relay;
mod rules;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
pub mod tools;
