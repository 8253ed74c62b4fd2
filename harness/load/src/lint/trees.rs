//! Trees of tests that are not there: their tests would count for nothing.
//!
//! Flows in: a fleet, the flake's outputs where they are known, and which files there are. Flows out: an error for each tree
//! that stands nowhere.
//! Must not: look into a tree.

use model::{
    facts::pointer,
    fleet::{Fleet, TreeRef},
    place::Place,
};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    spans,
};

/// The most outputs that are named.
const NAMED: usize = 12;

/// Every tree that the fleet names and nobody has. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn missing(
    fleet: &Fleet,
    outputs: Option<&[String]>,
    is_file: &dyn Fn(&str) -> bool,
    text: Option<&str>,
) -> Vec<Diagnostic> {
    let mut nearest = Nearest::default();
    let mut problems = Diagnostics::default();
    for (index, tree) in fleet.trees.iter().flatten().enumerate() {
        let (message, help) = match (tree, outputs) {
            (TreeRef::Flake { attribute }, Some(outputs)) => match attribute.first() {
                Some(first) if !outputs.contains(first) => {
                    let near = nearest.question(first, outputs.iter().map(String::as_str));
                    (format!("the flake has no output `{first}`"), near.unwrap_or_else(|| named(outputs)))
                }
                _ => continue,
            },
            (TreeRef::File { path }, _) if !is_file(path) => (
                format!("there is no file `{path}`"),
                "a path is relative to the folder of fleet.toml".to_owned(),
            ),
            _ => continue,
        };
        let place = fleet.places.find(&pointer(["expressions", "trees", &index.to_string()]));
        let place = place.cloned().unwrap_or_else(|| Place::file("fleet.toml"));
        problems.push(Diagnostic::error("missing-tree", message, place).with_help(Some(help)));
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

fn named(outputs: &[String]) -> String {
    let shown: Vec<_> = outputs.iter().take(NAMED).map(|output| format!("`{output}`")).collect();
    let more = if outputs.len() > NAMED { " and more" } else { "" };
    if shown.is_empty() { "it has none".to_owned() } else { format!("it has {}{more}", shown.join(", ")) }
}
