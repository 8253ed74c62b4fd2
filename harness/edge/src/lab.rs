//! A lab that stays up between commands: one process holds it, others ask that one.
//!
//! Flows in: a topology, a folder, questions and faults. Flows out: what the lab is like. Must not: outlive a lab, or leave one
//! behind: the process that holds it is the lab's life.
//!
//! `ask` are the words, and who speaks them; `hold` is who answers.

mod ask;
mod hold;

pub use ask::{Answer, Ask, AskError, Planes, Shown, ShownHost, ask};
pub use hold::{Held, HoldError, whole};
