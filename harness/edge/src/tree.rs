//! The user's files: every path below the project's folder, the text of those that matter, and a digest over them.
//!
//! Flows in: a folder. Flows out: a [`Tree`] and a [`Digest`]. Must not: follow a link, write anything, or fail for a file
//! that cannot be read: such a file has no text.
//!
//! In a git work tree the files are those that git tracks, as nix sees them, and the digest goes over the whole
//! repository, because a flake in a folder of it may use all of it. git's index tells what is unchanged, so that the
//! digest of a large repository costs one look at each file and reads only what was changed. Elsewhere the folder is
//! walked and every file is read.

mod content;
mod index;
mod repository;
mod text;
mod walk;

use std::{
    io,
    path::{Path, PathBuf},
};

use model::{
    digest::Digest,
    tree::{Entry, Node, Tree},
};
use tokio::task::spawn_blocking;

use repository::Repository;

/// What was read of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The entries below the folder.
    pub tree: Tree,
    /// Over everything that an evaluation of the folder's flake may use.
    pub digest: Digest,
}

/// A folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", path.display())]
pub struct TreeError {
    /// The folder.
    pub path: PathBuf,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

/// The paths that stand for the files of a folder: relative to it, with what is known of each content.
struct Listing {
    /// The folder that the paths are relative to: the project's folder or, in git, the top of the repository.
    root: PathBuf,
    /// Sorted by path.
    files: Vec<Listed>,
    /// Folders that hold nothing; git does not know any.
    empty: Vec<PathBuf>,
}

/// One path of a listing.
struct Listed {
    path: PathBuf,
    /// What git's index says of the content that it has seen.
    known: Option<index::Known>,
}

/// Reads a folder: its entries with their texts, and the digest. What is about to be written is no part of it, whether it
/// is there already or not.
///
/// # Errors
/// The folder itself cannot be listed.
pub async fn read(folder: &Path, written: &[PathBuf]) -> Result<Read, TreeError> {
    let written: Vec<_> = written.iter().filter_map(|path| absolute(path)).collect();
    blocking(folder, move |folder| {
        let mut listing = list(folder)?;
        listing.leave_out(&written);
        let digest = content::digest(&listing);
        Ok(Read { tree: entries(folder, &listing), digest })
    })
    .await
}

/// The digest of a folder alone, without reading what git says is unchanged.
///
/// # Errors
/// The folder itself cannot be listed.
pub async fn digest(folder: &Path) -> Result<Digest, TreeError> {
    blocking(folder, |folder| list(folder).map(|listing| content::digest(&listing))).await
}

/// The bytes of one file, up to 16 MiB.
///
/// # Errors
/// The system's own; and a file that is longer.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    text::bounded(path, 16 << 20)?
        .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "longer than 16 MiB"))
}

/// A path from the root on, with no link in its folder.
fn absolute(path: &Path) -> Option<PathBuf> {
    let folder = Path::new(".").join(path.parent()?).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

impl Listing {
    /// Takes files away. A folder that held nothing else holds nothing.
    fn leave_out(&mut self, written: &[PathBuf]) {
        for path in written.iter().filter_map(|path| path.strip_prefix(&self.root).ok()) {
            let before = self.files.len();
            self.files.retain(|file| file.path != path);
            let left = before > self.files.len() && self.files.iter().all(|file| file.known.is_none());
            let folder = path.parent().filter(|folder| left && *folder != Path::new(""));
            let Some(folder) = folder else { continue };
            let holds = |path: &Path| path.starts_with(folder);
            if !self.files.iter().any(|file| holds(&file.path)) && !self.empty.iter().any(|path| holds(path))
            {
                self.empty.push(folder.to_owned());
                self.empty.sort();
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    folder: &Path,
    read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, TreeError> {
    let path = folder.to_owned();
    let answer = spawn_blocking(move || read(&path)).await.map_err(io::Error::other);
    answer.flatten().map_err(|source| TreeError { path: folder.to_owned(), source })
}

fn list(folder: &Path) -> io::Result<Listing> {
    let folder = folder.canonicalize()?;
    if let Some(repository) = Repository::around(&folder) {
        let prefix = folder.strip_prefix(&repository.top).unwrap_or(Path::new(""));
        let files = repository.files();
        // A folder of which git tracks nothing is one that it does not know.
        if let Some(files) = files.filter(|files| files.iter().any(|file| file.path.starts_with(prefix))) {
            return Ok(Listing { root: repository.top, files, empty: Vec::new() });
        }
    }
    walk::list(&folder)
}

fn entries(folder: &Path, listing: &Listing) -> Tree {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let prefix = folder.strip_prefix(&listing.root).unwrap_or(Path::new(""));
    let mut reader = text::Reader::default();
    let files = listing.files.iter().filter_map(|listed| {
        let path = listed.path.strip_prefix(prefix).ok()?;
        let node = node(&listing.root.join(&listed.path), path, &mut reader)?;
        Some(Entry { path: shown(path), node })
    });
    let empty = listing.empty.iter().map(|path| Entry { path: shown(path), node: Node::Folder });
    let mut entries: Vec<Entry> = files.chain(empty).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries.dedup_by(|a, b| a.path == b.path);
    reader.fill(&folder, &mut entries);
    Tree { entries }
}

/// What stands at a path; nothing where nothing stands there any more.
fn node(full: &Path, path: &Path, reader: &mut text::Reader) -> Option<Node> {
    let found = full.symlink_metadata().ok()?;
    if found.is_symlink() {
        let target = std::fs::read_link(full).map(|target| shown(&target)).unwrap_or_default();
        // Asking for what stands at the end is the one way to know; a chain of links that bites its tail ends nowhere.
        return Some(Node::Link { target, resolves: full.metadata().is_ok() });
    }
    if found.is_dir() {
        return None;
    }
    let size = if found.is_file() { found.len() } else { 0 };
    let text = if found.is_file() { reader.first(full, path, size) } else { None };
    Some(Node::File { size, text })
}

/// A path as messages show it: with `/`, and with a mark for what is no UTF-8.
fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
