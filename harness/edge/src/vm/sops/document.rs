//! A file of sops, in each of the formats that sops-nix reads.
//!
//! Flows in: made-up values, each under its key. Flows out: the text of the file. Must not: write the same values in two ways.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::cipher::{Cipher, WRITTEN};

/// The key of the data, encrypted to the made-up key by age, once.
const DATA_KEY: &str = include_str!("data-key.age");
/// Whom the made-up key belongs to.
const RECIPIENT: &str = "age1pqvg2zdfeclcxyur3uyk3swd5wq7vgn0cwkewrknhew7ysjcfa0s0valyl";
/// Without a suffix, sops takes keys that end in `_unencrypted` for such as are in clear.
const IN_CLEAR: &str = "_nothing_is_in_clear";
/// Of sops; what is made here was read by it.
const VERSION: &str = "3.11.0";

/// `sops.secrets.<name>.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Yaml,
    Json,
    Dotenv,
    Ini,
    Binary,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Content {
    format: Format,
    values: Map<String, Value>,
}

impl Content {
    pub(super) fn new(format: Format) -> Self {
        Self { format, values: Map::new() }
    }

    /// Puts a text where a secret is looked for. What stands there stays: a file cannot hold two things under one key, and
    /// then the other secret does not arrive, as it would not from the fleet's own file.
    pub(super) fn insert(&mut self, key: &str, text: &str) {
        let path: Vec<&str> = match self.format {
            Format::Binary => vec!["data"],
            Format::Dotenv => vec!["MADE_UP"],
            Format::Ini => vec!["made-up", "secret"],
            Format::Yaml | Format::Json if key.is_empty() => vec!["made-up"],
            Format::Yaml | Format::Json => key.split('/').collect(),
        };
        let Some((last, folders)) = path.split_last() else { return };
        let mut at = &mut self.values;
        for folder in folders {
            let Value::Object(below) = at.entry(*folder).or_insert_with(|| json!({})) else { return };
            at = below;
        }
        at.entry(*last).or_insert_with(|| text.into());
    }

    /// The file.
    pub(super) fn document(&self) -> String {
        let mut cipher = Cipher::new();
        let values = encrypted(&mut cipher, &mut Vec::new(), &self.values);
        let seal = cipher.seal();
        match self.format {
            // JSON is YAML.
            Format::Yaml | Format::Json | Format::Binary => in_json(values, &seal),
            Format::Dotenv => lines(&values) + &flat("sops_", &seal),
            Format::Ini => sections(&values) + "[sops]\n" + &flat("", &seal),
        }
    }
}

fn encrypted(cipher: &mut Cipher, path: &mut Vec<String>, values: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in values {
        path.push(key.clone());
        let value = match value {
            Value::Object(below) => encrypted(cipher, path, below).into(),
            other => cipher.value(path, other.as_str().unwrap_or_default()).into(),
        };
        path.pop();
        out.insert(key.clone(), value);
    }
    out
}

fn in_json(mut values: Map<String, Value>, seal: &str) -> String {
    let sops = json!({
        "age": [{"recipient": RECIPIENT, "enc": DATA_KEY}],
        "lastmodified": WRITTEN,
        "mac": seal,
        "unencrypted_suffix": IN_CLEAR,
        "version": VERSION,
    });
    values.insert("sops".to_owned(), sops);
    format!("{:#}\n", Value::Object(values))
}

fn lines(values: &Map<String, Value>) -> String {
    values.iter().map(|(key, value)| format!("{key}={}\n", value.as_str().unwrap_or_default())).collect()
}

fn sections(values: &Map<String, Value>) -> String {
    let below = values.iter().filter_map(|(name, value)| Some((name, value.as_object()?)));
    below.map(|(name, values)| format!("[{name}]\n{}", lines(values))).collect()
}

/// What sops says of a file, a line each.
fn flat(prefix: &str, seal: &str) -> String {
    let enc = DATA_KEY.replace('\n', "\\n");
    [
        ("age__list_0__map_enc", enc.as_str()),
        ("age__list_0__map_recipient", RECIPIENT),
        ("lastmodified", WRITTEN),
        ("mac", seal),
        ("unencrypted_suffix", IN_CLEAR),
        ("version", VERSION),
    ]
    .map(|(key, value)| format!("{prefix}{key}={value}\n"))
    .concat()
}
