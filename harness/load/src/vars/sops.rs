//! `sops/`: who there is, with which keys, and the secrets that are no vars.
//!
//! Flows in: the project's folder. Flows out: the document's `sops`. Must not: know which machines the fleet has.

use model::{
    facts::{Places, pointer},
    place::Lines,
};
use serde_json::{Map, Value, json};

use super::{envelope, folder::Folder, folder::Thing, key, link, locate};

/// The end of the name of a secret that holds a machine's private key.
const MACHINE_KEY: &str = "-age.key";

/// Reads `sops/`.
pub(super) fn read(root: &Folder<'_>, places: &mut Places) -> Value {
    let mut reader = Reader { root, places, strays: Vec::new() };
    let sops = root.folder("sops");
    if sops.is_some() {
        locate(reader.places, &["sops"], "sops");
    }
    json!({
        "users": reader.each(sops, "users", Reader::holder),
        "machines": reader.each(sops, "machines", Reader::holder),
        "groups": reader.each(sops, "groups", Reader::group),
        "secrets": reader.each(sops, "secrets", Reader::secret),
        "strays": reader.strays,
    })
}

struct Reader<'a, 'p> {
    root: &'a Folder<'a>,
    places: &'p mut Places,
    strays: Vec<Value>,
}

/// One folder of `sops/<kind>/`.
struct One<'f, 'a> {
    kind: &'f str,
    name: &'f str,
    path: String,
    folder: &'f Folder<'a>,
}

impl<'a> Reader<'a, '_> {
    fn each(
        &mut self,
        sops: Option<&Folder<'a>>,
        kind: &str,
        facts: fn(&mut Self, &One<'_, 'a>) -> Value,
    ) -> Value {
        let mut all = Map::new();
        for (name, thing) in sops.and_then(|sops| sops.folder(kind)).into_iter().flat_map(Folder::things) {
            let path = format!("sops/{kind}/{name}");
            match thing {
                Thing::Folder(folder) => {
                    locate(self.places, &["sops", kind, name], &path);
                    let one = One { kind, name, path, folder };
                    all.insert(name.to_owned(), facts(self, &one));
                }
                _ if name.starts_with('.') => {}
                _ => {
                    locate(self.places, &["sops", "strays", &self.strays.len().to_string()], &path);
                    self.strays.push(json!({"path": path}));
                }
            }
        }
        Value::Object(all)
    }

    /// A user or a machine: one who holds keys.
    fn holder(&mut self, one: &One<'_, 'a>) -> Value {
        let text = one.folder.text("key.json");
        let (keys, fault) = key::read(text);
        let at = ["sops", one.kind, one.name, "keys"];
        let path = format!("{}/key.json", one.path);
        locate(self.places, &at, &path);
        if let Some(text) = text {
            let lines = Lines::of(text);
            for (index, key) in keys.iter().enumerate() {
                let found = key["publickey"].as_str().and_then(|public| key::offset(text, public));
                let index = index.to_string();
                let pointer = pointer(at.iter().copied().chain([index.as_str()]));
                found
                    .into_iter()
                    .for_each(|offset| self.places.set(&pointer, lines.place(&path, text, offset)));
            }
        }
        let mut facts = json!({"path": one.path, "keys": keys});
        if let Some(fault) = fault {
            facts["fault"] = fault.into();
        }
        let former = former(one);
        if !former.is_empty() {
            facts["former"] = former.into();
        }
        facts
    }

    fn group(&mut self, one: &One<'_, 'a>) -> Value {
        let mut members = |kind| {
            let at = ["sops", "groups", one.name, kind];
            link::members(self.root, one.folder, kind, &one.path, &at, self.places)
        };
        json!({"path": one.path, "users": members("users"), "machines": members("machines")})
    }

    fn secret(&mut self, one: &One<'_, 'a>) -> Value {
        let at = ["sops", "secrets", one.name];
        let has_secret = one.folder.has_file("secret");
        let mut facts = json!({
            "path": one.path,
            "entries": one.folder.names(),
            "secret": has_secret,
            "links": link::all(self.root, one.folder, &one.path, &at, self.places),
        });
        if let Some(machine) = one.name.strip_suffix(MACHINE_KEY).filter(|machine| !machine.is_empty()) {
            facts["machine"] = machine.into();
        }
        if has_secret {
            facts["envelope"] = envelope::read(one.folder.text("secret"));
            let path = format!("{}/secret", one.path);
            locate(self.places, &["sops", "secrets", one.name, "secret"], &path);
            locate(self.places, &["sops", "secrets", one.name, "envelope"], &path);
        }
        facts
    }
}

/// What an older layout kept with a machine: `sops/machines/<machine>/{secrets,facts}/<name>`.
fn former(one: &One<'_, '_>) -> Vec<String> {
    let kinds = ["secrets", "facts"].into_iter().filter_map(|kind| Some((kind, one.folder.folder(kind)?)));
    let named = kinds.flat_map(|(kind, folder)| {
        folder.names().into_iter().map(move |name| format!("{}/{kind}/{name}", one.path))
    });
    named.collect()
}
