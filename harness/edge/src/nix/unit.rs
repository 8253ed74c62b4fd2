//! nix-unit's semantics: what an answer says about a test.
//!
//! Flows in: the `Answer` to a test, and its tree's project. Flows out: an [`Outcome`].
//! Must not: ask anything.
//!
//! Source: nix-unit `src/nix-unit.cc`. `expected` wins over `expectedError`; both sides are forced deeply and compared with
//! `==`; `expectedError.type` is compared exactly with the most specific class; `expectedError.msg` is an ECMAScript
//! regular expression that has to match somewhere in the bare message. What differs from nix-unit: a tree in which nothing
//! is tested fails, one that fails at one path is judged at the others, and derivations are not walked into.

mod judge;
mod pattern;
pub(crate) mod subject;
mod tree;
mod walk;

use std::time::Duration;

use model::{
    finding::Finding,
    place::Place,
    subject::Subject,
    survey::NixError,
    verdict::{Fault, Verdict},
};

use super::{
    answer::{Answer, Death, End},
    class::class,
    complaint::{Complaint, Spot, cut},
    fault::{NixFault, place_of},
    project::Project,
};
pub use judge::OnOutcome;
pub(crate) use tree::join;
use tree::{Walk, empty_tree};

/// What is known of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not.
    Fail(Vec<Failure>),
    /// No answer within the limit.
    TimedOut(Duration),
    /// The harness could not tell.
    Broken(Fault),
}

/// Why a test does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// The path in the tree, where it is another than the one that was asked about.
    pub path: Option<Vec<String>>,
    /// In a sentence without a full stop.
    pub message: String,
    /// In the user's files.
    pub place: Option<Place>,
    /// What was expected, as text.
    pub expected: Option<String>,
    /// What was found, as text.
    pub actual: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The evaluator's trace, innermost last.
    pub trace: Vec<String>,
}

impl Outcome {
    /// The verdict on the test at `path`, findings under `rule`.
    #[must_use]
    pub fn verdict(self, rule: &str, subject: &Subject, path: &[String]) -> Verdict {
        match self {
            Self::Pass => Verdict::Pass,
            Self::TimedOut(limit) => Verdict::TimedOut { limit },
            Self::Broken(fault) => Verdict::Broken { fault },
            Self::Fail(failures) => {
                let finding = |failure: Failure| failure.finding(rule, subject, path);
                Verdict::Fail { findings: failures.into_iter().map(finding).collect() }
            }
        }
    }
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// An error of the evaluator where none was expected.
    pub(crate) fn of_error(error: NixError) -> Self {
        Self {
            message: format!("{}: {}", error.class, error.message),
            place: place_of(&error),
            trace: error.trace,
            ..Self::default()
        }
    }

    fn finding(self, rule: &str, subject: &Subject, path: &[String]) -> Finding {
        let pointer = join(self.path.as_deref().unwrap_or(path));
        Finding {
            rule: rule.to_owned(),
            subject: subject.clone(),
            message: self.message,
            place: self.place,
            pointer: Some(pointer).filter(|pointer| !pointer.is_empty()),
            expected: self.expected,
            actual: self.actual,
            help: self.help,
            trace: self.trace,
        }
    }
}

/// What the answer to a test says about it.
pub(crate) fn outcome(answer: &Answer, project: &Project, limit: Duration) -> Outcome {
    let mut failure = match &answer.end {
        End::Late => return Outcome::TimedOut(limit),
        End::Done(kind, text) => match kind.as_str() {
            "pass" => return Outcome::Pass,
            "differ" => differ(answer),
            "calm" => calm(answer),
            "shape" => Failure::new(text.clone()),
            _ => return Outcome::Broken(unknown(kind)),
        },
        End::Error(complaint) => match raised(answer, complaint, project) {
            None => return Outcome::Pass,
            Some(failure) => failure,
        },
        End::Died(death) => match died(death) {
            Ok(failure) => failure,
            Err(fault) => return Outcome::Broken(fault),
        },
    };
    failure.place = failure.place.or_else(|| place_of_test(answer, project));
    Outcome::Fail(vec![failure])
}

fn unknown(kind: &str) -> Fault {
    Fault {
        what: format!("the evaluator gave an answer of an unknown kind, `{kind}`"),
        remedy: None,
        detail: Vec::new(),
    }
}

fn differ(answer: &Answer) -> Failure {
    let (expected, actual) = (answer.note("expected"), answer.note("actual"));
    let alike = expected == actual;
    Failure {
        expected: expected.map(cut),
        actual: actual.map(cut),
        help: alike.then(|| {
            "the two look alike but are not equal: no function is equal to another, and derivations are compared by \
             their output paths"
                .to_owned()
        }),
        ..Failure::new("the value is not the expected one")
    }
}

fn calm(answer: &Answer) -> Failure {
    Failure {
        expected: Some(expectation(answer)),
        actual: answer.note("actual").map(cut),
        ..Failure::new("an error was expected, but there was none")
    }
}

fn expectation(answer: &Answer) -> String {
    let given = |kind| answer.note(kind).filter(|text| !text.is_empty());
    match (given("type"), given("msg")) {
        (Some(class), Some(pattern)) => format!("{class} matching /{pattern}/"),
        (Some(class), None) => class.to_owned(),
        (None, pattern) => format!("an error matching /{}/", pattern.unwrap_or_default()),
    }
}

/// A test that raised an error: `None` if it is the expected one.
fn raised(answer: &Answer, complaint: &Complaint, project: &Project) -> Option<Failure> {
    let class = class(complaint, answer.caught());
    let error = project.error(complaint, class);
    // Both are noted once the test is known to expect an error; an error before that is the test's own.
    let (Some(wanted), Some(pattern)) = (answer.note("type"), answer.note("msg")) else {
        return Some(Failure::of_error(error));
    };
    let (expected, actual) = (expectation(answer), format!("{class}: {}", error.message));
    let message = if !wanted.is_empty() && wanted != class {
        format!("an error of type {wanted} was expected, but it is {class}")
    } else {
        match pattern::matches(pattern, &complaint.message) {
            Ok(true) => return None,
            Ok(false) => "the error's message does not match".to_owned(),
            Err(reason) => format!("`expectedError.msg` cannot be used as a regular expression: {reason}"),
        }
    };
    Some(Failure { message, expected: Some(expected), actual: Some(actual), ..Failure::of_error(error) })
}

/// An evaluator that died over a test: the test's own doing, or not.
fn died(death: &Death) -> Result<Failure, Fault> {
    match death.of_test() {
        Some((class, what)) => Ok(Failure {
            help: Some("no evaluator outlives this; the other tests were judged by another".to_owned()),
            trace: death.words.clone(),
            ..Failure::new(format!("{class}: {what}"))
        }),
        None => Err(NixFault::of_death(death).fault()),
    }
}

/// Where the test's attribute stands.
fn place_of_test(answer: &Answer, project: &Project) -> Option<Place> {
    let mut parts = answer.note("at")?.splitn(3, ' ');
    let (line, column) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    project.place(&Spot::of_parts(parts.next()?, line, column))
}

#[cfg(test)]
#[path = "unit_tests.rs"]
mod tests;
