//! What Nix files tell by their text, and that none of them brings the reader down.

use model::tree::Entry;
use proptest::prelude::*;

use super::*;

/// A tree of these files.
fn tree(files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| Entry {
        path: (*path).to_owned(),
        node: Node::File { size: text.len() as u64, text: Some((*text).to_owned()) },
    };
    let mut entries: Vec<_> = files.iter().map(file).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Tree { entries }
}

/// The facts of one Nix file.
fn facts(text: &str) -> Value {
    let tree = tree(&[("modules/x.nix", text)]);
    let mut facts = Source::read(&tree).facts(&tree);
    facts["files"][0]["nix"].take()
}

/// `path at line:column` of every definition.
fn definitions(text: &str) -> Vec<String> {
    let source = Source::read(&tree(&[("x.nix", text)]));
    let (_, file) = source.nix().next().unwrap();
    let shown = |one: &Definition| {
        let local = if one.local { " (local)" } else { "" };
        format!("{} at {}:{}{local}", one.path.join("|"), one.place.line, one.place.column)
    };
    file.definitions().iter().map(shown).collect()
}

#[test]
fn every_definition_has_its_whole_path_and_place() {
    let text = "{ inputs, ... }:
{
  flake.modules.nixos.\"machines/cinnabar\" = { config, ... }: {
    networking = { hostName = \"cinnabar\"; };
    inherit (config) x;
    users.users.${name}.uid = 1;
    boot = lib.mkIf true { loader.grub.enable = true; };
  };
}";
    assert_eq!(
        definitions(text),
        [
            "flake|modules|nixos|machines/cinnabar at 3:3",
            "flake|modules|nixos|machines/cinnabar|networking at 4:5",
            "flake|modules|nixos|machines/cinnabar|networking|hostName at 4:20",
            "flake|modules|nixos|machines/cinnabar|x at 5:22",
            "flake|modules|nixos|machines/cinnabar|users|users|${}|uid at 6:5",
            "flake|modules|nixos|machines/cinnabar|boot at 7:5",
            "flake|modules|nixos|machines/cinnabar|boot|loader|grub|enable at 7:28",
        ]
    );
}

#[test]
fn what_a_let_binds_is_local_and_starts_there() {
    let text = "{ a = let inventory.machines = { }; in { b = 1; }; }";
    assert_eq!(definitions(text), ["a at 1:3", "inventory|machines at 1:11 (local)", "a|b at 1:42"]);
}

#[test]
fn the_shape_looks_through_what_stands_around() {
    let shape = |text: &str| {
        let facts = facts(text);
        (facts["shape"].clone(), facts["arguments"].clone(), facts["keys"].clone())
    };
    assert_eq!(
        shape("{ inputs, lib ? x, ... }@args: let y = 1; in (with lib; { flake.a = 1; perSystem = 2; })"),
        (json!("function"), json!(["inputs", "lib"]), json!(["flake", "perSystem"]))
    );
    assert_eq!(shape("{ }"), (json!("set"), Value::Null, json!([])));
    assert_eq!(shape("a: b: { c = 1; inherit d; }"), (json!("function"), json!([]), json!(["c", "d"])));
    assert_eq!(shape("lib.mkIf true { c = 1; }"), (json!("other"), Value::Null, json!(["c"])));
    assert_eq!(shape("[ 1 ]"), (json!("other"), Value::Null, Value::Null));
    assert_eq!(shape(""), (json!("broken"), Value::Null, Value::Null));
}

#[test]
fn imports_and_what_is_passed_on_have_places() {
    let facts = facts(
        "{\n  imports = [ ./a.nix config.flake.modules.nixos.base ../b ];\n  other = ./c.nix;\n  specialArgs = { inherit inputs; x = 1; };\n}",
    );
    assert_eq!(
        facts["imports"],
        json!([{ "path": "./a.nix", "line": 2, "column": 15 }, { "path": "../b", "line": 2, "column": 55 }])
    );
    assert_eq!(
        facts["specialArgs"],
        json!([{ "name": "inputs", "line": 4, "column": 27 }, { "name": "x", "line": 4, "column": 35 }])
    );
    assert_eq!(
        facts["defines"],
        json!({
            "imports": 2, "other": 3, "specialArgs": 4, "specialArgs.inputs": 4, "specialArgs.x": 4
        })
    );
}

#[test]
fn pointers_lead_to_lines() {
    let text = "{\n  imports = [ ./a.nix ];\n  specialArgs.x = 1;\n  y = ;\n}";
    let places = Source::read(&tree(&[("a.nix", ""), ("b.nix", text)])).places();
    let found = |pointer: &str| places.find(pointer).map(ToString::to_string).unwrap_or_default();
    assert_eq!(found("/source/files/0/nix/keys"), "a.nix");
    assert_eq!(found("/source/files/1/nix/imports/0/path"), "b.nix:2:15");
    assert_eq!(found("/source/files/1/nix/specialArgs/0"), "b.nix:3:3");
    assert_eq!(found("/source/files/1/nix/errors/0"), "b.nix:4:7");
    assert_eq!(found("/source/files/2"), "");
}

#[test]
fn a_fleet_is_dendritic_by_what_its_files_use() {
    let dendritic = |text: &str| Source::read(&tree(&[("flake.nix", text)])).is_dendritic();
    assert!(dendritic(
        "{ outputs = inputs: inputs.flake-parts.lib.mkFlake { } (inputs.import-tree ./modules); }"
    ));
    assert!(dendritic("{ flake.modules.nixos.base = { }; }"));
    assert!(dendritic("{ flake.modules = { darwin.base = { }; }; }"));
    assert!(!dendritic("{ flake.modules.clan.default = { }; }"));
    assert!(!dendritic("{ flake.nixosModules.base = { }; }"));
}

#[test]
fn a_syntax_error_is_a_fact_and_what_stands_before_it_counts() {
    let facts = facts("{\n  a = 1;\n  b = ;\n  c = 2;\n}");
    assert_eq!(facts["errors"][0]["line"], json!(3));
    assert_eq!(facts["defines"]["a"], json!(2));
}

#[test]
fn no_nesting_is_too_deep() {
    let pieces = [
        "[",
        "{a=",
        "(",
        "!",
        "-",
        "a: ",
        "a++",
        "a//",
        "a+",
        "a ",
        "a.b ",
        "\"${",
        "if a then ",
        "if ",
        "with a; ",
        "let a = ",
        "a.",
        "{ }: ",
        "a ? ",
        "a -> ",
        "a |> ",
        "a <| ",
        "{a.a=1;",
        "assert a; ",
        "a?a.",
        "{a?",
        "@",
        "''${",
    ];
    for piece in pieces {
        // As deep as is parsed, and as deep as a file can be.
        facts(&format!("{}a", piece.repeat(200)));
        let deepest = facts(&format!("{}a", piece.repeat(900_000 / piece.len())));
        assert_ne!(deepest["errors"], Value::Null, "{piece}");
    }
}

#[test]
fn other_entries_are_listed_as_what_they_are() {
    let link = Entry { path: "l".into(), node: Node::Link { target: "x".into(), resolves: false } };
    let unread = Entry { path: "m".into(), node: Node::File { size: 9, text: None } };
    let tree = Tree { entries: vec![Entry { path: "e".into(), node: Node::Folder }, link, unread] };
    let facts = Source::read(&tree).facts(&tree);
    assert_eq!(
        facts["files"],
        json!([
            { "path": "e", "kind": "folder" },
            { "path": "l", "kind": "link", "target": "x", "resolves": false },
            { "path": "m", "kind": "file", "size": 9, "read": false },
        ])
    );
}

/// The kinds of keys in a text. The texts are put together here, so that no file of ours holds a whole one.
fn clear(parts: &[&str]) -> Vec<String> {
    let text = parts.concat();
    let tree = tree(&[("notes.txt", &text)]);
    let source = Source::read(&tree);
    source.files[0].clear.iter().map(|(kind, place)| format!("{kind} at {}", place.line)).collect()
}

#[test]
fn keys_in_clear_are_found_by_their_bodies() {
    let body = "a1B+".repeat(16);
    let pem = |label: &str| {
        clear(&["x\n  -----BEGIN ", label, "-----\n    ", &body, "\n  -----END ", label, "-----\n"])
    };
    assert_eq!(pem("OPENSSH PRIVATE KEY"), ["private key at 2"]);
    assert_eq!(pem("RSA PRIVATE KEY"), ["private key at 2"]);
    assert_eq!(pem("AGE ENCRYPTED FILE"), [""; 0]);
    assert_eq!(pem("ENCRYPTED PRIVATE KEY"), [""; 0]);
    assert_eq!(pem("PUBLIC KEY"), [""; 0]);
    assert_eq!(clear(&["-----BEGIN PRIVATE KEY-----\\n", &body]), ["private key at 1"]);
    assert_eq!(clear(&["grep -- '-----BEGIN OPENSSH PRIVATE KEY-----' file\n"]), [""; 0]);
    assert_eq!(clear(&["AGE-SECRET-", "KEY-1", &"Q7".repeat(29)]), ["age key at 1"]);
    assert_eq!(clear(&["AGE-SECRET-KEY-1... is secret"]), [""; 0]);
    assert_eq!(clear(&["privateKey = \"", &"k".repeat(43), "=\";"]), ["WireGuard key at 1"]);
    assert_eq!(clear(&["publicKey = \"", &"k".repeat(43), "=\";"]), [""; 0]);
    assert_eq!(clear(&["\n\nghp", "_", &"x".repeat(36)]), ["GitHub token at 3"]);
    assert_eq!(clear(&["0123456789:0:", &"ab".repeat(64)]), [""; 0]);
    assert_eq!(
        clear(&["0123456789:0:", &"ab".repeat(64), ":", &"cd".repeat(64)]),
        ["ZeroTier identity at 1"]
    );
}

proptest! {
    #[test]
    fn no_text_makes_a_panic(text in "[\\[\\](){}=;:.$\"'a-c <>/+!?@,\\-\n]{0,200}") {
        facts(&text);
    }

    #[test]
    fn no_words_make_a_panic(words in prop::collection::vec("let|in|with|rec|inherit|if|then|else|a|\\{|\\}|=|;|\\.|\"|''|\\$\\{|or|assert|:|@|,|\\.\\.\\.", 0..60)) {
        facts(&words.join(" "));
    }
}
