//! A facts document in the policy engine's own form.
//!
//! Flows in: facts. Flows out: a Rego value. Must not: know what the document is about.

use std::{
    collections::{BTreeMap, HashMap},
    thread,
};

use model::facts::Facts;
use regorus::Value;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// A facts document in the policy engine's own form: converted once, shared by every policy.
#[derive(Debug, Clone)]
pub struct Document(Result<Value, String>);

impl Document {
    /// Converts the document, its parts beside each other. One that cannot be converted breaks every check that is asked
    /// about it.
    #[must_use]
    pub fn new(facts: &Facts) -> Self {
        let value = match &facts.document {
            Json::Object(parts) => beside_each_other(parts),
            other => Converter::default().value(other),
        };
        Self(value.map_err(|error| format!("the facts are no value of Rego: {error}")))
    }

    /// The document, or why there is none. A clone shares it.
    pub(super) fn value(&self) -> Result<Value, String> {
        self.0.clone()
    }
}

fn beside_each_other(parts: &Map<String, Json>) -> Result<Value, String> {
    thread::scope(|scope| {
        let converted: Vec<_> = parts
            .iter()
            .map(|(key, part)| (key, scope.spawn(move || Converter::default().value(part))))
            .collect();
        let joined = converted.into_iter().map(|(key, part)| {
            let value = part.join().unwrap_or_else(|_| Err(format!("`{key}` could not be converted")));
            Ok((Value::from(key.as_str()), value?))
        });
        Ok(Value::from(joined.collect::<Result<BTreeMap<_, _>, String>>()?))
    })
}

/// Converts one part.
#[derive(Default)]
struct Converter<'a> {
    /// Each key's text once: the same few stand in every machine and every var.
    keys: HashMap<&'a str, Value>,
}

impl<'a> Converter<'a> {
    fn value(&mut self, json: &'a Json) -> Result<Value, String> {
        match json {
            Json::Null => Ok(Value::Null),
            Json::Bool(truth) => Ok(Value::Bool(*truth)),
            Json::Number(_) => Value::deserialize(json).map_err(|error| error.to_string()),
            Json::String(text) => Ok(Value::from(text.as_str())),
            Json::Array(items) => {
                items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>().map(Value::from)
            }
            Json::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| Ok((self.key(key), self.value(value)?)));
                fields.collect::<Result<BTreeMap<_, _>, String>>().map(Value::from)
            }
        }
    }

    fn key(&mut self, key: &'a str) -> Value {
        self.keys.entry(key).or_insert_with(|| Value::from(key)).clone()
    }
}

#[cfg(test)]
mod tests {
    use model::{digest::Digest, facts::Places};
    use serde_json::json;

    use super::*;

    fn converted(document: Json) -> Result<Value, String> {
        let facts = Facts { digest: Digest::of(""), document, places: Places::default(), parts: [].into() };
        Document::new(&facts).value()
    }

    #[test]
    fn a_document_says_what_the_facts_say() {
        for facts in [
            json!({"b": {"x": [1, -2, 2.5, u64::MAX, null, true, "text"], "b": {}}, "a": [{"x": []}, {"x": "b"}]}),
            json!({}),
            json!(["no parts"]),
        ] {
            let expected = Value::from_json_str(&facts.to_string()).unwrap();
            assert_eq!(converted(facts), Ok(expected));
        }
    }
}
