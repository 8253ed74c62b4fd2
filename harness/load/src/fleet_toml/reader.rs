//! Reads values of stated types out of a parsed TOML document, and notes on the way where each stands.
//!
//! Flows in: tables and their spans. Flows out: values; places by JSON pointer; a problem for each value that is not as
//! it should be, and for each field that nobody knows.
//! Must not: know what a fleet is.

use std::{collections::BTreeSet, ops::Range};

use model::{
    facts::Places,
    place::{Lines, Place},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::at::At;
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
};

/// A value with the bytes that it is written in.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What is gathered while a file is read.
pub(super) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    lines: Lines,
    nearest: Nearest,
    broken: BTreeSet<u32>,
    pub(super) places: Places,
    pub(super) diagnostics: Diagnostics,
}

impl<'t> Reader<'t> {
    /// Starts with what is wrong with the text's syntax. On a line of which the syntax is wrong nothing else is told:
    /// what is read there is a guess.
    pub(super) fn new(file: &'t str, text: &'t str, syntax: Vec<Diagnostic>) -> Self {
        let broken = syntax.iter().map(|problem| problem.place.line).collect();
        let mut diagnostics = Diagnostics::default();
        syntax.into_iter().for_each(|problem| diagnostics.push(problem));
        let (places, nearest) = (Places::default(), Nearest::default());
        Self { file, text, lines: Lines::of(text), nearest, broken, places, diagnostics }
    }

    /// The spot that some bytes start at.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        self.lines.place(self.file, self.text, span.start)
    }

    /// Notes where a value is written.
    pub(super) fn mark(&mut self, at: &At<'_>, span: &Range<usize>) {
        let place = self.place(span);
        self.places.set(at.pointer(), place);
    }

    /// Notes a problem for which the file cannot be used.
    pub(super) fn error(&mut self, code: &str, message: String, span: Range<usize>, help: Option<String>) {
        self.problem(Diagnostic::error(code, message, self.place(&span)), span, help);
    }

    /// Notes a problem in spite of which the file can be used.
    pub(super) fn warning(&mut self, code: &str, message: String, span: Range<usize>, help: Option<String>) {
        self.problem(Diagnostic::warning(code, message, self.place(&span)), span, help);
    }

    fn problem(&mut self, problem: Diagnostic, span: Range<usize>, help: Option<String>) {
        if !self.broken.contains(&problem.place.line) {
            self.diagnostics.push(problem.with_span(span).with_help(help));
        }
    }

    /// Notes that a value is of another type than it must be.
    pub(super) fn wrong_type(
        &mut self,
        at: &At<'_>,
        value: &Value<'t>,
        expected: &str,
        help: Option<String>,
    ) {
        let message = format!("`{}` must be {expected}, not {}", at.path(), kind(value.get_ref()));
        self.error("wrong-type", message, value.span(), help);
    }

    /// Notes each field that is not one of the known ones.
    pub(super) fn only(&mut self, at: &At<'_>, fields: &DeTable<'t>, known: &[&str]) {
        let unknown = fields.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        for key in unknown {
            let near = self.nearest.question(key.get_ref(), known.iter().copied());
            let help = near.unwrap_or_else(|| format!("known here: {}", known.join(", ")));
            let message = format!("nobody reads `{}`", at.child(key.get_ref()).path());
            self.error("unknown-field", message, key.span(), Some(help));
        }
    }

    /// A field, with its place noted.
    pub(super) fn field<'a>(
        &mut self,
        at: &At<'_>,
        fields: &'a DeTable<'t>,
        key: &str,
    ) -> Option<&'a Value<'t>> {
        let (name, value) = fields.get_key_value(key)?;
        self.mark(&at.child(key), &name.span());
        Some(value)
    }

    /// A field that holds text.
    pub(super) fn text(&mut self, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<String> {
        let value = self.field(at, fields, key)?;
        let text = value.get_ref().as_str().map(ToOwned::to_owned);
        self.or_wrong_type(text, at, key, value, "text")
    }

    /// A field that holds text of a certain form.
    pub(super) fn text_like(
        &mut self,
        at: &At<'_>,
        fields: &DeTable<'t>,
        key: &str,
        (form, fits): (&str, fn(&str) -> bool),
    ) -> Option<String> {
        let text = self.text(at, fields, key)?;
        if !fits(&text) {
            let span = fields.get(key).map(Spanned::span).unwrap_or_default();
            let message = format!("`{}` must be {form}, not {text:?}", at.child(key).path());
            self.error("bad-value", message, span, None);
        }
        Some(text)
    }

    /// A field that holds true or false.
    pub(super) fn flag(&mut self, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<bool> {
        let value = self.field(at, fields, key)?;
        self.or_wrong_type(value.get_ref().as_bool(), at, key, value, "true or false")
    }

    /// A field that holds a whole number of 64 bits.
    pub(super) fn integer(&mut self, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<i64> {
        let value = self.field(at, fields, key)?;
        self.or_wrong_type(integer(value.get_ref()), at, key, value, "a whole number of 64 bits")
    }

    /// A field that holds one of some words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        at: &At<'_>,
        fields: &DeTable<'t>,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let value = self.field(at, fields, key)?;
        let known = words.iter().map(|(word, _)| *word);
        let Some(text) = value.get_ref().as_str() else {
            return self.or_wrong_type(None, at, key, value, &alternatives(known));
        };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let help = self.nearest.question(text, known.clone());
            let message = format!("`{}` must be {}, not {text:?}", at.child(key).path(), alternatives(known));
            self.error("bad-value", message, value.span(), help);
        }
        found
    }

    /// A field that holds a table.
    pub(super) fn table<'a>(
        &mut self,
        at: &At<'_>,
        fields: &'a DeTable<'t>,
        key: &str,
    ) -> Option<&'a DeTable<'t>> {
        let value = self.field(at, fields, key)?;
        self.as_table(&at.child(key), value)
    }

    /// A value as a table.
    pub(super) fn as_table<'a>(&mut self, at: &At<'_>, value: &'a Value<'t>) -> Option<&'a DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(at, value, "a table", None);
        }
        table
    }

    /// The texts of a list, each with its bytes, in the order of the file.
    pub(super) fn texts(&mut self, at: &At<'_>, value: &Value<'t>) -> Vec<(String, Range<usize>)> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(at, value, "a list", None);
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(list.len());
        for element in list {
            match element.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), element.span())),
                None => self.wrong_type(at, element, "a list of texts", None),
            }
        }
        texts
    }

    fn or_wrong_type<T>(
        &mut self,
        found: Option<T>,
        at: &At<'_>,
        key: &str,
        value: &Value<'t>,
        expected: &str,
    ) -> Option<T> {
        if found.is_none() {
            self.wrong_type(&at.child(key), value, expected, None);
        }
        found
    }
}

/// The number, if it is a whole one of 64 bits.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok())
}

fn alternatives<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or ")
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) if integer(value).is_none() => "a number of more than 64 bits",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
