//! What of a tree is told, at which place, and what is never told.

mod certificates;
mod layout;
mod properties;
mod readers;
mod tree;

use serde_json::{Value, json};

use super::*;
use tree::{file, link, tree};

/// The value at a JSON pointer into the whole document.
#[track_caller]
fn at(vars: &Vars, pointer: &str) -> Value {
    let document = json!({"vars": vars.vars, "sops": vars.sops});
    document.pointer(pointer).cloned().unwrap_or_else(|| panic!("nothing at {pointer}: {document:#}"))
}

/// Where the value at a JSON pointer is written.
fn place(vars: &Vars, pointer: &str) -> String {
    vars.places.find(pointer).map(ToString::to_string).unwrap_or_default()
}
