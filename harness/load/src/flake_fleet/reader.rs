//! Reads values of stated types out of JSON that another program wrote.
//!
//! Flows in: JSON objects. Flows out: values; a warning for each field that nobody knows, told once however many objects
//! have it; an error for each value of another type.
//! Must not: know what a fleet is.

use std::collections::BTreeSet;

use model::place::Place;
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// What is gathered while an answer is read.
pub(super) struct Reader<'d> {
    diagnostics: &'d mut Diagnostics,
    unknown: BTreeSet<String>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(diagnostics: &'d mut Diagnostics) -> Self {
        Self { diagnostics, unknown: BTreeSet::new() }
    }

    /// A value as an object; null is an empty one.
    pub(super) fn object<'v>(&mut self, path: &str, value: &'v Value) -> Fields<'v> {
        let fields = value.as_object();
        if fields.is_none() && !value.is_null() {
            self.wrong_type(path, "an object");
        }
        Fields { path: path.to_owned(), fields }
    }

    /// The object that stands in a field.
    pub(super) fn inner<'v>(&mut self, fields: &Fields<'v>, key: &str) -> Fields<'v> {
        self.object(&fields.path_of(key), fields.get(key).unwrap_or(&Value::Null))
    }

    /// Warns of fields that are not known. `kind` is the path with `*` for names.
    pub(super) fn only(&mut self, kind: &str, fields: &Fields<'_>, known: &[&str]) {
        let unknown = fields.iter().map(|(key, _)| key).filter(|key| !known.contains(&key.as_str()));
        for key in unknown {
            let field = format!("{kind}.{key}");
            if self.unknown.insert(field.clone()) {
                let message = format!("clan's `{field}` is not known here, and not looked at");
                self.diagnostics.push(Diagnostic::warning(
                    "unknown-field",
                    message,
                    Place::file(super::FILE),
                ));
            }
        }
    }

    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        self.typed(fields, key, "text", |value| value.as_str().map(ToOwned::to_owned))
    }

    pub(super) fn flag(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        self.typed(fields, key, "true or false", Value::as_bool)
    }

    pub(super) fn integer(&mut self, fields: &Fields<'_>, key: &str) -> Option<i64> {
        self.typed(fields, key, "a whole number", Value::as_i64)
    }

    /// The texts of a list.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, key: &str) -> BTreeSet<String> {
        let texts = |value: &Value| {
            value.as_array()?.iter().map(|element| element.as_str().map(ToOwned::to_owned)).collect()
        };
        self.typed(fields, key, "a list of texts", texts).unwrap_or_default()
    }

    /// A field that is there and not null.
    pub(super) fn typed<'v, T>(
        &mut self,
        fields: &Fields<'v>,
        key: &str,
        expected: &str,
        read: impl Fn(&'v Value) -> Option<T>,
    ) -> Option<T> {
        let value = fields.get(key).filter(|value| !value.is_null())?;
        let read = read(value);
        if read.is_none() {
            self.wrong_type(&fields.path_of(key), expected);
        }
        read
    }

    fn wrong_type(&mut self, path: &str, expected: &str) {
        let message = format!("`{path}` of clan's inventory is not {expected}");
        self.diagnostics.push(Diagnostic::error("wrong-type", message, Place::file(super::FILE)));
    }
}

/// An object with the path that leads to it.
pub(super) struct Fields<'v> {
    path: String,
    fields: Option<&'v Map<String, Value>>,
}

impl<'v> Fields<'v> {
    pub(super) fn get(&self, key: &str) -> Option<&'v Value> {
        self.fields?.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        self.fields.into_iter().flatten()
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }
}
