//! Writes an inventory as TOML: tables with headers down to some depth, below that inline.

use model::inventory::Inventory;
use serde_json::{Map, Value, json};

/// The text of a `fleet.toml`. `headers` is how deep tables have headers of their own.
pub(crate) fn toml(inventory: &Inventory, headers: usize) -> String {
    let document = json!({ "inventory": inventory });
    let mut text = String::new();
    table(&mut text, &[], document.as_object().expect("an object"), headers);
    text
}

/// A value as it stands within a list.
pub(crate) fn element(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(element).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| format!("{} = {}", key_of(key), element(value));
            format!("{{ {} }}", written(fields).map(field).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn table(text: &mut String, path: &[String], fields: &Map<String, Value>, headers: usize) {
    let has_header = |value: &Value| value.is_object() && path.len() < headers;
    for (key, value) in written(fields).filter(|(_, value)| !has_header(value)) {
        *text += &format!("{} = {}\n", key_of(key), element(value));
    }
    for (key, value) in written(fields).filter(|(_, value)| has_header(value)) {
        let path = [path, &[key_of(key)]].concat();
        *text += &format!("[{}]\n", path.join("."));
        table(text, &path, value.as_object().expect("an object"), headers);
    }
}

fn written(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    fields.iter().filter(|(_, value)| !value.is_null())
}

fn key_of(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { json!(key).to_string() }
}
