//! The source tree, read: what each Nix file is and defines, where it imports from, and which files hold a key in clear.
//!
//! Flows in: a [`Tree`]. Flows out: [`Source`]: facts for policies, and an index from attribute paths to places, by which
//! a finding about a fleet that is defined in Nix alone points at a line.
//! Must not: evaluate Nix, or fail for a file that is broken: a syntax error is a fact.

mod clear;
mod depth;
mod nix;
mod shape;
mod walk;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use model::{
    facts::Places,
    place::{Lines, Place},
    tree::{Node, Tree},
};
use serde_json::{Value, json};

pub use nix::{Definition, NixFile};

/// What the source tree says.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// One for each entry of the tree, in its order.
    pub files: Vec<SourceFile>,
}

/// What one entry of the tree says.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the project's folder.
    pub path: String,
    /// Keys and tokens that stand in it in clear, each with what it is.
    pub clear: Vec<(&'static str, Place)>,
    /// What it says as a Nix file; `None` for any other file, and beyond what is parsed.
    pub nix: Option<NixFile>,
}

/// How many bytes of Nix are parsed; a tree with more is nixpkgs, not a fleet. Files beyond have no Nix facts.
const MOST_NIX: usize = 16 << 20;

/// rnix parses and drops its trees by recursion; this is many times what the limits of [`depth`] allow. Only what is used
/// is ever taken.
const STACK: usize = 64 << 20;

/// How many definitions are kept of all files together.
const MOST_DEFINITIONS: usize = 200_000;

impl Source {
    /// Reads every file of a tree.
    #[must_use]
    pub fn read(tree: &Tree) -> Self {
        let nix = nix_files(tree);
        let mut nix = nix.into_iter().peekable();
        let files = tree.entries.iter().enumerate().map(|(number, entry)| {
            let text = match &entry.node {
                Node::File { text, .. } => text.as_deref(),
                _ => None,
            };
            SourceFile {
                path: entry.path.clone(),
                clear: text.map_or_else(Vec::new, |text| clear::find(&entry.path, text)),
                nix: nix.next_if(|(of, _)| *of == number).and_then(|(_, nix)| nix),
            }
        });
        Self { files: files.collect() }
    }

    /// Whether the fleet follows the dendritic pattern: its modules are imported by import-tree, or stand in
    /// `flake.modules.<class>`.
    #[must_use]
    pub fn is_dendritic(&self) -> bool {
        self.files.iter().filter_map(|file| file.nix.as_ref()).any(|nix| nix.dendritic)
    }

    /// The part `source` of the facts document.
    #[must_use]
    pub fn facts(&self, tree: &Tree) -> Value {
        let files: Vec<Value> =
            self.files.iter().zip(&tree.entries).map(|(file, entry)| fact(file, &entry.node)).collect();
        json!({ "dendritic": self.is_dendritic(), "files": files })
    }

    /// Where the values of the part are written, by pointers into the facts document.
    #[must_use]
    pub fn places(&self) -> Places {
        let mut places = Places::default();
        for (number, file) in self.files.iter().enumerate() {
            let at = format!("/source/files/{number}");
            let mut set = |list: &str, found: &mut dyn Iterator<Item = &Place>| {
                found
                    .enumerate()
                    .for_each(|(index, place)| places.set(format!("{at}/{list}/{index}"), place.clone()));
            };
            set("clear", &mut file.clear.iter().map(|(_, place)| place));
            if let Some(nix) = &file.nix {
                set("nix/errors", &mut nix.errors.iter().map(|(_, place)| place));
                set("nix/imports", &mut nix.imports.iter().map(|(_, place)| place));
                set("nix/specialArgs", &mut nix.special_args().map(|(_, place)| place));
            }
            places.set(at, Place::file(&file.path));
        }
        places
    }

    /// The paths of all Nix files.
    pub fn nix(&self) -> impl Iterator<Item = (&str, &NixFile)> {
        self.files.iter().filter_map(|file| file.nix.as_ref().map(|nix| (file.path.as_str(), nix)))
    }
}

fn fact(file: &SourceFile, node: &Node) -> Value {
    let mut fact = match node {
        Node::File { size, text } => json!({ "kind": "file", "size": size, "read": text.is_some() }),
        Node::Folder => json!({ "kind": "folder" }),
        Node::Link { target, resolves } => json!({ "kind": "link", "target": target, "resolves": resolves }),
    };
    fact["path"] = json!(file.path);
    if !file.clear.is_empty() {
        let clear = file.clear.iter().map(|(kind, place)| json!({ "kind": kind, "line": place.line }));
        fact["clear"] = clear.collect();
    }
    if let Some(nix) = &file.nix {
        fact["nix"] = nix.facts();
    }
    fact
}

/// Parses the Nix files of a tree, each by its number in it; on a stack of their own.
fn nix_files(tree: &Tree) -> Vec<(usize, Option<NixFile>)> {
    let mut left = MOST_NIX;
    let texts = tree.entries.iter().enumerate().filter_map(|(number, entry)| match &entry.node {
        Node::File { text: Some(text), .. } if is_nix(&entry.path) => {
            Some((number, entry.path.as_str(), text.as_str()))
        }
        _ => None,
    });
    let texts: Vec<_> = texts
        .filter(|(.., text)| {
            let fits = text.len() <= left;
            left -= if fits { text.len() } else { 0 };
            fits
        })
        .collect();
    let parse = || {
        let mut left = MOST_DEFINITIONS;
        texts.iter().map(|(number, path, text)| (*number, parse(path, text, &mut left))).collect()
    };
    thread::scope(|scope| {
        let worker =
            thread::Builder::new().name("nix-syntax".to_owned()).stack_size(STACK).spawn_scoped(scope, parse);
        worker.ok().and_then(|worker| worker.join().ok()).unwrap_or_default()
    })
}

fn is_nix(path: &str) -> bool {
    path.ends_with(".nix")
}

fn parse(path: &str, text: &str, left: &mut usize) -> Option<NixFile> {
    let mut file = catch_unwind(AssertUnwindSafe(|| nix::read(path, text, &Lines::of(text)))).ok()?;
    file.definitions.truncate(*left);
    *left -= file.definitions.len();
    Some(file)
}

#[cfg(test)]
mod tests;
