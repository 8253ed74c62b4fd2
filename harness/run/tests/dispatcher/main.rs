//! The dispatcher, without a runtime: what it does in single situations, and laws that hold for every plan, every
//! answer, every order and every interrupt.

mod laws;
mod plans;
mod properties;
mod simulation;
mod situations;
