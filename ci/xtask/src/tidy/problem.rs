//! One broken rule, at its place.

use std::fmt;

/// One thing to mend. Ordered by place, so that a list of them reads along the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Path from the repository's root, with `/`.
    pub(crate) file: String,
    /// Counted from 1; 1 where the whole file is meant.
    pub(crate) line: usize,
    /// What is wrong, and what would be right.
    pub(crate) message: String,
}

impl Problem {
    /// A problem at a line of a file.
    pub(crate) fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn is_shown_as_a_place_that_editors_open() {
        let problem = Problem::new("a/b.rs", 7, "too long");
        assert_eq!(problem.to_string(), "a/b.rs:7: too long");
    }
}
