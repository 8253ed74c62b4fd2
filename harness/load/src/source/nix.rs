//! One Nix file, as far as its text tells.
//!
//! Flows in: the file's text. Flows out: its shape, what it defines and where, what it imports, what it passes on.
//! Must not: evaluate it, or look into another file.

use model::place::{Lines, Place};
use rnix::{ParseError, Root};
use serde_json::{Map, Value, json};

use super::{depth, shape::Shape, walk};

/// What a Nix file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NixFile {
    /// What the file is, once `let`, `with` and `assert` are looked through.
    pub(super) shape: Shape,
    /// What is wrong with its syntax.
    pub(super) errors: Vec<(String, Place)>,
    /// Every attribute that it defines, in the order of the text.
    pub(super) definitions: Vec<Definition>,
    /// The paths in its `imports`.
    pub(super) imports: Vec<(String, Place)>,
    /// Whether it uses import-tree, or defines `flake.modules.<class>`.
    pub(super) dendritic: bool,
}

/// An attribute that a file defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// From the file's outermost set inwards, through functions and their arguments: `flake.modules.nixos.base` and
    /// then what is set in it. A name that is computed is [`Definition::COMPUTED`].
    pub path: Vec<String>,
    /// Where its name is written.
    pub place: Place,
    /// Whether it is bound by a `let`: then the path starts there, and nobody outside sees it by this name.
    pub local: bool,
}

impl Definition {
    /// Stands for a name that is computed.
    pub const COMPUTED: &'static str = "${}";
}

/// How many definitions of one file are kept.
pub(super) const MOST_DEFINITIONS: usize = 5_000;

/// How many definitions of one file the facts document tells.
const MOST_TOLD: usize = 500;

/// How many syntax errors of one file are kept.
const MOST_ERRORS: usize = 5;

pub(super) fn read(path: &str, text: &str, lines: &Lines) -> NixFile {
    if let Some(offset) = depth::too_deep(text) {
        let error = ("nested too deeply".to_owned(), lines.place(path, text, offset));
        return NixFile { errors: vec![error], ..NixFile::default() };
    }
    let parsed = Root::parse(text);
    let errors = parsed.errors().iter().take(MOST_ERRORS);
    let errors = errors.map(|error| syntax_error(error, path, text, lines)).collect();
    let root = parsed.syntax();
    let shape = Shape::of(&root);
    let walked = walk::walk(&root, |offset| lines.place(path, text, offset));
    NixFile {
        shape,
        errors,
        definitions: walked.definitions,
        imports: walked.imports,
        dendritic: walked.dendritic,
    }
}

fn syntax_error(error: &ParseError, path: &str, text: &str, lines: &Lines) -> (String, Place) {
    let (message, range) = match error {
        ParseError::Unexpected(range) => ("unexpected text", Some(range)),
        ParseError::UnexpectedExtra(range) => ("unexpected text after the expression", Some(range)),
        ParseError::UnexpectedWanted(_, range, _) => ("something else is expected here", Some(range)),
        ParseError::UnexpectedDoubleBind(range) => ("the whole argument is named twice", Some(range)),
        ParseError::DuplicatedArgs(range, _) => ("an argument is named twice", Some(range)),
        ParseError::RecursionLimitExceeded => ("nested too deeply", None),
        _ => ("the text ends too early", None),
    };
    let offset = range.map_or(text.len(), |range| usize::from(range.start()));
    (message.to_owned(), lines.place(path, text, offset))
}

impl NixFile {
    /// Every attribute that it defines, in the order of the text.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// `source.files[].nix`
    pub(super) fn facts(&self) -> Value {
        let mut facts = Map::new();
        facts.insert("shape".to_owned(), json!(self.shape.name()));
        if let Some(arguments) = &self.shape.arguments {
            facts.insert("arguments".to_owned(), json!(arguments));
        }
        if let Some(keys) = &self.shape.keys {
            facts.insert("keys".to_owned(), json!(keys));
        }
        facts.insert("defines".to_owned(), self.defines());
        let at = |place: &Place| json!({ "line": place.line, "column": place.column });
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|(message, place)| with(at(place), "message", message));
            facts.insert("errors".to_owned(), errors.collect());
        }
        if !self.imports.is_empty() {
            let imports = self.imports.iter().map(|(path, place)| with(at(place), "path", path));
            facts.insert("imports".to_owned(), imports.collect());
        }
        let passed: Vec<Value> =
            self.special_args().map(|(name, place)| with(at(place), "name", name)).collect();
        if !passed.is_empty() {
            facts.insert("specialArgs".to_owned(), json!(passed));
        }
        Value::Object(facts)
    }

    /// Attribute paths with the lines of their first definitions.
    fn defines(&self) -> Value {
        let mut defines = Map::new();
        for definition in self.definitions.iter().filter(|definition| !definition.local).take(MOST_TOLD) {
            defines.entry(shown(&definition.path)).or_insert_with(|| json!(definition.place.line));
        }
        Value::Object(defines)
    }

    /// The names that it passes to modules by `specialArgs` or home-manager's `extraSpecialArgs`.
    pub(super) fn special_args(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.definitions.iter().filter_map(|definition| {
            let [.., option, name] = definition.path.as_slice() else { return None };
            let passes = option == "specialArgs" || option == "extraSpecialArgs";
            passes.then_some((name.as_str(), &definition.place))
        })
    }
}

fn with(mut at: Value, key: &str, value: &str) -> Value {
    at[key] = json!(value);
    at
}

/// An attribute path as Nix writes it: `flake.modules.nixos."machines/cinnabar"`.
fn shown(path: &[String]) -> String {
    let is_plain = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-'".contains(letter))
    };
    let segments = path.iter().map(|name| match name.as_str() {
        Definition::COMPUTED => name.clone(),
        name if is_plain(name) => name.to_owned(),
        name => format!("{name:?}"),
    });
    segments.collect::<Vec<_>>().join(".")
}
