//! TOML itself: bytes to a tree of values.
//!
//! Flows in: the file's bytes. Flows out: the tree, as much of it as could be read, and what is wrong with its syntax.
//! Must not: know what the tree is about.

use model::place::{Lines, Place};
use toml::{
    Spanned,
    de::{DeTable, Error},
};

use super::{LARGEST, MENDED, depth::too_deep};
use crate::diagnostic::Diagnostic;

/// The bytes as text, if they are not too many, UTF-8, and of a depth that can be read.
pub(super) fn text<'t>(file: &str, bytes: &'t [u8]) -> Result<&'t str, Box<Diagnostic>> {
    if bytes.len() > LARGEST {
        let message = format!("the file has {} bytes; at most {LARGEST} are read", bytes.len());
        return Err(Box::new(Diagnostic::error("too-large", message, Place::file(file))));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        let before = bytes.get(..good).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default();
        let message = format!("the file is not UTF-8: byte {good} begins no character");
        let place = Place::at_offset(file, before, good);
        Box::new(Diagnostic::error("not-utf8", message, place).with_span(good..good))
    })?;
    too_deep(text).map_or(Ok(text), |offset| {
        let message = "tables and lists are nested too deep from here on".to_owned();
        let place = Place::at_offset(file, text, offset);
        Err(Box::new(Diagnostic::error("too-deep", message, place).with_span(offset..offset)))
    })
}

/// The tree, or at least the first problem. Of a text that is not large, the tree is there in spite of problems.
pub(super) fn tree<'t>(file: &str, text: &'t str) -> (Option<Spanned<DeTable<'t>>>, Vec<Diagnostic>) {
    let (tree, errors) = match DeTable::parse(text) {
        Ok(tree) => return (Some(tree), Vec::new()),
        Err(first) if text.len() > MENDED => (None, vec![first]),
        Err(_) => {
            let (tree, errors) = DeTable::parse_recoverable(text);
            (Some(tree), errors)
        }
    };
    let lines = Lines::of(text);
    let problems: Vec<_> = errors.iter().map(|error| diagnostic(file, text, &lines, error)).collect();
    (tree, without_echoes(problems))
}

fn diagnostic(file: &str, text: &str, lines: &Lines, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or_default();
    let place = error.span().map_or_else(|| Place::file(file), |span| lines.place(file, text, span.start));
    let key = text.get(span.clone()).filter(|_| error.message().starts_with("duplicate key"));
    match key {
        Some(key) => {
            Diagnostic::error("duplicate-key", format!("the key `{key}` stands twice"), place).with_span(span)
        }
        None => Diagnostic::error("toml-syntax", error.message(), place).with_span(span),
    }
}

/// Leaves the first problem of each line. A bracket that is never closed makes a problem of every line that follows, so
/// that only the first of these and the missing bracket are told.
fn without_echoes(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| problem.span.start);
    let first = problems.iter().position(|problem| problem.message.starts_with("missing comma"));
    let unclosed = problems.iter().rposition(|problem| is_unclosed(&problem.message));
    if let (Some(first), Some(unclosed)) = (first, unclosed)
        && first < unclosed
    {
        problems.drain(first + 1..unclosed);
    }
    problems.dedup_by_key(|problem| problem.place.line);
    problems
}

fn is_unclosed(message: &str) -> bool {
    message.starts_with("unclosed array,") || message.starts_with("unclosed inline table")
}
