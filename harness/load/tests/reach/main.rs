//! Who is to reach whom, as specifications.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

mod exceptions;
mod firewalls;
mod graph;
mod properties;
mod sample;
mod wireguard;
mod yggdrasil;
mod zerotier;
