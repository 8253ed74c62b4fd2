//! The nouns of seaworthy: what a fleet is, what is asked of it, and what was answered.
//!
//! Flows in: nothing. Flows out: the types that every other crate speaks in.
//! Must not: do input or output, read a clock, spawn, be async, or know any other crate of ours.
//!
//! The modules stand in the order in which data meets them:
//! sources ([`place`], [`tree`], [`survey`]) -> the fleet ([`machine`], [`inventory`], [`fleet`], [`resolved`])
//! -> who is to reach whom ([`overlay`], [`host_name`], [`card`], [`nearest`], [`peering`], [`exception`], [`reason`], [`reach`], [`matrix`])
//! -> what is asked ([`stage`], [`suite`], [`case`], [`subject`], [`facts`], [`check`], [`plan`])
//! -> what machines see of the network ([`round`], [`sighting`])
//! -> what was answered ([`finding`], [`verdict`], [`measurement`], [`artifact`], [`event`], [`record`])
//! -> what follows ([`evidence`], [`decision`], [`promotion`], [`course`], [`rollout`], [`manifest`]).

pub mod artifact;
pub mod ask;
pub mod card;
pub mod case;
pub mod check;
pub mod course;
pub mod decision;
pub mod digest;
pub mod event;
pub mod evidence;
pub mod exception;
pub mod facts;
pub mod finding;
pub mod fleet;
pub mod host_name;
pub mod inventory;
pub mod locks;
pub mod machine;
pub mod manifest;
pub mod matrix;
pub mod measurement;
pub mod nearest;
pub mod overlay;
pub mod peering;
pub mod place;
pub mod plan;
pub mod promotion;
pub mod reach;
pub mod reason;
pub mod record;
pub mod resolved;
pub mod rollout;
pub mod round;
pub mod sighting;
pub mod stage;
pub mod subject;
pub mod suite;
pub mod survey;
pub mod tree;
pub mod verdict;
pub mod waiver;
