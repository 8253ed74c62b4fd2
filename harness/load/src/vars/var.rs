//! `vars/`: what the generators made.
//!
//! Flows in: the project's folder. Flows out: the document's `vars`. Must not: know which generators are declared.

use model::facts::Places;
use serde_json::{Map, Value, json};

use super::{certificate, envelope, folder::Folder, folder::Thing, link, locate, public};

/// The name of the file that says what a generator's vars were made for.
const HASH: &str = ".validation-hash";

/// Reads `vars/`.
pub(super) fn read(root: &Folder<'_>, places: &mut Places) -> Value {
    let mut reader = Reader { root, places, vars: Vec::new(), hashes: Vec::new(), strays: Vec::new() };
    if let Some(vars) = root.folder("vars") {
        locate(reader.places, &["vars"], "vars");
        reader.placements(vars);
    }
    json!({"vars": reader.vars, "hashes": reader.hashes, "strays": reader.strays})
}

struct Reader<'a, 'p> {
    root: &'a Folder<'a>,
    places: &'p mut Places,
    vars: Vec<Value>,
    hashes: Vec<Value>,
    strays: Vec<Value>,
}

/// Whose vars: `None` is the fleet's.
#[derive(Clone, Copy)]
struct Owner<'a>(Option<&'a str>);

impl Owner<'_> {
    fn folder(self) -> String {
        self.0.map_or_else(|| "vars/shared".to_owned(), |machine| format!("vars/per-machine/{machine}"))
    }

    fn facts(self) -> Map<String, Value> {
        let mut facts = Map::new();
        facts.insert("placement".into(), if self.0.is_some() { "per-machine" } else { "shared" }.into());
        if let Some(machine) = self.0 {
            facts.insert("machine".into(), machine.into());
        }
        facts
    }
}

impl<'a> Reader<'a, '_> {
    fn placements(&mut self, vars: &'a Folder<'a>) {
        for (name, thing) in vars.things() {
            match (name, thing) {
                ("shared", Thing::Folder(shared)) => self.generators(Owner(None), shared),
                ("per-machine", Thing::Folder(machines)) => {
                    for (machine, folder) in self.folders("vars/per-machine", machines) {
                        self.generators(Owner(Some(machine)), folder);
                    }
                }
                // People explain their folders in a file.
                (_, Thing::File(_)) => {}
                (name, _) => self.stray(&format!("vars/{name}")),
            }
        }
    }

    /// The folders in a folder that should hold nothing else.
    fn folders(&mut self, path: &str, folder: &'a Folder<'a>) -> Vec<(&'a str, &'a Folder<'a>)> {
        let mut folders = Vec::new();
        for (name, thing) in folder.things() {
            match thing {
                Thing::Folder(inner) => folders.push((name, inner)),
                _ => self.stray(&format!("{path}/{name}")),
            }
        }
        folders
    }

    fn generators(&mut self, owner: Owner<'_>, folder: &'a Folder<'a>) {
        let path = owner.folder();
        for (generator, folder) in self.folders(&path, folder) {
            let path = format!("{path}/{generator}");
            for (name, thing) in folder.things() {
                match thing {
                    Thing::Folder(inner) => self.files(owner, generator, name, inner),
                    Thing::File(text) if name == HASH => self.hash(owner, generator, *text),
                    _ => self.stray(&format!("{path}/{name}")),
                }
            }
        }
    }

    /// A var, or a folder of vars: the name of a generator's file may have slashes.
    fn files(&mut self, owner: Owner<'_>, generator: &str, file: &str, folder: &'a Folder<'a>) {
        let is_var = folder.has_file("value")
            || folder.has_file("secret")
            || link::KINDS.iter().any(|kind| folder.folder(kind).is_some())
            || !folder.things().any(|(_, thing)| matches!(thing, Thing::Folder(_)));
        if is_var {
            return self.var(owner, generator, file, folder);
        }
        for (name, thing) in folder.things() {
            match thing {
                Thing::Folder(inner) => self.files(owner, generator, &format!("{file}/{name}"), inner),
                _ => self.stray(&format!("{}/{generator}/{file}/{name}", owner.folder())),
            }
        }
    }

    fn var(&mut self, owner: Owner<'_>, generator: &str, file: &str, folder: &Folder<'_>) {
        let index = self.vars.len().to_string();
        let at = ["vars", "vars", &index];
        let path = format!("{}/{generator}/{file}", owner.folder());
        let (value, secret) = (folder.has_file("value"), folder.has_file("secret"));
        let mut facts = owner.facts();
        let mut say = |key: &str, what: Value| _ = facts.insert(key.to_owned(), what);
        say("generator", generator.into());
        say("file", file.into());
        say("path", path.as_str().into());
        say("entries", json!(folder.names()));
        say("value", value.into());
        say("secret", secret.into());
        say("links", link::all(self.root, folder, &path, &at, self.places));
        locate(self.places, &at, &path);
        if secret {
            say("envelope", envelope::read(folder.text("secret")));
            let path = format!("{path}/secret");
            locate(self.places, &[&at[..], &["secret"]].concat(), &path);
            locate(self.places, &[&at[..], &["envelope"]].concat(), &path);
        } else if value && file.ends_with("-cert.pub") {
            say("certificate", certificate::read(folder.text("value")));
        } else if let Some(text) = folder.text("value") {
            public::text(generator, file, text).into_iter().for_each(|text| say("text", text.into()));
        }
        if value {
            let path = format!("{path}/value");
            for key in ["value", "text", "certificate"] {
                locate(self.places, &[&at[..], &[key]].concat(), &path);
            }
        }
        self.vars.push(Value::Object(facts));
    }

    fn hash(&mut self, owner: Owner<'_>, generator: &str, text: Option<&str>) {
        let path = format!("{}/{generator}/{HASH}", owner.folder());
        let hash = text.map(str::trim);
        let hash = hash.filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        locate(self.places, &["vars", "hashes", &self.hashes.len().to_string()], &path);
        let mut facts = owner.facts();
        facts.extend([
            ("generator".to_owned(), generator.into()),
            ("path".to_owned(), path.into()),
            ("hash".to_owned(), hash.into()),
        ]);
        self.hashes.push(Value::Object(facts));
    }

    fn stray(&mut self, path: &str) {
        // git keeps no empty folder, so that people put a file such as `.keep` into one.
        if path.rsplit('/').next().is_some_and(|name| name.starts_with('.')) {
            return;
        }
        locate(self.places, &["vars", "strays", &self.strays.len().to_string()], path);
        self.strays.push(json!({"path": path}));
    }
}
