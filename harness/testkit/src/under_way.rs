//! How much is under way at once.
//!
//! In: a count, and the most that it ever was. Out: a guard that counts one more until it is dropped. It must not wait.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts a job or a step until its future ends or is dropped.
pub(crate) struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    pub(crate) fn enter(under_way: &'a AtomicUsize, most: &AtomicUsize) -> Self {
        most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Self(under_way)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
