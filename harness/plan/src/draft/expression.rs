//! The checks of an expression suite: one for each test that was found, and one for each path that could not be walked.
//!
//! In: a definition, and the trees that evaluation found. Out: checks. It must not evaluate anything.

use std::{collections::BTreeSet, fmt::Write as _};

use model::{check::Question, plan::Note, subject::Subject, survey::TestTree};

use super::{Context, Drafting};
use crate::{filter::Candidate, sight::View};

impl Drafting<'_> {
    pub(super) fn expressions(&mut self, context: Context<'_>) {
        if let Some(blind) = self.sight.whole() {
            return self.not_walked(context, &blind);
        }
        let trees = &self.inputs.survey.trees;
        if trees.is_empty() && !self.notes.contains(&Note::NoTests) {
            self.notes.push(Note::NoTests);
        }
        trees.iter().for_each(|tree| self.tree(context, tree));
    }

    /// Where nothing was evaluated, nobody knows the tests of a tree: it is planned as a whole, and not asked.
    fn not_walked(&mut self, context: Context<'_>, why: &str) {
        let declared = self.inputs.fleet.fleet.trees.as_deref().unwrap_or_default();
        for origin in declared {
            let tree = TestTree { origin: origin.clone(), tests: Vec::new(), broken: Vec::new() };
            let view = View { skip: Some(why.to_owned()), blind: Some(why.to_owned()) };
            self.test(context, &tree, &[], view);
        }
        if declared.is_empty() {
            self.notes.push(Note::EmptySuite { suite: context.suite.name.clone(), reason: why.to_owned() });
        }
    }

    /// A tree with nothing in it is asked about itself, so that it cannot pass for one that was tested.
    fn tree(&mut self, context: Context<'_>, tree: &TestTree) {
        let tests: BTreeSet<&[String]> = tree.tests.iter().map(Vec::as_slice).collect();
        let broken: BTreeSet<&[String]> = tree.broken.iter().map(|(path, _)| path.as_slice()).collect();
        tree.tests.iter().for_each(|path| self.test(context, tree, path, View::default()));
        broken.difference(&tests).for_each(|path| self.test(context, tree, path, View::default()));
        if tests.is_empty() && broken.is_empty() {
            self.test(context, tree, &[], View::default());
        }
    }

    fn test(&mut self, context: Context<'_>, tree: &TestTree, path: &[String], view: View) {
        let Context { suite, rule, .. } = context;
        let dotted = dotted(path);
        let id = if path.is_empty() {
            format!("{}::{}", suite.name, tree.origin)
        } else {
            format!("{}::{}::{dotted}", suite.name, tree.origin)
        };
        let candidate = Candidate {
            id: &id,
            rule,
            suite: &suite.name,
            stage: suite.stage,
            machine: None,
            test: Some(&dotted),
        };
        if self.keeps(&candidate) {
            let question = Question::Expression { tree: tree.origin.clone(), path: path.to_vec() };
            self.add(context, id, Subject::Fleet, question, view);
        }
    }
}

/// The path as Nix would write it: `a.b."c.d"`. No two paths look the same.
fn dotted(path: &[String]) -> String {
    let mut text = String::new();
    for (at, segment) in path.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { "." });
        if is_plain(segment) {
            text.push_str(segment);
        } else {
            // Debug escapes quotes, backslashes and control characters; writing to a String cannot fail.
            let _infallible = write!(text, "{segment:?}");
        }
    }
    text
}

fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && !segment
            .contains(|c: char| matches!(c, '.' | '"' | '\\' | ':') || c.is_whitespace() || c.is_control())
}
