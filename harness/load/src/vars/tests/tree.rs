//! Trees for tests: made up, or read from the sample fleets.

use std::{fs, path::Path};

use model::tree::{Entry, Node, Tree};

pub(super) fn file(path: &str, text: &str) -> Entry {
    Entry { path: path.to_owned(), node: Node::File { size: text.len() as u64, text: Some(text.to_owned()) } }
}

pub(super) fn link(path: &str, target: &str) -> Entry {
    Entry { path: path.to_owned(), node: Node::Link { target: target.to_owned(), resolves: true } }
}

pub(super) fn tree(entries: impl IntoIterator<Item = Entry>) -> Tree {
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { entries }
}

/// A sample fleet, as far as it has vars and secrets.
#[expect(clippy::disallowed_methods, reason = "a test reads the sample fleets")]
pub(super) fn fleet(name: &str) -> Tree {
    fn walk(folder: &Path, path: &str, entries: &mut Vec<Entry>) {
        for found in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = format!("{path}/{}", found.file_name().to_string_lossy());
            let full = found.path();
            if full.is_symlink() {
                let target = fs::read_link(&full).unwrap().to_string_lossy().into_owned();
                entries.push(Entry { path, node: Node::Link { target, resolves: full.exists() } });
            } else if full.is_dir() {
                walk(&full, &path, entries);
            } else {
                entries.push(file(&path, &fs::read_to_string(&full).unwrap()));
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fleets").join(name);
    let mut entries = Vec::new();
    for part in ["vars", "sops"] {
        walk(&folder.join(part), part, &mut entries);
    }
    assert!(!entries.is_empty(), "{name} has no vars");
    tree(entries)
}
