//! An element of a policy's `deny`.
//!
//! Flows in: a Rego value. Flows out: a denial, or what is wrong with its form. Must not: guess at what a policy meant.

use regorus::Value;

/// One thing that a policy denies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Denial {
    /// The machine that it is about, or [`FLEET`]; `None` for the fleet.
    pub(super) subject: Option<String>,
    /// The path of keys into the facts document, where the policy says one.
    pub(super) path: Option<Vec<String>>,
    pub(super) message: String,
    pub(super) expected: Option<String>,
    pub(super) actual: Option<String>,
    pub(super) help: Option<String>,
}

/// The subject that is no machine, unless one has this name.
pub(super) const FLEET: &str = "fleet";

/// The longest text that a finding shows, in characters.
const LONGEST: usize = 4000;

impl Denial {
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(fields) = value else {
            return Err(format!("an element of `deny` must be an object, not {}", shown(value)));
        };
        let mut denial = Self::default();
        let mut message = None;
        for (key, value) in fields.iter() {
            let key = key.as_string().map_err(|_| "the keys of a denial must be texts".to_owned())?;
            match key.as_ref() {
                "message" => message = Some(text("message", value)?),
                "subject" => denial.subject = Some(subject(value)?),
                "help" => denial.help = Some(text("help", value)?),
                "path" => denial.path = Some(path(value)?),
                "expected" => denial.expected = Some(shown(value)),
                "actual" => denial.actual = Some(shown(value)),
                other => return Err(format!("a denial has no key {other:?}")),
            }
        }
        denial.message = message.ok_or("a denial must have a `message`")?;
        Ok(denial)
    }
}

/// A machine may have any name: that one says nothing is another rule's finding.
fn subject(value: &Value) -> Result<String, String> {
    let name = value.as_string();
    name.map(ToString::to_string)
        .map_err(|_| format!("`subject` of a denial must be a machine's name, not {}", shown(value)))
}

fn text(key: &str, value: &Value) -> Result<String, String> {
    match value.as_string() {
        Ok(text) if !text.is_empty() => Ok(bounded(text)),
        _ => Err(format!("`{key}` of a denial must be a text that says something, not {}", shown(value))),
    }
}

fn path(value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("`path` of a denial must be a list of keys, not {}", shown(value));
    let keys = value.as_array().map_err(|_| wrong())?;
    keys.iter().map(|key| key_of(key).ok_or_else(wrong)).collect()
}

fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::String(key) => Some(key.to_string()),
        Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// A value as a finding shows it: a text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => bounded(text),
        Value::Undefined => "undefined".to_owned(),
        _ => bounded(&serde_json::to_string(value).unwrap_or_else(|_| value.to_string())),
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
