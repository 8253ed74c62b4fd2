//! The public keys of a user or machine: `key.json`.
//!
//! Flows in: its text. Flows out: the keys, or what is wrong. Must not: tell anything but public keys.
//!
//! `[{"publickey": .., "type": "age"|"pgp"}]`, or one such object in older trees: clan-core
//! `pkgs/clan-cli/clan_cli/secrets/sops.py`.

use serde_json::{Value, json};

/// The keys, each `{publickey, type}`, and what is wrong with the file.
pub(super) fn read(text: Option<&str>) -> (Vec<Value>, Option<&'static str>) {
    let Some(text) = text else { return (Vec::new(), Some("there is no readable key.json")) };
    let listed = match serde_json::from_str(text) {
        Ok(Value::Array(listed)) => listed,
        Ok(one @ Value::Object(_)) => vec![one],
        _ => return (Vec::new(), Some("key.json is neither a list nor an object of JSON")),
    };
    let all = listed.len();
    let keys: Vec<Value> = listed.iter().filter_map(key).collect();
    let fault = match (all, all - keys.len()) {
        (0, _) => Some("key.json has no key"),
        (_, 0) => None,
        _ => Some("key.json has a key without a `publickey` or without a known `type`"),
    };
    (keys, fault)
}

fn key(key: &Value) -> Option<Value> {
    let public = key.get("publickey")?.as_str()?;
    let kind = key.get("type").map_or(Some("age"), Value::as_str)?;
    let known = ["age", "pgp"].contains(&kind);
    // A private key that was pasted here by mistake must not be told on.
    let is_public = public.len() <= 1024 && !public.to_ascii_uppercase().contains("SECRET");
    (known && is_public && !public.is_empty()).then(|| json!({"publickey": public, "type": kind}))
}

/// Where in the file a public key is written.
pub(super) fn offset(text: &str, public: &str) -> Option<usize> {
    text.find(&format!("\"{public}\""))
}
