//! git's index: the paths that it tracks, and how their files looked when it last saw them.
//!
//! Flows in: the bytes of `.git/index`. Flows out: its entries. Must not: panic or read past the end, whatever the bytes.
//! Format: gitformat-index(5), versions 2 to 4. A split index (`link`) and a sparse one (`sdir`) are not understood.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// By what a repository names contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// Bytes of a name.
    const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// A path that git tracks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tracked {
    /// Bytes, with `/` between segments.
    pub(super) path: Vec<u8>,
    pub(super) known: Known,
}

/// What git knows of a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// The name of the content.
    pub(super) id: Vec<u8>,
    pub(super) hash: Hash,
    pub(super) mode: u32,
    /// When the index was written.
    written: SystemTime,
    changed: (u32, u32),
    modified: (u32, u32),
    inode: u32,
    size: u32,
}

impl Known {
    /// Whether the file is as git has seen it. A file that was modified when the index was written, or later, may not be,
    /// although it looks so: git calls such an entry racy.
    pub(super) fn unchanged(&self, found: &Metadata) -> bool {
        let modified = UNIX_EPOCH + Duration::new(u64::from(self.modified.0), self.modified.1);
        low(found.mtime()) == self.modified.0
            && low(found.mtime_nsec()) == self.modified.1
            && low(found.ctime()) == self.changed.0
            && low(found.ctime_nsec()) == self.changed.1
            && found.ino() as u32 == self.inode
            && found.size() as u32 == self.size
            && modified < self.written
            && (self.mode & 0o111 != 0) == (found.mode() & 0o100 != 0 && !found.is_symlink())
    }

    /// Whether this is a submodule: its content is another repository's.
    pub(super) fn is_submodule(&self) -> bool {
        self.mode & 0o170_000 == 0o160_000
    }
}

/// The index holds the low 32 bits of such numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the format cuts them off")]
fn low(number: i64) -> u32 {
    number as u32
}

/// Reads an index that was written at a time. `None` where it is not one, or not of a form that is understood.
pub(super) fn parse(bytes: &[u8], hash: Hash, written: SystemTime) -> Option<Vec<Tracked>> {
    let mut rest = Cursor { bytes, at: 0 };
    (rest.take(4)? == b"DIRC").then_some(())?;
    let version = rest.number()?;
    (2..=4).contains(&version).then_some(())?;
    let count = rest.number()?;
    let mut tracked: Vec<Tracked> = Vec::new();
    for _ in 0..count {
        let before = tracked.last().map_or(&[][..], |last| last.path.as_slice());
        let entry = entry(&mut rest, version, hash, before)?;
        tracked.push(Tracked { known: Known { written, ..entry.known }, ..entry });
    }
    // Neither a shared index nor folders that stand for what they hold.
    let foreign = ["link", "sdir"].iter().any(|name| rest.has_extension(name.as_bytes(), hash));
    (!foreign).then_some(tracked)
}

fn entry(rest: &mut Cursor<'_>, version: u32, hash: Hash, before: &[u8]) -> Option<Tracked> {
    let start = rest.at;
    let changed = (rest.number()?, rest.number()?);
    let modified = (rest.number()?, rest.number()?);
    let (_device, inode, mode) = (rest.number()?, rest.number()?, rest.number()?);
    let (_user, _group, size) = (rest.number()?, rest.number()?, rest.number()?);
    let id = rest.take(hash.len())?.to_vec();
    let flags = rest.short()?;
    if flags & 0x4000 != 0 {
        rest.short()?;
    }
    let path = if version == 4 {
        let kept = before.len().checked_sub(rest.varint()?)?;
        [before.get(..kept)?, rest.until_nul()?].concat()
    } else {
        let path = rest.until_nul()?.to_vec();
        // Each entry is padded with one to eight NULs to a multiple of eight bytes; one was taken with the path.
        let taken = rest.at - start;
        rest.take(taken.next_multiple_of(8) - taken)?;
        path
    };
    let known = Known { id, hash, mode, written: UNIX_EPOCH, changed, modified, inode, size };
    Some(Tracked { path, known })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    /// A number in git's "offset encoding": seven bits a byte, and each continuation adds one.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = *self.take(1)?.first()?;
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?;
        }
    }

    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let length = self.bytes.get(self.at..)?.iter().position(|byte| *byte == 0)?;
        let taken = self.take(length)?;
        self.take(1)?;
        Some(taken)
    }

    /// Whether an extension of this name follows: name, length, content, up to the closing checksum.
    fn has_extension(&self, name: &[u8], hash: Hash) -> bool {
        let mut rest = Cursor { bytes: self.bytes, at: self.at };
        while rest.bytes.len().saturating_sub(rest.at) > hash.len() {
            let Some((found, length)) = rest.take(4).zip(rest.number()) else { return false };
            if found == name {
                return true;
            }
            if rest.take(length as usize).is_none() {
                return false;
            }
        }
        false
    }
}
