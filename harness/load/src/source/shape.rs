//! What a Nix file is: a function or a set, and with which arguments and outermost names.
//!
//! Flows in: a file's syntax tree. Flows out: its shape. Must not: go deeper than the outermost set.

use rnix::{
    SyntaxKind::{
        NODE_APPLY, NODE_ASSERT, NODE_ATTR_SET, NODE_ATTRPATH, NODE_ATTRPATH_VALUE, NODE_ERROR, NODE_IDENT,
        NODE_IDENT_PARAM, NODE_INHERIT, NODE_INHERIT_FROM, NODE_LAMBDA, NODE_LET_IN, NODE_PAREN,
        NODE_PAT_ENTRY, NODE_PATTERN, NODE_WITH,
    },
    SyntaxNode,
};

use super::walk;

/// What a Nix file is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    kind: Kind,
    /// The names of a function's arguments, where it takes a set; of one that takes it whole, none.
    pub(super) arguments: Option<Vec<String>>,
    /// The outermost names of the set that it is or gives, where that is written down as a set.
    pub(super) keys: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    Function,
    Set,
    Other,
    #[default]
    Broken,
}

impl Shape {
    /// The shape of a whole file.
    pub(super) fn of(root: &SyntaxNode) -> Self {
        let mut shape = Self::default();
        let Some(mut expression) = root.first_child() else { return Self { kind: Kind::Broken, ..shape } };
        let mut is_function = false;
        loop {
            expression = look_through(expression);
            if expression.kind() != NODE_LAMBDA {
                break;
            }
            is_function = true;
            let Some((arguments, body)) = function(&expression) else { break };
            shape.arguments.get_or_insert(arguments);
            expression = body;
        }
        shape.keys = keys(&expression);
        shape.kind = match expression.kind() {
            NODE_ERROR => Kind::Broken,
            _ if is_function => Kind::Function,
            NODE_ATTR_SET => Kind::Set,
            _ => Kind::Other,
        };
        shape
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Function => "function",
            Kind::Set => "set",
            Kind::Other => "other",
            Kind::Broken => "broken",
        }
    }
}

/// The expression inside parentheses, `let`, `with` and `assert`: always the last one.
fn look_through(mut expression: SyntaxNode) -> SyntaxNode {
    while [NODE_PAREN, NODE_LET_IN, NODE_WITH, NODE_ASSERT].contains(&expression.kind()) {
        match expression.last_child() {
            Some(inner) => expression = inner,
            None => break,
        }
    }
    expression
}

fn function(lambda: &SyntaxNode) -> Option<(Vec<String>, SyntaxNode)> {
    let argument = lambda.first_child()?;
    let body = lambda.last_child().filter(|body| *body != argument)?;
    let names = match argument.kind() {
        NODE_PATTERN => argument
            .children()
            .filter(|child| child.kind() == NODE_PAT_ENTRY)
            .filter_map(|entry| name(&entry))
            .collect(),
        NODE_IDENT_PARAM => Vec::new(),
        _ => return None,
    };
    Some((names, body))
}

fn name(around: &SyntaxNode) -> Option<String> {
    let ident = around.children().find(|child| child.kind() == NODE_IDENT)?;
    Some(ident.text().to_string())
}

/// The outermost names of a set; of `lib.mkIf condition { .. }` and the like, those of the last argument.
fn keys(expression: &SyntaxNode) -> Option<Vec<String>> {
    let mut set = expression.clone();
    while set.kind() == NODE_APPLY {
        set = look_through(set.last_child()?);
    }
    if set.kind() != NODE_ATTR_SET {
        return None;
    }
    let mut keys: Vec<String> = Vec::new();
    for entry in set.children() {
        match entry.kind() {
            NODE_ATTRPATH_VALUE => {
                let path = entry.children().find(|child| child.kind() == NODE_ATTRPATH);
                keys.extend(path.and_then(|path| path.first_child()).map(|first| walk::attribute(&first)));
            }
            NODE_INHERIT => {
                let names = entry.children().filter(|child| child.kind() != NODE_INHERIT_FROM);
                keys.extend(names.map(|name| walk::attribute(&name)));
            }
            _ => {}
        }
    }
    keys.sort();
    keys.dedup();
    Some(keys)
}
