//! Evidence that goes from one computer to another: signed, carried by git, and held against the fleet's signers.
//!
//! ```text
//! passes ──statement──▶ in-toto ──envelope──▶ DSSE ──signature (ssh-keygen)──▶ file ──repository──▶ refs/seaworthy/evidence
//! passes ◀──────────────────── shelf: verified each time it is read ◀──────── file ◀──repository──┘
//! ```
//!
//! A person's word that a wave may go is signed by the same means.
//!
//! Flows in: what stands on this computer; what a git ref holds. Flows out: a commit on that ref; what others proved, or why it
//! does not count. Must not: take anything for proven that no signer of the fleet has signed.

mod approval;
mod envelope;
mod repository;
mod shelf;
mod signature;
mod statement;

pub use approval::{Approval, NotAgreed};
pub use envelope::{Envelope, Kind, Refused};
pub use repository::{GitError, REF, Repository};
pub use shelf::{Found, Shelf};
pub use signature::{Keygen, SignError};
pub use statement::{Attested, Pass};
