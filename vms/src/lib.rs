//! QEMU machines, as a crate of its own: what this computer can boot, and how fast.
//!
//! Flows in: paths, limits and a cache folder, all stated by the caller. Flows out: facts about QEMU and its
//! accelerators, each found by doing. Must not: know anything of seaworthy, read the environment, print, or leave a
//! process behind.

pub mod accelerator;
pub mod child;
pub mod qemu;
