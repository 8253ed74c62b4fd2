//! From a fleet that is proven to machines that run it: `status`, `promote`, and what people say about a promotion.
//!
//! Flows in: the fleet, evidence, what machines tell, the journal. Flows out: the board, and a promotion that was carried as far
//! as it can be now. `judge::promote` decides, `run::rollout` carries out; here stands who asks whom, and what is printed.

mod advice;
pub mod board;
pub mod crew;
pub mod history;
pub mod people;
mod preview;
pub mod promote;
mod proofs;
pub mod prospect;
pub mod reaches;
pub mod rollback;
pub mod status;
mod told;
mod way_back;

pub use crew::{Crew, OverSsh};
