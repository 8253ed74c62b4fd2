//! The promotions of a project: their journals, and the lock that keeps two operators apart.
//!
//! Flows in: what happened. Flows out: `promotions/<name>/events.jsonl`, and the same read back and verified; who promotes now.
//! Must not: decide what may happen, or carry it out.
//!
//! A journal is chained as that of a run is (`harness/DESIGN/journal.md`); its first line names the promotion. It has several
//! writers and no seal: a promotion is over when the next one begins.

mod journal;
mod lock;

pub use journal::PromotionJournal;
pub use lock::{FleetLock, Holder, LockError};
