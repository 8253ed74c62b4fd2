//! To be written.

pub mod policy;
