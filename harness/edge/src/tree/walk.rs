//! Lists a folder that git does not know.
//!
//! Flows in: a folder. Flows out: its files and links, and the folders that hold nothing. Must not: follow a link, or go
//! into folders that hold what tools made.

use std::{
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
};

use super::{Listed, Listing};

/// More files than this are not listed: a folder with more is not a fleet's.
const MOST: usize = 200_000;

/// Folders of tools, wherever they stand.
const SKIPPED: &[&str] = &[".git", ".jj", ".hg", ".seaworthy", ".direnv", "node_modules"];

pub(super) fn list(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing { root: root.to_owned(), files: Vec::new(), empty: Vec::new() };
    // The folder itself must be readable; one inside that is not counts as empty.
    let mut waiting = vec![(PathBuf::new(), fs::read_dir(root)?)];
    while let Some((folder, entries)) = waiting.pop() {
        let mut held = false;
        for entry in entries.flatten() {
            held = true;
            let path = folder.join(entry.file_name());
            match kind(&entry, &path) {
                Kind::Skipped => {}
                Kind::File if listing.files.len() < MOST => listing.files.push(Listed { path, known: None }),
                Kind::File => return Err(io::Error::other(format!("it holds more than {MOST} files"))),
                Kind::Folder => match fs::read_dir(root.join(&path)) {
                    Ok(inner) => waiting.push((path, inner)),
                    Err(_) => listing.empty.push(path),
                },
            }
        }
        if !held && folder.components().next().is_some() {
            listing.empty.push(folder);
        }
    }
    listing.files.sort_by(|a, b| a.path.cmp(&b.path));
    listing.empty.sort();
    Ok(listing)
}

enum Kind {
    Skipped,
    File,
    Folder,
}

fn kind(entry: &DirEntry, path: &Path) -> Kind {
    let name = entry.file_name();
    let Ok(found) = entry.file_type() else { return Kind::Skipped };
    let at_the_top = path.components().count() == 1;
    if found.is_symlink() {
        // What nix-build leaves behind.
        let result =
            at_the_top && name.to_str().is_some_and(|name| name == "result" || name.starts_with("result-"));
        return if result { Kind::Skipped } else { Kind::File };
    }
    if !found.is_dir() {
        return Kind::File;
    }
    let of_a_tool = SKIPPED.iter().any(|skipped| name == *skipped) || (at_the_top && name == "target");
    if of_a_tool { Kind::Skipped } else { Kind::Folder }
}
