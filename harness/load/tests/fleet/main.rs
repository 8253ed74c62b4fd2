//! What it means to read a fleet: `fleet.toml`'s text, and what an inventory comes to.

mod fleet_toml;
mod fleets;
mod lint;
mod nix;
mod promotion;
mod properties;
mod resolution;
mod retold;
mod size;
mod written;
