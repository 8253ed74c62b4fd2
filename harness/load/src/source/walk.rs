//! Walks a Nix file's syntax tree once, without recursion.
//!
//! Flows in: the tree. Flows out: every definition with its whole path, and every path that is imported.
//! Must not: mind that the tree is broken: what can be made out counts.

use model::place::Place;
use rnix::{
    SyntaxKind::{
        NODE_ATTRPATH, NODE_ATTRPATH_VALUE, NODE_DYNAMIC, NODE_IDENT, NODE_INHERIT, NODE_INHERIT_FROM,
        NODE_INTERPOL, NODE_LEGACY_LET, NODE_LET_IN, NODE_PATH_ABS, NODE_PATH_REL, NODE_STRING,
        TOKEN_STRING_CONTENT,
    },
    SyntaxNode, WalkEvent,
};

use super::nix::{Definition, MOST_DEFINITIONS};

#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) definitions: Vec<Definition>,
    pub(super) imports: Vec<(String, Place)>,
    pub(super) dendritic: bool,
}

/// Where the walk is: inside which definitions.
#[derive(Debug, Default)]
struct Inside {
    path: Vec<String>,
    /// Where the innermost `let` starts in the path.
    base: usize,
    local: bool,
    /// What to go back to when a definition is left: the path's length, the base, and whether it was local.
    before: Vec<(usize, usize, bool)>,
}

pub(super) fn walk(root: &SyntaxNode, place: impl Fn(usize) -> Place) -> Walked {
    let mut walked = Walked::default();
    let mut inside = Inside::default();
    for event in root.preorder() {
        match event {
            WalkEvent::Enter(node) => walked.enter(&node, &mut inside, &place),
            WalkEvent::Leave(node) if node.kind() == NODE_ATTRPATH_VALUE => inside.leave(),
            WalkEvent::Leave(_) => {}
        }
    }
    walked
}

impl Walked {
    fn enter(&mut self, node: &SyntaxNode, inside: &mut Inside, place: &impl Fn(usize) -> Place) {
        let at = |node: &SyntaxNode| place(usize::from(node.text_range().start()));
        match node.kind() {
            NODE_ATTRPATH_VALUE => {
                inside.enter(node);
                self.define(inside, None, || at(node));
            }
            NODE_INHERIT => {
                for name in node.children().filter(|child| child.kind() != NODE_INHERIT_FROM) {
                    self.define(inside, Some(attribute(&name)), || at(&name));
                }
            }
            NODE_PATH_REL | NODE_PATH_ABS if self.takes_import(inside) => {
                self.imports.push((node.text().to_string(), at(node)));
            }
            NODE_IDENT if node.text() == "import-tree" => self.dendritic = true,
            _ => {}
        }
    }

    fn takes_import(&self, inside: &Inside) -> bool {
        self.imports.len() < MOST_DEFINITIONS && inside.path().iter().any(|name| name == "imports")
    }

    fn define(&mut self, inside: &Inside, name: Option<String>, place: impl Fn() -> Place) {
        let path: Vec<String> = inside.path().iter().cloned().chain(name).collect();
        self.dendritic |= is_machines_module(&path);
        if self.definitions.len() < MOST_DEFINITIONS && path.len() <= LONGEST {
            self.definitions.push(Definition { path, place: place(), local: inside.local });
        }
    }
}

/// `flake.modules.<class>`, of a class that machines are built of: other flakes have modules of their own kinds there.
fn is_machines_module(path: &[String]) -> bool {
    let [flake, modules, class, ..] = path else { return false };
    flake == "flake" && modules == "modules" && ["nixos", "darwin", "homeManager"].contains(&class.as_str())
}

/// Paths with more segments than this say nothing that anybody looks up; without a limit, a file of nested sets would
/// take quadratic space.
const LONGEST: usize = 24;

impl Inside {
    fn path(&self) -> &[String] {
        self.path.get(self.base..).unwrap_or_default()
    }

    fn enter(&mut self, definition: &SyntaxNode) {
        self.before.push((self.path.len(), self.base, self.local));
        let parent = definition.parent().map(|parent| parent.kind());
        if parent == Some(NODE_LET_IN) || parent == Some(NODE_LEGACY_LET) {
            self.base = self.path.len();
            self.local = true;
        }
        let path = definition.children().find(|child| child.kind() == NODE_ATTRPATH);
        let names = path.into_iter().flat_map(|path| path.children());
        self.path.extend(names.map(|name| attribute(&name)));
    }

    fn leave(&mut self) {
        if let Some((length, base, local)) = self.before.pop() {
            self.path.truncate(length);
            (self.base, self.local) = (base, local);
        }
    }
}

/// A segment of an attribute path: an identifier, or a string that computes nothing.
pub(super) fn attribute(node: &SyntaxNode) -> String {
    let string = match node.kind() {
        NODE_IDENT => return node.text().to_string(),
        NODE_DYNAMIC => node.first_child().filter(|inner| inner.kind() == NODE_STRING),
        NODE_STRING => Some(node.clone()),
        _ => None,
    };
    match string {
        Some(string) if string.children().all(|child| child.kind() != NODE_INTERPOL) => contents(&string),
        _ => Definition::COMPUTED.to_owned(),
    }
}

fn contents(string: &SyntaxNode) -> String {
    let tokens = string.children_with_tokens().filter_map(|child| child.into_token());
    tokens.filter(|token| token.kind() == TOKEN_STRING_CONTENT).map(|token| token.text().to_owned()).collect()
}
