//! The texts of files, within a budget.
//!
//! Flows in: paths and sizes. Flows out: texts. Must not: hold more than its budget, or wait for a file that is no file.
//!
//! Files that say something about a fleet come first; what is left of the budget goes to the others, in which only keys in
//! clear are looked for.

use std::{
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use model::tree::{Entry, Node};
use rustix::fs::OFlags;

/// The longest file that is read, in bytes.
pub(super) const LONGEST: u64 = 1 << 20;

/// How many bytes of text a tree holds at most.
const BUDGET: u64 = 64 << 20;

/// What of the budget is left.
#[derive(Debug)]
pub(super) struct Reader {
    left: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self { left: BUDGET }
    }
}

impl Reader {
    /// The text of a file that says something about a fleet.
    pub(super) fn first(&mut self, full: &Path, path: &Path, size: u64) -> Option<String> {
        if matters(path) { self.text(full, size) } else { None }
    }

    /// Reads the files that were not read at first, as far as the budget goes.
    pub(super) fn fill(&mut self, folder: &Path, entries: &mut [Entry]) {
        for entry in entries {
            if let Node::File { size, text: text @ None } = &mut entry.node {
                *text = self.text(&folder.join(&entry.path), *size);
            }
        }
    }

    fn text(&mut self, full: &Path, size: u64) -> Option<String> {
        if size > LONGEST.min(self.left) {
            return None;
        }
        let bytes = bounded(full, LONGEST).ok()??;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        String::from_utf8(bytes).ok()
    }
}

fn matters(path: &Path) -> bool {
    let known = path
        .extension()
        .is_some_and(|kind| ["nix", "toml", "rego", "json", "lock"].iter().any(|one| kind == *one));
    known || path.components().any(|part| part.as_os_str() == "vars" || part.as_os_str() == "sops")
}

/// The bytes of a regular file; `None` where there are more than `most`. Opening never waits, not even for a pipe.
pub(super) fn bounded(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(without_waiting).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
