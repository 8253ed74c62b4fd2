//! The user's source tree as it was read: files, folders and links, with the text of those that matter.

use serde::{Deserialize, Serialize};

/// Every entry below the project's folder, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Sorted by [`Entry::path`]; no two are equal.
    pub entries: Vec<Entry>,
}

/// One file, folder or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the project's folder, with `/` between segments.
    pub path: String,
    /// What stands there.
    pub node: Node,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Node {
    /// A regular file.
    File {
        /// Bytes.
        size: u64,
        /// The text, where the file was read: UTF-8 and at most the reader's limit.
        text: Option<String>,
    },
    /// A folder; only folders that hold nothing appear by themselves.
    Folder,
    /// A symbolic link.
    Link {
        /// As it is written.
        target: String,
        /// Whether it leads to something that exists.
        resolves: bool,
    },
}

impl Tree {
    /// The entry at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(found)
    }

    /// The files whose text was read, with it.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.node {
            Node::File { text: Some(text), .. } => Some((entry.path.as_str(), text.as_str())),
            _ => None,
        })
    }
}
