//! Promotions carried out against machines in memory, on a fake clock.

mod clocks;
mod crashes;
mod fleet;
mod mishaps;
mod people;
mod soaks;
mod waves;
