//! Judging tests: each asked among its siblings first, and by itself before it is called failed.
//!
//! Flows in: a tree, paths in it, a limit for each. Flows out: an [`Outcome`] for each path, as it becomes known.
//! Must not: stop at the first failure, or let one test's fate decide another's.

use std::time::Duration;

use model::fleet::TreeRef;
use tokio::time::Instant;

use super::{
    super::{
        answer::{End, Reply},
        fault::NixFault,
        fresh::Question,
        pool::Evaluators,
        project::Project,
        quote,
        repl::{NoStart, Request},
    },
    Outcome, outcome,
    subject::Subject,
};

/// Takes the outcome of each path, by its index, and how long it took.
pub type OnOutcome<'a> = &'a mut (dyn FnMut(usize, Outcome, Duration) + Send);

/// A test that has to be asked by itself.
struct Doubt {
    index: usize,
    took: Duration,
}

impl Evaluators {
    /// Judges the tests at `paths` of a tree, each within `limit`.
    ///
    /// Each path gets one outcome. The empty path asks about the tree itself: whether all of it can be walked, and
    /// whether it has a test at all.
    pub async fn judge(&self, tree: &TreeRef, paths: &[Vec<String>], limit: Duration, on: OnOutcome<'_>) {
        let project = match self.project().await {
            Ok(project) => project,
            Err(fault) => return all(paths.len(), &fault, on),
        };
        let mut doubts = Vec::new();
        for (first, group) in groups(paths) {
            let Some((_, parent)) = group.first().and_then(|path| path.split_last()) else {
                self.judge_tree(tree, first, limit, on).await;
                continue;
            };
            let mut answered = 0;
            let mut since = Instant::now();
            let mut hear = |number: usize, reply: Reply| {
                answered = number + 1;
                let took = since.elapsed();
                since = Instant::now();
                let outcome = outcome(&reply.answer, project, limit);
                if self.is_doubtful(&reply, &outcome) {
                    doubts.push(Doubt { index: first + number, took });
                } else {
                    on(first + number, outcome, took);
                }
            };
            let subject = Subject::new(tree, parent, project);
            let cases = group.iter().filter_map(|path| path.last()).map(|name| quote::string(name)).collect();
            let request = Request { ask: "judge", subject: subject.warm, given: subject.given, cases, limit };
            if let Err(fault) = self.ask(subject.scope, request, &mut hear).await {
                let fault = fault.fault(project);
                for number in answered..group.len() {
                    on(first + number, Outcome::Broken(fault.fault()), Duration::ZERO);
                }
            }
        }
        for Doubt { index, took } in doubts {
            let since = Instant::now();
            let path = paths.get(index).map(Vec::as_slice).unwrap_or_default();
            let outcome = self.judge_alone(tree, path, limit, project).await;
            on(index, outcome, took + since.elapsed());
        }
    }

    /// Whether an outcome has to be confirmed by an evaluator that was asked nothing before.
    ///
    /// It has to be where the evaluator died, or where an error of resources may have stuck to a shared value. Of the
    /// other failures of a run the first few are confirmed too, which gives their errors in structure; when a broken
    /// function fails a thousand tests, each would cost an evaluator of its own and say the same.
    fn is_doubtful(&self, Reply { answer, tainted }: &Reply, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::TimedOut(_) => false,
            // An expected error may have come about because another test overflowed the stack.
            Outcome::Pass => *tainted && matches!(answer.end, End::Error(_)),
            Outcome::Broken(_) | Outcome::Fail(_) => {
                matches!(answer.end, End::Died(_)) || *tainted || self.may_confirm()
            }
        }
    }

    async fn judge_alone(
        &self,
        tree: &TreeRef,
        path: &[String],
        limit: Duration,
        project: &Project,
    ) -> Outcome {
        let (name, parent) =
            path.split_last().map_or((String::new(), path), |(name, parent)| (quote::string(name), parent));
        let question =
            Question { about: Subject::new(tree, parent, project).alone, ask: "judge", case: name };
        match self.ask_fresh(&question, limit).await {
            Ok(answer) => outcome(&answer, project, limit),
            Err(fault) => Outcome::Broken(fault.fault(project).fault()),
        }
    }
}

fn all(count: usize, fault: &NixFault, on: OnOutcome<'_>) {
    for index in 0..count {
        on(index, Outcome::Broken(fault.fault()), Duration::ZERO);
    }
}

/// Runs of paths with the same parent, each with the index of its first.
fn groups(paths: &[Vec<String>]) -> impl Iterator<Item = (usize, &[Vec<String>])> {
    let mut first = 0;
    let parent = |path: &Vec<String>| path.split_last().map(|(_, parent)| parent.to_vec());
    paths.chunk_by(move |a, b| parent(a).is_some() && parent(a) == parent(b)).map(move |group| {
        let start = first;
        first += group.len();
        (start, group)
    })
}

impl NoStart {
    /// What it means to the user.
    pub(crate) fn fault(self, project: &Project) -> NixFault {
        match self {
            Self::Fault(fault) => fault,
            Self::Io(source) => NixFault::NotStarted(source),
            Self::Late(limit) => NixFault::Late { limit },
            Self::Died(death) => NixFault::of_death(&death),
            Self::Error(complaint) => NixFault::of_flake(&complaint, project),
        }
    }
}
