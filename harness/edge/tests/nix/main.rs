//! The Nix edge against a real nix: there is no double of it here but scripts that misbehave on purpose.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests make files, read their environment and stop at the first surprise"
)]

mod boots;
mod facts;
mod faults;
mod fixture;
mod life;
mod sops;
mod survey;
mod unit;
mod worker;
