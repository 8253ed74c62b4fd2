//! Where evaluators wait that are not being asked.
//!
//! Flows in and out: evaluators, the last one in first, because it is the warmest. Must not: start or end any.

use std::sync::{Mutex, PoisonError};

use super::super::repl::Repl;

/// Idle evaluators of one scope.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<Vec<Repl>>);

impl Shelf {
    pub(super) fn take(&self) -> Option<Repl> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn put(&self, repl: Repl) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(repl);
    }
}
