//! The source tree as nested folders, as far as clan keeps vars and secrets in it.
//!
//! Flows in: the flat tree. Flows out: folders by name. Must not: follow links, or nest deeper than [`DEEPEST`].

use std::collections::BTreeMap;

use model::tree::{Node, Tree};

/// How many segments of a path become folders; what is deeper is one name with slashes.
const DEEPEST: usize = 16;

/// A folder: what stands in it, by name.
#[derive(Debug, Default)]
pub(super) struct Folder<'a> {
    things: BTreeMap<&'a str, Thing<'a>>,
}

/// What stands in a folder.
#[derive(Debug)]
pub(super) enum Thing<'a> {
    /// A file, with its text where that was read.
    File(Option<&'a str>),
    /// A link: its target, and whether something stands there.
    Link(&'a str, bool),
    /// A folder.
    Folder(Folder<'a>),
}

impl<'a> Folder<'a> {
    /// The project's folder, with nothing in it but `vars` and `sops`.
    pub(super) fn of(tree: &'a Tree) -> Self {
        let mut root = Self::default();
        for entry in &tree.entries {
            if matches!(entry.path.split('/').next(), Some("vars" | "sops")) {
                root.insert(&entry.path, &entry.node);
            }
        }
        root
    }

    fn insert(&mut self, path: &'a str, node: &'a Node) {
        let mut folder = self;
        let mut names = path.splitn(DEEPEST, '/').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                folder.things.entry(name).or_insert_with(|| Thing::of(node));
                return;
            }
            let thing = folder.things.entry(name).or_insert_with(|| Thing::Folder(Folder::default()));
            let Thing::Folder(inner) = thing else { return };
            folder = inner;
        }
    }

    /// What stands in it, sorted by name.
    pub(super) fn things(&self) -> impl Iterator<Item = (&'a str, &Thing<'a>)> {
        self.things.iter().map(|(name, thing)| (*name, thing))
    }

    /// The names of what stands in it, sorted.
    pub(super) fn names(&self) -> Vec<&'a str> {
        self.things.keys().copied().collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Thing<'a>> {
        self.things.get(name)
    }

    /// The folder of a name in it.
    pub(super) fn folder(&self, name: &str) -> Option<&Folder<'a>> {
        match self.get(name) {
            Some(Thing::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    /// Whether a file or a link of this name stands in it.
    pub(super) fn has_file(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Thing::File(_) | Thing::Link(..)))
    }

    /// The text of a file in it.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.get(name) {
            Some(Thing::File(text)) => *text,
            _ => None,
        }
    }

    /// What stands at a path below it, without following links.
    pub(super) fn find(&self, path: &str) -> Option<&Thing<'a>> {
        let mut names = path.split('/');
        let first = self.get(names.next()?)?;
        names.try_fold(first, |thing, name| match thing {
            Thing::Folder(folder) => folder.get(name),
            _ => None,
        })
    }
}

impl<'a> Thing<'a> {
    fn of(node: &'a Node) -> Self {
        match node {
            Node::File { text, .. } => Self::File(text.as_deref()),
            Node::Link { target, resolves } => Self::Link(target, *resolves),
            Node::Folder => Self::Folder(Folder::default()),
        }
    }
}
