//! Who must reach whom, for people at a terminal and for programs.
//!
//! In: a matrix, and which part of it is meant. Out: text, or JSON. It must not decide what is expected.

mod counts;
mod document;
mod grid;
mod special;
mod terminal;

use std::{collections::BTreeSet, io};

use model::{
    machine::MachineName,
    matrix::{Matrix, Mesh, Pair},
};

use crate::look::Look;

/// A part of a fleet's matrix.
#[derive(Debug, Clone, Copy)]
pub struct Extract<'a> {
    /// The version of seaworthy.
    pub tool: &'a str,
    /// The fleet's name.
    pub fleet: &'a str,
    /// All of it.
    pub matrix: &'a Matrix,
    /// The pairs that one of these is in; every pair, if there are none.
    pub machines: &'a BTreeSet<MachineName>,
    /// The overlay that is meant; every one, if it is not said.
    pub overlay: Option<&'a str>,
}

/// The version of the JSON document's format. New keys may come without a new version; what is there stays as it is.
pub const VERSION: u32 = 1;

/// For a person at a terminal: of each overlay, what is special first. What does not fit is counted.
#[must_use]
pub fn render(extract: &Extract<'_>, look: Look) -> String {
    terminal::render(extract, look)
}

/// Writes one JSON document in one line, with every pair, and a line break. `reports/JSON.md` describes it.
///
/// # Errors
/// Those of the writer.
pub fn write(extract: &Extract<'_>, mut writer: impl io::Write) -> io::Result<()> {
    serde_json::to_writer(&mut writer, &document::Document::of(extract))?;
    writer.write_all(b"\n")
}

impl<'a> Extract<'a> {
    fn meshes(&self) -> impl Iterator<Item = &'a Mesh> + use<'a> {
        let meant = self.overlay;
        self.matrix.meshes.iter().filter(move |mesh| meant.is_none_or(|name| name == mesh.overlay.name))
    }

    fn pairs(self, mesh: &'a Mesh) -> impl Iterator<Item = Pair<'a>> {
        self.matrix.of(mesh).filter(move |pair| {
            self.machines.is_empty() || self.machines.contains(pair.from) || self.machines.contains(pair.to)
        })
    }
}
