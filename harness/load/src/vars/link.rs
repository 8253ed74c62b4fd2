//! Those who read a secret: links into `sops/users`, `sops/machines` and `sops/groups`.
//!
//! Flows in: a folder that holds such links. Flows out: the facts of each. Must not: decide who may read what.

use model::facts::Places;
use serde_json::{Value, json};

use super::{folder::Folder, folder::Thing, locate};

/// The kinds of readers, each a folder beside the secret and below `sops/`.
pub(super) const KINDS: [&str; 3] = ["users", "machines", "groups"];

/// The links of all kinds beside a secret. `at` is where the secret's facts stand in the document, `path` its folder.
pub(super) fn all(
    root: &Folder<'_>,
    folder: &Folder<'_>,
    path: &str,
    at: &[&str],
    places: &mut Places,
) -> Value {
    let of = |kind: &str, places: &mut Places| {
        let at: Vec<&str> = at.iter().copied().chain(["links", kind]).collect();
        (kind.to_owned(), members(root, folder, kind, path, &at, places))
    };
    Value::Object(KINDS.iter().map(|kind| of(kind, places)).collect())
}

/// The links of one kind in a folder: `<path>/<kind>/*`, told at `at`.
pub(super) fn members(
    root: &Folder<'_>,
    folder: &Folder<'_>,
    kind: &str,
    path: &str,
    at: &[&str],
    places: &mut Places,
) -> Value {
    let Some(folder) = folder.folder(kind) else { return json!([]) };
    // git keeps no empty folder, so that people put a file into one.
    let things = folder.things().filter(|(name, _)| !name.starts_with('.'));
    let links = things.enumerate().map(|(index, (name, thing))| {
        let path = format!("{path}/{kind}/{name}");
        let index = index.to_string();
        let keys: Vec<&str> = at.iter().copied().chain([index.as_str()]).collect();
        locate(places, &keys, &path);
        link(root, kind, name, &path, thing)
    });
    links.collect()
}

fn link(root: &Folder<'_>, kind: &str, name: &str, path: &str, thing: &Thing<'_>) -> Value {
    let (target, resolves) = match thing {
        Thing::Link(target, resolves) => (*target, *resolves),
        Thing::File(_) => return plain(name, path, "file"),
        Thing::Folder(_) => return plain(name, path, "folder"),
    };
    let end = leads_to(path, target);
    let member =
        end.as_deref().and_then(|end| end.strip_prefix("sops/")?.strip_prefix(kind)?.strip_prefix('/'));
    let resolves =
        resolves && member.is_none_or(|_| end.as_deref().is_some_and(|end| root.find(end).is_some()));
    json!({
        "name": name,
        "path": path,
        "kind": "link",
        "target": target,
        "resolves": resolves,
        "member": member,
        "sound": resolves && member == Some(name),
    })
}

fn plain(name: &str, path: &str, kind: &str) -> Value {
    json!({"name": name, "path": path, "kind": kind, "resolves": true, "member": null, "sound": false})
}

/// Where a relative link leads by its text alone; `None` where that is outside of the project.
fn leads_to(path: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut names: Vec<&str> = path.split('/').collect();
    names.pop();
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop()?,
            _ => names.push(name),
        }
    }
    Some(names.join("/"))
}
