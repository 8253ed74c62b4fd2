//! What an evaluator answered to one case of a request.
//!
//! Flows in: what it said, line by line. Flows out: an [`Answer`] for each case.
//! Must not: judge it.

use std::{collections::VecDeque, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use super::{class::Caught, complaint::Complaint};

/// The answer to one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What was said on the way: kind and text.
    pub(crate) notes: Vec<(String, String)>,
    /// How it ended.
    pub(crate) end: End,
}

/// An answer, and whether it may be the fault of what the evaluator was asked before: an error of resources sticks to the
/// values that it passed through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) tainted: bool,
}

/// Takes the reply to each case, by its number.
pub(crate) type OnReply<'a> = &'a mut (dyn FnMut(usize, Reply) + Send);

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// With a last word: kind and text.
    Done(String, String),
    /// With an error that the evaluator lived through.
    Error(Complaint),
    /// With the evaluator's death.
    Died(Death),
    /// Not in time; the evaluator was killed.
    Late,
}

impl Answer {
    /// Whether `tryEval` caught the error that it ends with. A test that expects an error is always tried.
    pub(crate) fn caught(&self) -> Caught {
        match (self.note("caught"), self.note("type")) {
            (Some(_), _) => Caught::Yes,
            (None, Some(_)) => Caught::No,
            (None, None) => Caught::Untried,
        }
    }

    /// What was noted of a kind.
    pub(crate) fn note(&self, kind: &str) -> Option<&str> {
        self.notes.iter().find(|(noted, _)| noted == kind).map(|(_, text)| text.as_str())
    }
}

/// How an evaluator died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Death {
    /// The exit code, if it ended by itself.
    pub(crate) code: Option<i32>,
    /// The signal that killed it.
    pub(crate) signal: Option<i32>,
    /// Its last words.
    pub(crate) words: Vec<String>,
}

/// Why an evaluator died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It overflowed the stack of the machine.
    Stack,
    /// It hit its limit of memory.
    Memory,
    /// It broke down: an internal error of nix.
    Crash,
    /// Somebody killed it: the system for lack of memory, or a person.
    Killed,
    /// It ended by itself, and did not say why.
    Left,
}

impl Death {
    /// From the exit status, where there is one, and the last lines that were said.
    pub(crate) fn new(status: Option<ExitStatus>, words: impl IntoIterator<Item = String>) -> Self {
        Self {
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            words: words.into_iter().collect(),
        }
    }

    /// Why, as far as status and last words tell.
    pub(crate) fn cause(&self) -> Cause {
        let said =
            |words: &[&str]| self.words.iter().any(|line| words.iter().any(|word| line.contains(word)));
        // A wrapper that did not `exec` tells of its child's signal by 128 and more.
        let signal = self.signal.or(self.code.filter(|code| *code > 128).map(|code| code - 128));
        if said(&["stack overflow"]) {
            Cause::Stack
        } else if said(&[
            "Out of Memory",
            "out of memory",
            "bad_alloc",
            "Insufficient space",
            "Failed to expand heap",
        ]) {
            Cause::Memory
        } else {
            match signal {
                // SIGILL, SIGTRAP, SIGABRT, SIGBUS (Linux), SIGFPE, SIGBUS (darwin), SIGSEGV
                Some(4..=8 | 10 | 11) => Cause::Crash,
                Some(_) => Cause::Killed,
                None => Cause::Left,
            }
        }
    }
}

impl Death {
    /// The class and the words for a death that is the doing of what was asked; `None` if it is not.
    pub(crate) fn of_test(&self) -> Option<(&'static str, &'static str)> {
        match self.cause() {
            Cause::Stack => Some(("StackOverflow", "the evaluator's stack overflowed (infinite recursion?)")),
            Cause::Memory => Some(("OutOfMemory", "the evaluator used up its memory")),
            Cause::Crash => Some(("Crash", "the evaluator crashed")),
            Cause::Killed | Cause::Left => None,
        }
    }
}

/// The last lines of what is not in nix's form.
#[derive(Debug, Default)]
pub(crate) struct LastWords(VecDeque<String>);

impl LastWords {
    /// Enough for a garbage collector's cries and what comes after them.
    const MOST: usize = 20;

    pub(crate) fn add(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(super::complaint::plain(line).chars().take(400).collect());
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: i32, words: &[&str], cause: Cause) {
        let words = words.iter().map(|word| (*word).to_owned());
        assert_eq!(Death::new(Some(ExitStatus::from_raw(raw)), words).cause(), cause);
    }

    #[test]
    fn deaths_have_their_causes() {
        check(1 << 8, &["error: stack overflow (possible infinite recursion)"], Cause::Stack);
        check(6, &["GC Warning: Out of Memory! Heap size: 784 MiB. Returning NULL!"], Cause::Memory);
        check(6, &["terminate called"], Cause::Crash);
        check(134 << 8, &[], Cause::Crash);
        check(11, &[], Cause::Crash);
        check(9, &[], Cause::Killed);
        check(137 << 8, &[], Cause::Killed);
        check(1 << 8, &["odd"], Cause::Left);
        check(0, &[], Cause::Left);
    }

    #[test]
    fn last_words_are_few() {
        let mut words = LastWords::default();
        (0..100).for_each(|number| words.add(&number.to_string()));
        let words = words.take();
        assert_eq!((words.len(), words.last().map(String::as_str)), (20, Some("99")));
    }
}
