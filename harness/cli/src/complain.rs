//! Diagnostics on the screen: through miette, pointing into the user's file.

use std::fmt::{self, Write as _};

use load::diagnostic::{Diagnostic, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use crate::screen::Screen;

/// At most so many are shown; the rest is counted.
const SHOWN: usize = 50;

/// A file of the user's with what is wrong in it, as text for the screen.
#[must_use]
pub fn rendered(screen: Screen, text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN) {
        let file = NamedSource::new(&diagnostic.place.file, text.to_owned());
        out.push_str(&report(screen, &Pointed { diagnostic, file }));
    }
    if diagnostics.len() > SHOWN {
        let _infallible = writeln!(out, "... and {} more", diagnostics.len() - SHOWN);
    }
    out
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
    file: NamedSource<String>,
}

impl fmt::Display for Pointed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        Some(&self.file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.diagnostic.span.clone();
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len()))))
    }
}
