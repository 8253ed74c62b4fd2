//! Reads a TOML file table by table, with a problem for each key that is unknown, missing or of the wrong type.
//!
//! Flows in: a file's text. Flows out: typed values, and problems with their spans. Must not: know what the keys mean.

use std::ops::Range;

use model::place::{Lines, Place};
use toml_edit::{Document, Item, TableLike, TomlError};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// A file that is being read.
pub(super) struct Reader<'a> {
    /// As messages show it.
    file: String,
    text: &'a str,
    lines: Lines,
    problems: &'a mut Diagnostics,
}

/// A value and the bytes at which it is written.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: String, text: &'a str, problems: &'a mut Diagnostics) -> Self {
        Self { file, text, lines: Lines::of(text), problems }
    }

    /// Notes a problem at some bytes of the file.
    pub(super) fn error(&mut self, code: &str, span: Range<usize>, message: String, help: Option<String>) {
        let place = self.place(span.start);
        self.problems.push(Diagnostic::error(code, message, place).with_span(span).with_help(help));
    }

    /// Where a byte of the file stands.
    pub(super) fn place(&self, offset: usize) -> Place {
        self.lines.place(&self.file, self.text, offset)
    }

    /// The file as a TOML document.
    pub(super) fn document(&mut self) -> Option<Document<&'a str>> {
        match Document::parse(self.text) {
            Ok(document) => Some(document),
            Err(error) => {
                self.syntax(&error);
                None
            }
        }
    }

    fn syntax(&mut self, error: &TomlError) {
        let message = format!("this is not TOML: {}", error.message().trim().replace('\n', ", "));
        self.error("syntax", error.span().unwrap_or(0..0), message, None);
    }

    /// Refuses the keys of a table that are not among those that are known.
    pub(super) fn only(&mut self, table: &dyn TableLike, known: &[&str]) {
        for (key, item) in table.iter() {
            if !known.contains(&key) {
                let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
                self.error(
                    "unknown-key",
                    span.unwrap_or(0..0),
                    format!("no key is called `{key}` here"),
                    nearest(key, known),
                );
            }
        }
    }

    /// A text that may be missing; one that is empty or blank counts as wrong.
    pub(super) fn text(&mut self, table: &dyn TableLike, key: &str) -> Option<Spanned<String>> {
        let item = table.get(key)?;
        let span = item.span().unwrap_or(0..0);
        match item.as_str() {
            Some(text) if !text.trim().is_empty() => Some(Spanned { value: text.to_owned(), span }),
            Some(_) => self.wrong(key, span, "a text that says something"),
            None => self.wrong(key, span, "a text"),
        }
    }

    /// A text that must be there.
    pub(super) fn required(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        around: &Range<usize>,
    ) -> Option<Spanned<String>> {
        if table.get(key).is_none() {
            self.error("missing-key", around.clone(), format!("`{key}` is missing"), None);
        }
        self.text(table, key)
    }

    /// A list of texts that may be missing.
    pub(super) fn texts(&mut self, table: &dyn TableLike, key: &str) -> Vec<Spanned<String>> {
        let Some(item) = table.get(key) else { return Vec::new() };
        let Some(array) = item.as_array() else {
            self.wrong::<()>(key, item.span().unwrap_or(0..0), "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in array {
            let span = value.span().unwrap_or(0..0);
            match value.as_str() {
                Some(text) => texts.push(Spanned { value: text.to_owned(), span }),
                None => _ = self.wrong::<()>(key, span, "a list of texts"),
            }
        }
        texts
    }

    /// The tables of a list of tables, in either of TOML's spellings, each with the bytes of its heading.
    pub(super) fn tables<'t>(
        &mut self,
        table: &'t dyn TableLike,
        key: &str,
    ) -> Vec<Spanned<&'t dyn TableLike>> {
        let Some(item) = table.get(key) else { return Vec::new() };
        match item {
            Item::ArrayOfTables(tables) => tables.iter().map(heading).collect(),
            Item::Value(toml_edit::Value::Array(array))
                if array.iter().all(toml_edit::Value::is_inline_table) =>
            {
                let tables = array.iter().filter_map(toml_edit::Value::as_inline_table);
                tables
                    .map(|table| Spanned {
                        value: table as &dyn TableLike,
                        span: table.span().unwrap_or(0..0),
                    })
                    .collect()
            }
            _ => {
                self.wrong::<()>(key, item.span().unwrap_or(0..0), "a list of tables");
                Vec::new()
            }
        }
    }

    /// One of a few words; the first is what a missing key means.
    pub(super) fn word<T: Copy>(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let Some(item) = table.get(key) else { return words.first().map(|(_, value)| *value) };
        let said = item.as_str().unwrap_or_default();
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == said) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.unknown_word(key, said, item.span().unwrap_or(0..0), &known);
        None
    }

    /// Refuses a word that is not among those that are known.
    pub(super) fn unknown_word(&mut self, key: &str, said: &str, span: Range<usize>, known: &[&str]) {
        let message = format!("`{key}` is one of {}, not {said:?}", known.join(", "));
        self.error("unknown-word", span, message, nearest(said, known));
    }

    fn wrong<T>(&mut self, key: &str, span: Range<usize>, expected: &str) -> Option<T> {
        self.error("wrong-type", span, format!("`{key}` must be {expected}"), None);
        None
    }
}

fn heading(table: &toml_edit::Table) -> Spanned<&dyn TableLike> {
    Spanned { value: table, span: table.span().unwrap_or(0..0) }
}

/// What may have been meant by a word.
fn nearest(said: &str, known: &[&str]) -> Option<String> {
    let by_likeness = known.iter().map(|word| (strsim::jaro_winkler(said, word), *word));
    let (likeness, word) = by_likeness.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > 0.75).then(|| format!("did you mean `{word}`?"))
}
