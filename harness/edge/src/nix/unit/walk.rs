//! Walking a tree: which tests it has, and where it is broken.
//!
//! Flows in: a tree. Flows out: a [`TestTree`], complete but for the paths that are broken.
//! Must not: let one attribute that fails hide its siblings.
//!
//! A set is asked for all that is below it at once. If that fails in a way that Nix cannot catch, it is asked for its names
//! and each of its sets is asked by itself; so only the paths on the way to the fault cost more than one question.

use std::time::Duration;

use model::{
    fleet::TreeRef,
    survey::{NixError, TestTree},
};

use super::{
    super::{
        answer::{Answer, End},
        fault::NixFault,
        pool::Evaluators,
        project::Project,
        repl::Request,
    },
    Failure, OnOutcome, Outcome, Walk, empty_tree,
    subject::Subject,
    tree::is_test,
};

/// How many questions about one tree may go unanswered before the rest is left.
const MOST_LATE: usize = 3;
/// More paths than this are no tree of tests.
const MOST_QUESTIONS: usize = 5000;

/// A walk on its way.
struct Walking<'a> {
    tree: &'a TreeRef,
    limit: Duration,
    project: &'a Project,
    found: TestTree,
    late: usize,
    left: usize,
}

impl Evaluators {
    /// Walks a tree; each question within `limit`.
    ///
    /// # Errors
    /// When no evaluator can be started, or one is killed from outside.
    pub async fn walk(&self, tree: &TreeRef, limit: Duration) -> Result<TestTree, NixFault> {
        let project = self.project().await?;
        let found = TestTree { origin: tree.clone(), tests: Vec::new(), broken: Vec::new() };
        let mut walking = Walking { tree, limit, project, found, late: 0, left: MOST_QUESTIONS };
        let mut open = vec![Vec::new()];
        while let Some(path) = open.pop() {
            walking.step(self, path, &mut open).await?;
        }
        let mut found = walking.found;
        // Sorted names, level by level, are nix-unit's order.
        found.tests.sort();
        found.broken.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    /// Judges a tree as a whole, as the path at `index`.
    pub(super) async fn judge_tree(&self, tree: &TreeRef, index: usize, limit: Duration, on: OnOutcome<'_>) {
        let since = tokio::time::Instant::now();
        let outcome = match self.walk(tree, limit).await {
            Err(fault) => Outcome::Broken(fault.fault()),
            Ok(found) => outcome_of_tree(found, &tree.to_string()),
        };
        on(index, outcome, since.elapsed());
    }
}

fn outcome_of_tree(found: TestTree, tree: &str) -> Outcome {
    let mut failures: Vec<Failure> = found
        .broken
        .into_iter()
        .map(|(path, error)| Failure { path: Some(path), ..Failure::of_error(error) })
        .collect();
    if failures.is_empty() && found.tests.is_empty() {
        failures.push(empty_tree(tree));
    }
    if failures.is_empty() { Outcome::Pass } else { Outcome::Fail(failures) }
}

impl Walking<'_> {
    async fn step(
        &mut self,
        pool: &Evaluators,
        path: Vec<String>,
        open: &mut Vec<Vec<String>>,
    ) -> Result<(), NixFault> {
        if self.late >= MOST_LATE || self.left == 0 {
            self.broken(path, own_error("Timeout", "the tree takes too long to walk; this was left out"));
            return Ok(());
        }
        let answer = self.ask(pool, "walk", &path).await?;
        match &answer.end {
            End::Done(_, json) => match Walk::read(&path, json) {
                Some(walk) => self.take(pool, walk, open).await,
                None => Ok(()),
            },
            _ => self.descend(pool, path, open).await,
        }
    }

    async fn take(
        &mut self,
        pool: &Evaluators,
        walk: Walk,
        open: &mut Vec<Vec<String>>,
    ) -> Result<(), NixFault> {
        self.found.tests.extend(walk.tests);
        for path in walk.endless {
            self.broken(
                path,
                own_error("EvalError", "the tree goes on without an end: does a set hold itself?"),
            );
        }
        for path in walk.throws {
            self.descend(pool, path, open).await?;
        }
        Ok(())
    }

    /// Asks for the names of a set that could not be walked as a whole.
    async fn descend(
        &mut self,
        pool: &Evaluators,
        path: Vec<String>,
        open: &mut Vec<Vec<String>>,
    ) -> Result<(), NixFault> {
        let answer = self.ask(pool, "names", &path).await?;
        if let End::Done(_, json) = &answer.end {
            let names: Vec<String> = serde_json::from_str(json).unwrap_or_default();
            for name in names.into_iter().rev() {
                let below = path.iter().cloned().chain([name]).collect::<Vec<_>>();
                let test = below.last().is_some_and(|name| is_test(name));
                if test { self.found.tests.push(below) } else { open.push(below) }
            }
            return Ok(());
        }
        // A value that is no set is not looked into; only the root has to be one.
        let error = self.project.error_of(&answer, self.limit)?;
        if path.is_empty() || !is_no_set(&error) {
            self.broken(path, error);
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        pool: &Evaluators,
        ask: &'static str,
        path: &[String],
    ) -> Result<Answer, NixFault> {
        let subject = Subject::new(self.tree, path, self.project);
        let cases = vec!["null".to_owned()];
        let request = Request { ask, subject: subject.warm, given: subject.given, cases, limit: self.limit };
        let answer = pool.ask_one(subject.scope, request).await.map_err(|fault| fault.fault(self.project))?;
        self.left = self.left.saturating_sub(1);
        self.late += usize::from(answer.end == End::Late);
        Ok(answer)
    }

    fn broken(&mut self, path: Vec<String>, error: NixError) {
        self.found.broken.push((path, error));
    }
}

fn is_no_set(error: &NixError) -> bool {
    error.message.starts_with("expected a set of tests but found ")
}

fn own_error(class: &str, message: &str) -> NixError {
    NixError { class: class.to_owned(), message: message.to_owned(), ..NixError::default() }
}
