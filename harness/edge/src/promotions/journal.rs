//! The journal of a promotion, that whoever promotes and whoever agrees or stops write into.
//!
//! Flows in: entries. Flows out: lines that are on the disk when an append returns; every line once, verified.
//! Must not: append after what it has not given out yet, or change a whole line.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::PathBuf,
    time::Duration,
};

use jiff::Timestamp;
use model::{
    digest::Digest,
    machine::MachineName,
    promotion::Signer,
    rollout::{Closure, Entry, Happened, PromotionId},
};
use run::{BoxFuture, rollout::Log};

use crate::{
    evidence::Approval,
    journal::{Chain, Damage, EVENTS, JournalError, Said},
    state::{State, StateError},
};

/// How often a waiting process looks whether others wrote.
const LOOK: Duration = Duration::from_millis(500);

/// One process's view of a promotion's journal.
#[derive(Debug)]
pub struct PromotionJournal {
    promotion: PromotionId,
    path: PathBuf,
    file: File,
    chain: Chain,
    /// Bytes of whole lines that were given out.
    read: u64,
    /// Bytes that were there when it was last read; more than `read` where a line is torn or still being written.
    seen: u64,
    /// Part of a line may stand at the end: nothing more is written by this process.
    failed: bool,
    /// Why it can only be read.
    read_only: Option<io::ErrorKind>,
    /// What the promotion brings, as far as it was given out.
    closures: BTreeMap<MachineName, Closure>,
    /// Who has to have signed that a wave may go; empty: nobody signs.
    approvers: Vec<Signer>,
}

impl PromotionJournal {
    /// A new promotion, with its first entry, and with what has to stand in it from the first: both are written at once.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn create(state: &State, first: &Entry, also: Option<Entry>) -> Result<Self, StateError> {
        let (promotion, folder) = state.create_promotion(first.at)?;
        let path = folder.join(EVENTS);
        let file = OpenOptions::new().read(true).append(true).create_new(true).open(&path);
        let file = file.map_err(StateError::at("create", &path))?;
        let mut journal = Self::of(promotion, path, file);
        let entries: Vec<Entry> = [first.clone()].into_iter().chain(also).collect();
        let written = journal.append(&entries);
        written.map_err(StateError::at("write", &journal.path))?;
        // Whoever reads it next begins at the beginning.
        let Self { promotion, path, file, .. } = journal;
        Ok(Self::of(promotion, path, file))
    }

    /// A promotion that began before. Where nothing may be written it can be read, and what is appended is refused.
    ///
    /// # Errors
    /// There is none of that name, or its journal cannot be opened.
    pub fn open(state: &State, promotion: &PromotionId) -> Result<Self, JournalError> {
        let path = state.promotion_folder(promotion).map(|folder| folder.join(EVENTS));
        let path = path.filter(|path| path.is_file());
        let path = path.ok_or_else(|| JournalError::NoSuchPromotion(promotion.clone()))?;
        let (file, read_only) = match OpenOptions::new().read(true).append(true).open(&path) {
            Err(error) if is_refused(error.kind()) => {
                (OpenOptions::new().read(true).open(&path), Some(error.kind()))
            }
            file => (file, None),
        };
        let file = file.map_err(StateError::at("open", &path))?;
        Ok(Self { read_only, ..Self::of(promotion.clone(), path, file) })
    }

    /// The promotion that began last and has a first entry, if there is one.
    ///
    /// # Errors
    /// The folder of promotions cannot be read, or the journal cannot be opened.
    pub fn latest(state: &State) -> Result<Option<Self>, JournalError> {
        Self::newest(state, |_| true)
    }

    /// The one that began last before another.
    ///
    /// # Errors
    /// As [`Self::latest`].
    pub fn before(state: &State, promotion: &PromotionId) -> Result<Option<Self>, JournalError> {
        // Names sort by time.
        Self::newest(state, |other| other < promotion)
    }

    fn newest(state: &State, fits: impl Fn(&PromotionId) -> bool) -> Result<Option<Self>, JournalError> {
        let written = |promotion: &PromotionId| {
            let path = state.promotion_folder(promotion).map(|folder| folder.join(EVENTS));
            path.and_then(|path| fs::metadata(path).ok()).is_some_and(|file| file.len() > 0)
        };
        let last = state.list_promotions()?.into_iter().rev().filter(|one| fits(one)).find(written);
        last.map(|promotion| Self::open(state, &promotion)).transpose()
    }

    /// Holds the word of whoever agreed against these keys, if there are any: each time that it is read, so that a key which is taken
    /// out of the policy agrees to nothing any more.
    #[must_use]
    pub fn held_against(self, approvers: &[Signer]) -> Self {
        Self { approvers: approvers.to_owned(), ..self }
    }

    /// Which promotion it is of.
    #[must_use]
    pub fn promotion(&self) -> &PromotionId {
        &self.promotion
    }

    /// What stands in it that was not given out yet; at first everything. A line that is torn, or still being written, is not.
    ///
    /// # Errors
    /// It cannot be read, or a line is not what was written.
    pub fn entries(&mut self) -> Result<Vec<Entry>, JournalError> {
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(self.read)).and_then(|_| self.file.read_to_end(&mut bytes));
        read.map_err(StateError::at("read", &self.path))?;
        self.seen = self.read + bytes.len() as u64;
        let mut entries = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            let said = self.chain.read(text).map_err(|damage| self.damaged(damage))?;
            let Said::Event(mut entry) = said else { return Err(self.damaged(Damage::AfterTheEnd)) };
            self.hold(&mut entry);
            entries.push(entry);
            self.read += line.len() as u64;
        }
        Ok(entries)
    }

    /// Appends something that is true whatever others wrote meanwhile.
    ///
    /// # Errors
    /// It cannot be written, or what stands there is not what was written.
    pub fn note(&mut self, at: Timestamp, what: Happened) -> Result<(), JournalError> {
        let entry = [Entry { at, what }];
        loop {
            self.entries()?;
            if self.append(&entry).map_err(StateError::at("write", &self.path))? {
                return Ok(());
            }
        }
    }

    fn of(promotion: PromotionId, path: PathBuf, file: File) -> Self {
        let chain = Chain::start(Digest::of(&promotion.0));
        let (closures, approvers) = (BTreeMap::new(), Vec::new());
        Self {
            promotion,
            path,
            file,
            chain,
            read: 0,
            seen: 0,
            failed: false,
            read_only: None,
            closures,
            approvers,
        }
    }

    /// Finds out whether a word counts.
    fn hold(&mut self, Entry { what, .. }: &mut Entry) {
        match what {
            Happened::Started { changes, .. } | Happened::Joined { changes } => {
                let new = changes.iter().map(|(name, change)| (name.clone(), change.new.clone()));
                self.closures.extend(new);
            }
            Happened::Approved { by, wave, signed, held } if !self.approvers.is_empty() => {
                let (promotion, closures) = (self.promotion.clone(), self.closures.clone());
                let asked = Approval { promotion, wave: wave.clone(), closures };
                let said = asked.said_by(by, signed.as_deref(), &self.approvers);
                *held = Some(said.map_err(|why| why.to_string()));
            }
            _ => {}
        }
    }

    fn damaged(&self, source: Damage) -> JournalError {
        JournalError::Damaged { path: self.path.clone(), line: self.chain.seq + 1, source }
    }

    /// Writes lines at the end; the file is locked. A torn line of a process that died is cut off first: what it was about was
    /// not done, for it was not on the disk.
    fn write(&mut self, entries: &[Entry]) -> io::Result<bool> {
        let length = self.file.metadata()?.len();
        if length != self.read {
            if self.has_whole_line()? {
                return Ok(false);
            }
            self.file.set_len(self.read)?;
        }
        let (mut chain, mut lines) = (self.chain, Vec::new());
        for entry in entries {
            chain.write(entry, &mut lines)?;
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        self.chain = chain;
        self.read += lines.len() as u64;
        self.seen = self.read;
        Ok(true)
    }

    fn has_whole_line(&mut self) -> io::Result<bool> {
        let mut rest = Vec::new();
        self.file.seek(SeekFrom::Start(self.read))?;
        self.file.read_to_end(&mut rest)?;
        Ok(rest.contains(&b'\n'))
    }
}

fn is_refused(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

impl Log for PromotionJournal {
    fn news(&mut self) -> io::Result<Vec<Entry>> {
        self.entries().map_err(io::Error::other)
    }

    fn append(&mut self, entries: &[Entry]) -> io::Result<bool> {
        if let Some(why) = self.read_only {
            return Err(why.into());
        }
        if self.failed {
            return Err(io::Error::other("the journal could not be written to before"));
        }
        // Released when it is unlocked, or when this process dies.
        self.file.lock()?;
        let written = self.write(entries);
        self.file.unlock()?;
        self.failed = written.is_err();
        written
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                // What cannot be asked for is told by the next reading.
                if fs::metadata(&self.path).map_or(true, |file| file.len() != self.seen) {
                    return;
                }
            }
        })
    }
}
