//! `fleet.toml`: the fleet as its owner writes it.
//!
//! Flows in: the file's bytes. Flows out: a [`Fleet`] as it is written, with the place of every part, and every problem
//! of the file at once.
//! Must not: stop at the first problem, resolve anything, or read the file itself.

use model::{
    facts::Places,
    fleet::{Fleet, FleetSource},
    place::Place,
};
use toml::de::DeTable;

use self::{at::At, reader::Reader};
use crate::diagnostic::Diagnostic;

mod asks;
mod at;
mod boot;
mod calendar;
mod depth;
mod expressions;
mod given;
mod instance;
mod inventory;
mod mesh;
mod promotion;
mod reader;
mod settings;
mod syntax;
mod waivers;

/// The largest `fleet.toml` that is read, in bytes. Some 100,000 machines fit.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// The largest text, in bytes, that is read on after an error of syntax. Of a larger one, only the first such error is
/// told: each error takes many times the memory of the byte that it is about.
const MENDED: usize = 256 * 1024;

/// Reads a `fleet.toml`; `file` is its path relative to the project's folder, for places.
///
/// A fleet comes out if there is no error among the problems. Whether what is written makes sense as a whole (a machine
/// that a role names and nobody defines) is asked later: by [`crate::lint`], and by the suites' invariants.
#[must_use]
pub fn parse(file: &str, bytes: &[u8]) -> (Option<Fleet>, Vec<Diagnostic>) {
    let text = match syntax::text(file, bytes) {
        Ok(text) => text,
        Err(problem) => return (None, vec![*problem]),
    };
    let (tree, problems) = syntax::tree(file, text);
    let mut reader = Reader::new(file, text, problems);
    let fleet = tree.map(|root| fleet(&mut reader, file, root.get_ref()));
    let Reader { places, diagnostics, .. } = reader;
    let sound = fleet.filter(|_| !diagnostics.has_errors());
    (sound.map(|fleet| Fleet { places, ..fleet }), diagnostics.into_vec())
}

fn fleet<'t>(reader: &mut Reader<'t>, file: &str, root: &DeTable<'t>) -> Fleet {
    reader.only(&At::ROOT, root, &["boot", "expressions", "inventory", "mesh", "promotion", "waivers"]);
    reader.places.set("", Place::file(file));
    let (boot, asks) = boot::read(reader, root);
    Fleet {
        source: FleetSource::FleetToml,
        inventory: inventory::read(reader, root),
        trees: expressions::read(reader, root),
        boot,
        asks,
        exceptions: mesh::read(reader, root),
        promotion: promotion::read(reader, root),
        waivers: waivers::read(reader, root),
        places: Places::default(),
    }
}
