//! `[expressions]`: where the fleet's nix-unit trees are.
//!
//! Flows in: the table. Flows out: [`TreeRef`]s, or none where the flake's usual outputs are meant.
//! Must not: look whether a tree exists.

use model::fleet::TreeRef;
use toml::de::DeTable;

use super::{at::At, reader::Reader};

const FORMS: &str =
    "write `.#<attribute>` for an output of the flake, or the path of a `.nix` file below this folder";

/// Reads `[expressions]`.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> Option<Vec<TreeRef>> {
    let fields = reader.table(&At::ROOT, root, "expressions")?;
    let at = At::ROOT.child("expressions");
    reader.only(&at, fields, &["trees"]);
    let value = reader.field(&at, fields, "trees")?;
    let mut trees = Vec::new();
    for (text, span) in reader.texts(&at.child("trees"), value) {
        match tree(&text) {
            Some(tree) if trees.contains(&tree) => {
                reader.warning("duplicate-member", format!("the tree {text:?} is named twice"), span, None);
            }
            Some(tree) => {
                reader.mark(&at.child("trees").child(&trees.len().to_string()), &span);
                trees.push(tree);
            }
            None => {
                reader.error("bad-value", format!("{text:?} names no tree"), span, Some(FORMS.to_owned()))
            }
        }
    }
    Some(trees)
}

fn tree(text: &str) -> Option<TreeRef> {
    if let Some(attribute) = text.strip_prefix(".#") {
        return attributes(attribute).map(|attribute| TreeRef::Flake { attribute });
    }
    let path = text.strip_prefix("./").unwrap_or(text);
    let inside = path.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
    let is_file = path.ends_with(".nix") && !path.contains(['#', '\\', '\0']);
    (inside && is_file).then(|| TreeRef::File { path: path.to_owned() })
}

/// An attribute path as Nix's command line reads it: names between dots, one in quotes may hold dots.
fn attributes(text: &str) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => names.push(String::new()),
            other => names.last_mut()?.push(other),
        }
    }
    (!quoted && names.iter().all(|name| !name.is_empty())).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::tree;

    #[test]
    fn a_tree_is_an_output_or_a_file_below_the_folder() {
        let shown = |text| tree(text).map(|tree| tree.to_string());
        assert_eq!(shown(".#tests").as_deref(), Some(".#tests"));
        assert_eq!(shown(".#tests.systems.\"x.y\"").as_deref(), Some(".#tests.systems.x.y"));
        assert_eq!(shown("./tests/unit.nix").as_deref(), Some("tests/unit.nix"));
    }

    #[test]
    fn all_else_is_refused() {
        for text in [
            "",
            ".#",
            ".#a..b",
            ".#\"a",
            "github:a/b#c",
            "../a.nix",
            "/a.nix",
            "a//b.nix",
            "tests",
            "a\0.nix",
        ] {
            assert_eq!(tree(text), None, "{text:?}");
        }
    }
}
