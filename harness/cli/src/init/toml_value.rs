//! JSON as TOML: settings of a service, which are any data.
//!
//! Flows in: a JSON value and its path. Flows out: a TOML value, and what TOML cannot say. Must not: change a value
//! without a word.

use serde_json::{Map, Value as Json};
use toml_edit::{Array, InlineTable, Value};

/// How deep values may be nested. Readers of TOML have limits of their own: the one of `fleet.toml` is 64 for settings.
const DEEPEST: usize = 48;

/// What TOML cannot say, each with its path and why.
#[derive(Debug, Default)]
pub struct LeftOut(pub Vec<String>);

impl LeftOut {
    fn note(&mut self, path: &[&str], why: &str) {
        self.0.push(format!("{} {why}", shown(path)));
    }
}

/// The path of a key, each part quoted where it has to be.
#[must_use]
pub fn shown(path: &[&str]) -> String {
    path.iter().map(|key| shown_key(key)).collect::<Vec<_>>().join(".")
}

/// A key as it is written, on one line.
#[must_use]
pub fn shown_key(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { format!("{key:?}") }
}

/// The fields of an object that TOML can say, as values.
pub fn fields<'a>(
    object: &'a Map<String, Json>,
    path: &mut Vec<&'a str>,
    left_out: &mut LeftOut,
) -> Vec<(&'a str, Value)> {
    let mut fields = Vec::new();
    for (key, json) in object {
        path.push(key);
        if let Some(value) = value(json, path, 1, left_out) {
            fields.push((key.as_str(), value));
        }
        path.pop();
    }
    fields
}

fn value<'a>(json: &'a Json, path: &mut Vec<&'a str>, depth: usize, left_out: &mut LeftOut) -> Option<Value> {
    if depth > DEEPEST {
        left_out.note(path, "is nested too deep");
        return None;
    }
    match json {
        Json::Null => {
            left_out.note(path, "is null, which TOML has no word for");
            None
        }
        Json::Bool(flag) => Some((*flag).into()),
        Json::String(text) => Some(text.as_str().into()),
        Json::Number(number) => match (number.as_i64(), number.is_f64().then(|| number.as_f64()).flatten()) {
            (Some(integer), _) => Some(integer.into()),
            (None, Some(float)) => Some(float.into()),
            (None, None) => {
                left_out.note(path, "is larger than TOML's integers");
                None
            }
        },
        Json::Array(elements) => array(elements, path, depth, left_out),
        Json::Object(object) => Some(inline_table(object, path, depth, left_out).into()),
    }
}

/// A list, whole or not at all: without one of its elements it would say something else.
fn array<'a>(
    elements: &'a [Json],
    path: &mut Vec<&'a str>,
    depth: usize,
    left_out: &mut LeftOut,
) -> Option<Value> {
    let mut array = Array::new();
    for element in elements {
        array.push(value(element, path, depth + 1, left_out)?);
    }
    Some(array.into())
}

fn inline_table<'a>(
    object: &'a Map<String, Json>,
    path: &mut Vec<&'a str>,
    depth: usize,
    left_out: &mut LeftOut,
) -> InlineTable {
    let mut table = InlineTable::new();
    for (key, json) in object {
        path.push(key);
        if let Some(value) = value(json, path, depth + 1, left_out) {
            table.insert(key, value);
        }
        path.pop();
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(object: Json, expected: &[(&str, &str)], noted: &[&str]) {
        let Json::Object(object) = object else { panic!("no object") };
        let mut left_out = LeftOut::default();
        let fields = fields(&object, &mut vec!["at"], &mut left_out);
        let fields: Vec<_> = fields.iter().map(|(key, value)| (*key, value.to_string())).collect();
        let shown: Vec<_> = fields.iter().map(|(key, value)| (*key, value.trim())).collect();
        assert_eq!(shown, expected);
        assert_eq!(left_out.0, noted);
    }

    #[test]
    fn values_are_said_as_they_are() {
        check(
            json!({"a": 1, "b": -1.5, "c": true, "d": "x\"y", "e": [1, "two", []], "f": {"g h": {}}}),
            &[
                ("a", "1"),
                ("b", "-1.5"),
                ("c", "true"),
                ("d", "'x\"y'"),
                ("e", "[1, \"two\", []]"),
                ("f", "{ \"g h\" = {} }"),
            ],
            &[],
        );
    }

    #[test]
    fn what_toml_cannot_say_is_left_out_and_told() {
        let large = u64::MAX;
        check(
            json!({"a": null, "b": large, "c": {"d.e": null, "f": 1}, "g": [1, null]}),
            &[("c", "{ f = 1 }")],
            &[
                "at.a is null, which TOML has no word for",
                "at.b is larger than TOML's integers",
                "at.c.\"d.e\" is null, which TOML has no word for",
                "at.g is null, which TOML has no word for",
            ],
        );
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!({"k": inner}));
        let left_out = |depth| {
            let mut left_out = LeftOut::default();
            let Json::Object(object) = nested(depth) else { panic!("no object") };
            fields(&object, &mut Vec::new(), &mut left_out);
            left_out.0.len()
        };
        assert_eq!((left_out(DEEPEST), left_out(DEEPEST + 1)), (0, 1));
    }
}
