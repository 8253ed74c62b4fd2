//! Whether the flake's lock file says what was evaluated.
//!
//! Flows in: the inputs as nix resolved them, and the text of `flake.lock` as nix sees it. Flows out: [`Locks`].
//! Must not: take for locked what has only the name of an input in common.
//!
//! Nix evaluates inputs that are not locked as it finds them, and so it does those whose lock no longer is what `flake.nix`
//! asks for. Both graphs are walked from their roots, since the names of their nodes may differ.

use std::collections::BTreeSet;

use model::locks::Locks;
use serde_json::{Map, Value};

use super::pool::Evaluators;

impl Evaluators {
    /// What of the inputs the lock file pins; `written` is its text, where the flake has one.
    pub async fn locks(&self, written: Option<&str>) -> Locks {
        let resolved = self.project().await.ok().and_then(|project| project.locks());
        resolved.map_or(Locks::Unknown, |resolved| compare(resolved, written))
    }
}

fn compare(resolved: &Value, written: Option<&str>) -> Locks {
    let written = written.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
    let (resolved, written) = (Graph(resolved), Graph(&written));
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(String::new(), resolved.root(), written.root())];
    while let Some((path, node, locked)) = open.pop() {
        for (name, input) in inputs(node) {
            // What follows another input is that input, which stands elsewhere in the graph.
            let Value::String(key) = input else { continue };
            let known = inputs(locked).find_map(|(other, key)| (other == name).then_some(key));
            let known = known.and_then(Value::as_str);
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let (node, locked) = (resolved.node(key), known.and_then(|key| written.node(key)));
            if content(node).is_none() || content(node) != content(locked) {
                missing.insert(path);
            } else if seen.insert((key, known)) {
                open.push((path, node, locked));
            }
        }
    }
    if missing.is_empty() { Locks::Complete } else { Locks::Missing(missing) }
}

/// The inputs as a lock file has them.
struct Graph<'a>(&'a Value);

type Node<'a> = Option<&'a Map<String, Value>>;

impl<'a> Graph<'a> {
    fn node(&self, key: &str) -> Node<'a> {
        self.0.get("nodes")?.get(key)?.as_object()
    }

    fn root(&self) -> Node<'a> {
        self.node(self.0.get("root")?.as_str()?)
    }
}

fn inputs(node: Node<'_>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(|node| node.get("inputs")).and_then(Value::as_object).into_iter().flatten()
}

/// What tells the content of an input: a hash of it, or a path within the source tree.
fn content(node: Node<'_>) -> Option<[Option<&str>; 3]> {
    let locked = node?.get("locked")?;
    let text = |name: &str| locked.get(name).and_then(Value::as_str);
    let within = text("path").filter(|path| !path.starts_with('/'));
    let content = [text("narHash"), text("rev"), within];
    content.iter().any(Option::is_some).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of nodes, each with its inputs and with what locks it.
    fn graph(nodes: &Value) -> Value {
        serde_json::json!({ "nodes": nodes, "root": "root", "version": 7 })
    }

    fn two(hash_of_lib: &str, hash_of_nixpkgs: &str) -> Value {
        graph(&serde_json::json!({
            "root": { "inputs": { "lib": "lib", "same": ["lib", "nixpkgs"] } },
            "lib": { "inputs": { "nixpkgs": "nixpkgs_2" }, "locked": { "narHash": hash_of_lib } },
            "nixpkgs_2": { "inputs": { "lib": "lib" }, "locked": { "narHash": hash_of_nixpkgs, "rev": "1" } },
        }))
    }

    #[track_caller]
    fn check(resolved: &Value, written: Option<&Value>, missing: &[&str]) {
        let written = written.map(ToString::to_string);
        let missing: BTreeSet<String> = missing.iter().map(ToString::to_string).collect();
        let expected = if missing.is_empty() { Locks::Complete } else { Locks::Missing(missing) };
        assert_eq!(compare(resolved, written.as_deref()), expected);
    }

    #[test]
    fn what_the_lock_file_has_no_hash_of_is_not_locked() {
        check(&two("a", "b"), Some(&two("a", "b")), &[]);
        check(&two("a", "b"), Some(&two("x", "b")), &["lib"]);
        check(&two("a", "b"), Some(&two("a", "x")), &["lib/nixpkgs"]);
        check(&two("a", "b"), None, &["lib"]);
        check(&two("a", "b"), Some(&Value::Null), &["lib"]);
        check(&two("a", "b"), Some(&graph(&serde_json::json!({ "root": {} }))), &["lib"]);
    }

    #[test]
    fn a_flake_without_inputs_needs_no_lock_file() {
        let none = graph(&serde_json::json!({ "root": {} }));
        check(&none, None, &[]);
        check(&none, Some(&two("a", "b")), &[]);
    }

    #[test]
    fn names_of_nodes_do_not_matter() {
        let renamed = two("a", "b").to_string().replace("nixpkgs_2", "nixpkgs_7");
        assert_eq!(compare(&two("a", "b"), Some(&renamed)), Locks::Complete);
    }

    #[test]
    fn only_a_path_within_the_source_tree_needs_no_hash() {
        let at = |path: &str| {
            graph(&serde_json::json!({
                "root": { "inputs": { "o": "o" } }, "o": { "locked": { "type": "path", "path": path } },
            }))
        };
        check(&at("./o"), Some(&at("./o")), &[]);
        check(&at("./o"), Some(&at("./p")), &["o"]);
        check(&at("/home/me/o"), Some(&at("/home/me/o")), &["o"]);
    }
}
