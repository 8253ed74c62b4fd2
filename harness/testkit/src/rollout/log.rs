//! A journal in memory that several may write into.
//!
//! Flows in: entries, and the entry at which the process dies. Flows out: the same, in order. Must not: lose any.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use model::rollout::Entry;
use run::{BoxFuture, rollout::Log};
use tokio::sync::watch;

/// When a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// When so many entries are there and it is about to write the next.
    Before(usize),
    /// As soon as it has written that one.
    After(usize),
}

/// One process's view of a journal. Clones of [`MemoryLog::another`] share the journal and have a view of their own.
#[derive(Debug)]
pub struct MemoryLog {
    entries: Arc<Mutex<Vec<Entry>>>,
    changed: watch::Sender<usize>,
    read: usize,
    death: Option<Death>,
}

impl MemoryLog {
    /// A journal with its first entries.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        let (changed, _) = watch::channel(entries.len());
        Self { entries: Arc::new(Mutex::new(entries)), changed, read: 0, death: None }
    }

    /// The same journal for another process.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { entries: Arc::clone(&self.entries), changed: self.changed.clone(), read: 0, death: None }
    }

    /// The process dies.
    #[must_use]
    pub fn dies(mut self, death: Death) -> Self {
        self.death = Some(death);
        self
    }

    /// All that is written.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lives(&self, death: Death) -> io::Result<()> {
        if self.death == Some(death) { Err(io::Error::other("the process dies")) } else { Ok(()) }
    }
}

impl Log for MemoryLog {
    fn news(&mut self) -> io::Result<Vec<Entry>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let news = entries.get(self.read..).unwrap_or_default().to_vec();
        self.read = entries.len();
        Ok(news)
    }

    fn append(&mut self, entries: &[Entry]) -> io::Result<bool> {
        for entry in entries {
            let count = {
                let mut all = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
                if all.len() != self.read {
                    return Ok(false);
                }
                self.lives(Death::Before(all.len()))?;
                all.push(entry.clone());
                self.read = all.len();
                all.len()
            };
            self.changed.send_replace(count);
            self.lives(Death::After(count - 1))?;
        }
        Ok(true)
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        let (mut changes, read) = (self.changed.subscribe(), self.read);
        Box::pin(async move {
            // The sender lives as long as this.
            let _ = changes.wait_for(|count| *count > read).await;
        })
    }
}
