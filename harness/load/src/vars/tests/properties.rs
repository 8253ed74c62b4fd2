//! Any tree is told of without a panic, by its own paths only.

use model::tree::{Entry, Node};
use proptest::prelude::*;

use super::*;

fn names() -> impl Strategy<Value = String> {
    let known = [
        "vars",
        "sops",
        "shared",
        "per-machine",
        "users",
        "machines",
        "groups",
        "secrets",
        "facts",
        "value",
        "secret",
        "key.json",
        ".validation-hash",
        "a",
        "a-cert.pub",
        "m-age.key",
        "..",
        "",
        "ä/b~",
    ];
    prop::sample::select(known.to_vec()).prop_map(ToOwned::to_owned)
}

fn texts() -> impl Strategy<Value = String> {
    let some = [
        "",
        "{}",
        "[]",
        "[[{}]]",
        r#"{"publickey": 1}"#,
        r#"{"publickey": "age1", "type": "age"}"#,
        "fd00::1",
        "\u{0}",
        r#"{"sops": {"age": [1, {"recipient": []}], "key_groups": [1, {"age": {}}]}, "data": null}"#,
        "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29t/////w==",
    ];
    prop_oneof![prop::sample::select(some.to_vec()).prop_map(ToOwned::to_owned), ".{0,20}"]
}

fn entries() -> impl Strategy<Value = Entry> {
    let path = prop::collection::vec(names(), 1..9).prop_map(|names| names.join("/"));
    let node = prop_oneof![
        prop::option::of(texts()).prop_map(|text| Node::File { size: 0, text }),
        Just(Node::Folder),
        (prop::collection::vec(names(), 0..9), any::<bool>())
            .prop_map(|(names, resolves)| Node::Link { target: names.join("/"), resolves }),
    ];
    (prop_oneof![Just("vars/"), Just("sops/"), Just("")], path, node)
        .prop_map(|(root, path, node)| Entry { path: format!("{root}{path}"), node })
}

proptest! {
    #[test]
    fn any_tree_is_told_of(entries in prop::collection::vec(entries(), 0..40)) {
        let mut vars = facts(&tree(entries));
        vars.on(Date::MAX);
        let document = json!({"vars": vars.vars, "sops": vars.sops});
        for (pointer, place) in vars.places.iter() {
            prop_assert!(place.file.starts_with("vars") || place.file.starts_with("sops"), "{}", place.file);
            // A place may be known of a value that is not told, such as a text that might be a secret.
            let around = pointer.rsplit_once('/').map_or("", |(around, _)| around);
            prop_assert!(document.pointer(around).is_some(), "{}", pointer);
        }
    }
}
