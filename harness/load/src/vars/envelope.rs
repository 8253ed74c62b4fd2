//! Whether a file is a secret that sops encrypted, and for whom. Nothing of its content goes on from here.
//!
//! Flows in: the text of a `secret`. Flows out: what is wrong with its form, and the public keys that it names.
//! Must not: decrypt, or believe the keys that it names: the format does not authenticate them.
//!
//! The form is that of sops for binary files, `{"data": "ENC[..]", "sops": {..}}`: getsops/sops `stores/json/store.go`
//! (`BinaryStore`) and `sops.go` (`Metadata`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Where sops lists those who can read a file, and the field that says who one is.
const READERS: [(&str, &str); 8] = [
    ("age", "recipient"),
    ("pgp", "fp"),
    ("kms", "arn"),
    ("gcp_kms", "resource_id"),
    ("azure_kv", "name"),
    ("hc_vault", "key_name"),
    ("hckms", "key_id"),
    ("huaweicloud_kms", "key_id"),
];

/// The facts of an envelope. `None` is a file that could not be read as text.
pub(super) fn read(text: Option<&str>) -> Value {
    let mut faults = Vec::new();
    let mut recipients = BTreeSet::new();
    match text.map(serde_json::from_str::<Value>) {
        None => faults.push("it is no text, or is too long".to_owned()),
        Some(Ok(Value::Object(file))) => {
            body(&file, &mut faults);
            match file.get("sops") {
                Some(Value::Object(sops)) => metadata(sops, &mut faults, &mut recipients),
                _ => faults.push("it has no `sops`".to_owned()),
            }
        }
        Some(_) => faults.push("it is no JSON object".to_owned()),
    }
    json!({"sound": faults.is_empty(), "faults": faults, "recipients": recipients})
}

fn body(file: &Map<String, Value>, faults: &mut Vec<String>) {
    if !file.get("data").is_some_and(is_encrypted) {
        faults.push("its `data` is not encrypted".to_owned());
    }
    // What stands beside `data` is no part of a binary file, and may be in clear.
    let others = file.keys().filter(|key| !["data", "sops"].contains(&key.as_str())).count();
    if others > 0 {
        faults.push(format!("it has {others} more part(s) than `data` and `sops`"));
    }
}

fn metadata(sops: &Map<String, Value>, faults: &mut Vec<String>, recipients: &mut BTreeSet<String>) {
    if !sops.get("mac").is_some_and(is_encrypted) {
        faults.push("its `sops.mac` is not encrypted".to_owned());
    }
    let changed = sops.get("lastmodified").and_then(Value::as_str);
    if changed.and_then(|time| time.parse::<jiff::Timestamp>().ok()).is_none() {
        faults.push("its `sops.lastmodified` is no time".to_owned());
    }
    collect(sops, recipients);
    for group in sops.get("key_groups").and_then(Value::as_array).into_iter().flatten() {
        group.as_object().into_iter().for_each(|group| collect(group, recipients));
    }
    if recipients.is_empty() {
        faults.push("nobody can read it: it names no recipient".to_owned());
    }
}

fn collect(lists: &Map<String, Value>, recipients: &mut BTreeSet<String>) {
    for (list, field) in READERS {
        let readers = lists.get(list).and_then(Value::as_array).into_iter().flatten();
        recipients.extend(readers.filter_map(|reader| reader.get(field)?.as_str()).map(ToOwned::to_owned));
    }
}

/// `ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]`
fn is_encrypted(value: &Value) -> bool {
    let inner = value.as_str().and_then(|text| text.strip_prefix("ENC[AES256_GCM,data:")?.strip_suffix(']'));
    let Some(inner) = inner else { return false };
    let fields: Vec<&str> = inner.split(',').collect();
    let [_, iv, tag, kind] = fields.as_slice() else { return false };
    iv.starts_with("iv:") && tag.starts_with("tag:") && kind.starts_with("type:")
}
