//! A set of tests, as expressions.
//!
//! Flows in: a tree and a path in it. Flows out: how an evaluator that stays, and one of its own, name it.
//! Must not: ask.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use model::fleet::TreeRef;

use super::super::{
    fresh::About,
    project::Project,
    quote,
    repl::{PRELUDE, Scope},
};

/// How a set of tests is named.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) scope: Scope,
    /// For an evaluator that stays.
    pub(crate) warm: String,
    /// A variable that it has to be given first.
    pub(crate) given: Option<(String, String)>,
    /// For an evaluator of its own.
    pub(crate) alone: About,
}

impl Subject {
    /// The set at `path` of a tree.
    pub(crate) fn new(tree: &TreeRef, path: &[String], project: &Project) -> Self {
        match tree {
            TreeRef::Flake { attribute } => {
                let whole: Vec<String> = attribute.iter().chain(path).cloned().collect();
                Self { scope: Scope::Flake, warm: output(&whole), given: None, alone: About::Output(whole) }
            }
            TreeRef::File { path: file } => {
                let absolute = project.folder().join(file);
                let root = format!("{PRELUDE}.file (/. + {})", quote::string(&absolute.to_string_lossy()));
                let mut hasher = DefaultHasher::new();
                file.hash(&mut hasher);
                let variable = format!("__tree{:016x}", hasher.finish());
                let select = quote::select(path);
                Self {
                    scope: Scope::Files,
                    warm: format!("{variable}{select}"),
                    alone: About::Expression(format!("({root}){select}")),
                    given: Some((variable, root)),
                }
            }
        }
    }
}

/// A value in the flake's outputs, for an evaluator in whose scope they are.
pub(crate) fn output(path: &[String]) -> String {
    match path.split_first() {
        Some((first, rest)) => format!("{}{}", quote::variable(first), quote::select(rest)),
        None => "throw \"a tree of tests is named by an attribute of the flake\"".to_owned(),
    }
}
