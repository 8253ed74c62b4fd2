//! Reads the repository: the only file here that touches the disk and runs cargo.
//!
//! In: the repository's root. Out: the tree and the crates as data. It must not judge what it reads.

use super::manifest::{Arrow, Crate};
use super::tree::{File, Tree};
use cargo_metadata::{Dependency, Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Why the repository could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatherError {
    /// A folder or a file.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Cargo's description of the workspace.
    #[error("cannot read the workspace's metadata")]
    Metadata {
        /// Cargo's reason.
        #[from]
        source: cargo_metadata::Error,
    },
}

/// The files below `root`, without hidden folders and cargo's `target`.
pub(crate) fn tree(root: &Path) -> Result<Tree, GatherError> {
    let mut tree = Tree::default();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| unreadable(&path, source))?;
            // A link is neither: what it points at is judged where it is.
            if kind.is_dir() && !is_left_out(root, &path) {
                folders.push(path);
            } else if kind.is_file() {
                tree.files.push(file(root, &path)?);
            }
        }
    }
    tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(tree)
}

/// The crates of the workspace at `root`, with their arrows to each other.
pub(crate) fn crates(root: &Path) -> Result<Vec<Crate>, GatherError> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    metadata.packages.iter().map(|package| krate(&metadata, &ours, package)).collect()
}

fn krate(metadata: &Metadata, ours: &BTreeSet<&str>, package: &Package) -> Result<Crate, GatherError> {
    let path = package.manifest_path.as_std_path();
    let is_ours =
        |dependency: &&Dependency| dependency.path.is_some() && ours.contains(dependency.name.as_str());
    Ok(Crate {
        name: package.name.to_string(),
        manifest: shown(metadata.workspace_root.as_std_path(), path),
        text: text(path)?,
        arrows: package.dependencies.iter().filter(is_ours).map(arrow).collect(),
    })
}

fn arrow(dependency: &Dependency) -> Arrow {
    let key = dependency.rename.as_ref().unwrap_or(&dependency.name);
    Arrow { to: dependency.name.clone(), key: key.clone(), kind: dependency.kind }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, GatherError> {
    let read = fs::read_dir(folder).and_then(Iterator::collect);
    read.map_err(|source| unreadable(folder, source))
}

fn is_left_out(root: &Path, folder: &Path) -> bool {
    let hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    hidden || folder == root.join("target")
}

fn file(root: &Path, path: &Path) -> Result<File, GatherError> {
    let is_source = path.extension().is_some_and(|extension| extension == "rs");
    let text = if is_source { Some(text(path)?) } else { None };
    Ok(File { path: shown(root, path), text })
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program is about the files, and stands outside the product"
)]
fn text(path: &Path) -> Result<String, GatherError> {
    fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn unreadable(path: &Path, source: io::Error) -> GatherError {
    GatherError::Read { path: path.to_owned(), source }
}
