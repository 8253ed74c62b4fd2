//! What is wrong with a text that the user wrote, and where.
//!
//! Flows in: problems, in any order and any number. Flows out: [`Diagnostic`]s in the order of the text, bounded in number.
//! Must not: format for a screen, or decide what follows from a problem.

use std::{fmt, ops::Range};

use model::place::Place;
use serde::Serialize;

/// One problem of one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether the text can be used all the same.
    pub severity: Severity,
    /// The kind of problem, in kebab case: `unknown-field`. Where a rule of a suite asks the same, the check's name.
    pub code: String,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The bytes of the text that it is about; empty where the whole text, or no text, is meant.
    pub span: Range<usize>,
    /// What may have been meant.
    pub help: Option<String>,
}

/// What a problem means for the text that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The text cannot be used.
    Error,
    /// The text is used as it is.
    Warning,
}

impl Diagnostic {
    /// A problem for which the text cannot be used.
    #[must_use]
    pub fn error(code: &str, message: impl Into<String>, place: Place) -> Self {
        Self::new(Severity::Error, code, message.into(), place)
    }

    /// A problem in spite of which the text is used.
    #[must_use]
    pub fn warning(code: &str, message: impl Into<String>, place: Place) -> Self {
        Self::new(Severity::Warning, code, message.into(), place)
    }

    /// Says which bytes of the text it is about.
    #[must_use]
    pub fn with_span(mut self, span: Range<usize>) -> Self {
        self.span = span;
        self
    }

    /// Says what may have been meant.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    fn new(severity: Severity, code: &str, message: String, place: Place) -> Self {
        Self { severity, code: code.to_owned(), message, place, span: 0..0, help: None }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}[{}]: {}", self.place, self.severity, self.code, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// Collects problems. Of each severity, the first [`Diagnostics::LIMIT`] are kept and the others are counted, so that a
/// huge text in which everything is wrong takes no more memory than it has to.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    errors: Kept,
    warnings: Kept,
}

#[derive(Debug, Clone, Default)]
struct Kept {
    first: Vec<Diagnostic>,
    beyond: usize,
}

impl Diagnostics {
    /// How many problems of one severity are kept.
    pub const LIMIT: usize = 1000;

    /// Takes a problem in.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors.push(diagnostic),
            Severity::Warning => self.warnings.push(diagnostic),
        }
    }

    /// Whether the text cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.errors.first.is_empty()
    }

    /// All that were kept, in the order of the text; one more says how many were not.
    #[must_use]
    pub fn into_vec(self) -> Vec<Diagnostic> {
        let closing = [self.errors.closing(), self.warnings.closing()];
        let mut all: Vec<_> = self.errors.first.into_iter().chain(self.warnings.first).collect();
        all.sort_by(|a, b| (&a.place, a.severity).cmp(&(&b.place, b.severity)));
        all.extend(closing.into_iter().flatten());
        all
    }
}

impl Kept {
    fn push(&mut self, diagnostic: Diagnostic) {
        if self.first.len() < Diagnostics::LIMIT {
            self.first.push(diagnostic);
        } else {
            self.beyond += 1;
        }
    }

    fn closing(&self) -> Option<Diagnostic> {
        let last = self.first.last().filter(|_| self.beyond > 0)?;
        let message = format!("{} more problems of this severity are not shown", self.beyond);
        Some(Diagnostic::new(last.severity, "more-problems", message, Place::file(last.place.file.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, severity: Severity) -> Diagnostic {
        let place = Place::new("fleet.toml", line, 1);
        Diagnostic::new(severity, "odd", "odd".to_owned(), place).with_span(line as usize..line as usize + 1)
    }

    #[test]
    fn problems_come_out_in_the_order_of_the_text() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(at(3, Severity::Warning));
        diagnostics.push(at(2, Severity::Error));
        assert!(diagnostics.has_errors());
        let lines: Vec<_> = diagnostics.into_vec().iter().map(|diagnostic| diagnostic.place.line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_flood_is_counted_and_hides_no_problem_of_the_other_severity() {
        let mut diagnostics = Diagnostics::default();
        (0..5000).for_each(|line| diagnostics.push(at(line, Severity::Warning)));
        assert!(!diagnostics.has_errors());
        diagnostics.push(at(1, Severity::Error));
        let all = diagnostics.into_vec();
        assert_eq!(all.len(), Diagnostics::LIMIT + 2);
        let closing = all.last().map(ToString::to_string);
        let expected =
            "fleet.toml: warning[more-problems]: 4000 more problems of this severity are not shown";
        assert_eq!(closing.as_deref(), Some(expected));
    }
}
