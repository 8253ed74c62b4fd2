//! Guests of the real QEMU, whose whole system is a kernel and busybox.
//!
//! They are found as `ci/run test` puts them in place: QEMU and busybox on PATH, the kernel and its modules by
//! `SEAWORTHY_KERNEL` or in seaworthy's cache.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

mod agent;
mod console;
mod disks;
mod ends;
mod full;
mod network;
mod newc;
mod plugged;
mod refusals;
mod rig;
mod shell;
mod snapshots;
mod ssh;
mod terminal;
