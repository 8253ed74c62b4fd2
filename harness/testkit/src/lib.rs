//! What tests of several crates need: fleets and plans with good defaults, a scripted worker, a fake clock, and texts
//! without times.
//!
//! Flows in: the one thing that matters to a test. Flows out: everything else.
//! Must not: be a dependency of anything but tests, or touch the real world.

pub mod assert;
pub mod clock;
pub mod fleet;
pub mod plan;
pub mod redact;
pub mod rollout;
pub mod taken;
mod under_way;
pub mod worker;
