//! Diagnostics on the screen: through miette, pointing into the user's file.

use std::fmt::{self, Write as _};

use load::diagnostic::{Diagnostic, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use crate::screen::Screen;

/// At most so many are shown; the rest is counted.
const SHOWN: usize = 50;

/// Bytes of a line that is still shown.
const LONGEST: usize = 400;

/// A file of the user's with what is wrong in it, as text for the screen.
#[must_use]
pub fn rendered(screen: Screen, text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    let text = harmless(text);
    for diagnostic in diagnostics.iter().take(SHOWN) {
        let file = is_short_at(&text, diagnostic.span.start)
            .then(|| NamedSource::new(&diagnostic.place.file, text.clone()));
        out.push_str(&report(screen, &Pointed { diagnostic, file }));
    }
    if diagnostics.len() > SHOWN {
        let _infallible = writeln!(out, "... and {} more", diagnostics.len() - SHOWN);
    }
    out
}

/// The text with a question mark for each byte of a control character, so that nothing in it speaks to the terminal and
/// everything stays where it is.
#[must_use]
pub fn harmless(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character.to_string(),
        odd if odd.is_control() => "?".repeat(odd.len_utf8()),
        _ => character.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Whether the line at an offset is one that a person would read; a longer one is no help.
fn is_short_at(text: &str, offset: usize) -> bool {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..).map_or(0, |rest| rest.find('\n').unwrap_or(rest.len()));
    offset <= text.len() && line <= LONGEST
}

/// One report with its chain of causes and its help.
#[must_use]
pub fn report(screen: Screen, diagnostic: &dyn miette::Diagnostic) -> String {
    let theme =
        if screen.stderr_color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let width = screen.width.clamp(20, 120);
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1);
    let mut out = String::new();
    match handler.render_report(&mut out, diagnostic) {
        Ok(()) => out,
        // The handler cannot draw this one: a plain line still says what is wrong.
        Err(_) => format!("{diagnostic}\n"),
    }
}

/// A diagnostic of ours as miette wants it.
#[derive(Debug)]
struct Pointed<'a> {
    diagnostic: &'a Diagnostic,
    /// Where the text cannot be shown, the place alone is told.
    file: Option<NamedSource<String>>,
}

impl fmt::Display for Pointed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_none() {
            write!(f, "{}: ", self.diagnostic.place)?;
        }
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Pointed<'_> {}

impl miette::Diagnostic for Pointed<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.diagnostic.span.clone();
        self.file.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_speaks_to_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\n\tc\u{9b}d"), "a?[31mb\n\tc??d");
    }

    #[test]
    fn a_line_that_nobody_would_read_is_not_shown() {
        let text = format!("short\n{}\nshort", "x".repeat(1000));
        assert!(is_short_at(&text, 2));
        assert!(!is_short_at(&text, 10));
        assert!(is_short_at(&text, text.len()));
        assert!(!is_short_at(&text, text.len() + 1));
    }
}
