//! QEMU machines, as a crate of its own: what this computer can boot, and guests that do what a test wants of them.
//!
//! A [`machine::Machine`] says what a guest is, a [`folder::Folder`] is where it lives, a [`guest::Guest`] is it running,
//! and a [`channel::Channel`] runs commands inside:
//!
//! ```text
//! machine ──arguments──▶ QEMU ──▶ guest ──▶ console, end, ports
//!                                   ├─────▶ channel: backdoor, guest agent, SSH
//!                                   └─────▶ snapshot ──▶ any number of clones
//! ```
//!
//! A [`testbed::Testbed`] is several of them and a [`switch::Switch`] between them, as one text.
//!
//! Flows in: paths, limits and folders, all stated by the caller. Flows out: facts about QEMU and its accelerators, each
//! found by doing; running guests. Must not: know anything of seaworthy, read the environment, print, or leave a process
//! behind.

pub mod accelerator;
pub mod arguments;
pub mod channel;
pub mod child;
pub mod console;
pub mod folder;
pub mod guest;
pub mod image;
pub mod lines;
pub mod machine;
pub mod qemu;
pub mod qmp;
pub mod shell;
pub mod snapshot;
pub mod switch;
pub mod testbed;
