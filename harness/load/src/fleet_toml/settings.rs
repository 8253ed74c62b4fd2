//! `settings`: any table that can be written as JSON.
//!
//! Flows in: a TOML value. Flows out: the same as JSON, with the place of each key.
//! Must not: know any service's options.

use serde_json::{Map, Number, Value as Json};
use toml::de::{DeTable, DeValue};

use super::{
    at::At,
    reader::{Reader, Value, integer},
};

/// How deep settings may be nested. TOML's own limit is no limit on dotted keys within inline tables.
const DEEPEST: usize = 64;

/// The elements of a longer list have no place of their own, only the list's: a place takes a hundred times the memory of a
/// number.
const PLACED: usize = 1000;

/// The `settings` of a table, or null where there are none.
pub(super) fn read<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Json {
    let Some(settings) = reader.table(at, fields, "settings") else {
        return Json::Null;
    };
    object(reader, &at.child("settings"), settings, 0)
}

fn object<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, depth: usize) -> Json {
    let mut object = Map::new();
    for (key, value) in fields {
        let here = at.child(key.get_ref());
        reader.mark(&here, &key.span());
        object.insert(key.get_ref().to_string(), json(reader, &here, value, depth + 1));
    }
    Json::Object(object)
}

fn list<'t>(reader: &mut Reader<'t>, at: &At<'_>, values: &[Value<'t>], depth: usize) -> Json {
    let element = |(index, value): (usize, &Value<'t>)| {
        let index = index.to_string();
        let here = at.child(&index);
        if values.len() <= PLACED {
            reader.mark(&here, &value.span());
        }
        json(reader, &here, value, depth + 1)
    };
    Json::Array(values.iter().enumerate().map(element).collect())
}

fn json<'t>(reader: &mut Reader<'t>, at: &At<'_>, value: &Value<'t>, depth: usize) -> Json {
    if depth > DEEPEST {
        let message = format!("settings are nested more than {DEEPEST} deep");
        reader.error("too-deep", message, value.span(), None);
        return Json::Null;
    }
    match value.get_ref() {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(flag) => Json::Bool(*flag),
        DeValue::Array(values) => list(reader, at, values, depth),
        DeValue::Table(fields) => object(reader, at, fields, depth),
        number @ DeValue::Integer(_) => or_not_json(reader, at, value, integer(number).map(Number::from)),
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(Number::from_f64);
            or_not_json(reader, at, value, number)
        }
        DeValue::Datetime(_) => or_not_json(reader, at, value, None),
    }
}

fn or_not_json<'t>(reader: &mut Reader<'t>, at: &At<'_>, value: &Value<'t>, number: Option<Number>) -> Json {
    let Some(number) = number else {
        reader.wrong_type(at, value, "a value that JSON has", not_json_help(value.get_ref()));
        return Json::Null;
    };
    Json::Number(number)
}

fn not_json_help(value: &DeValue<'_>) -> Option<String> {
    value.is_datetime().then(|| "write it as text: Nix's fromTOML knows no dates either".to_owned())
}
