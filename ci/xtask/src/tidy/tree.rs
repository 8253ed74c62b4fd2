//! The repository's files as data: paths, and the text of Rust sources.
//!
//! In: what [`super::gather`] read. Out: the view that the rules look at. It must not read the disk.

/// Every file of the repository, sorted by path; build products and hidden folders are left out.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The files.
    pub(crate) files: Vec<File>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the repository's root, with `/`.
    pub(crate) path: String,
    /// The text, for Rust sources only: no rule reads any other.
    pub(crate) text: Option<String>,
}

impl Tree {
    /// The Rust sources: path and text.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
    }

    /// The paths of all files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }
}

#[cfg(test)]
impl Tree {
    /// A tree of empty files.
    pub(crate) fn of_paths(paths: &[&str]) -> Self {
        Self { files: paths.iter().map(|path| File { path: (*path).to_owned(), text: None }).collect() }
    }

    /// A tree with one Rust source.
    pub(crate) fn of_source(path: &str, text: &str) -> Self {
        Self { files: vec![File { path: path.to_owned(), text: Some(text.to_owned()) }] }
    }
}
