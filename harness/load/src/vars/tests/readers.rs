//! Who reads what: links, keys, groups.

use super::*;

fn var_with(entries: impl IntoIterator<Item = model::tree::Entry>) -> Vars {
    let known = [
        file("vars/shared/g/f/secret", "x"),
        file("sops/users/u/key.json", r#"{"publickey": "age1u"}"#),
        file("sops/machines/m/key.json", r#"[{"publickey": "age1m", "type": "age"}]"#),
    ];
    facts(&tree(known.into_iter().chain(entries)))
}

#[track_caller]
fn links(target: &str) -> Value {
    let vars = var_with([link("vars/shared/g/f/users/u", target)]);
    assert_eq!(place(&vars, "/vars/vars/0/links/users/0"), "vars/shared/g/f/users/u");
    let link = at(&vars, "/vars/vars/0/links/users/0");
    json!([link["resolves"], link["member"], link["sound"]])
}

#[test]
fn a_link_leads_to_its_kind_and_its_name() {
    assert_eq!(links("../../../../../sops/users/u"), json!([true, "u", true]));
    assert_eq!(links("./../..//../../../sops/users/./u"), json!([true, "u", true]));
    assert_eq!(links("../../../../../sops/users/gone"), json!([false, "gone", false]));
    assert_eq!(links("../../../../../sops/machines/m"), json!([true, null, false]));
    assert_eq!(links("../../../../../../sops/users/u"), json!([true, null, false]));
    assert_eq!(links("/sops/users/u"), json!([true, null, false]));
    assert_eq!(links("/../../../../../sops/users/u"), json!([true, null, false]));
    assert_eq!(links(""), json!([true, null, false]));
}

#[test]
fn a_link_by_another_name_is_not_sound() {
    let vars = var_with([link("vars/shared/g/f/users/v", "../../../../../sops/users/u")]);
    let link = at(&vars, "/vars/vars/0/links/users/0");
    assert_eq!((&link["member"], &link["sound"]), (&json!("u"), &json!(false)));
}

#[test]
fn what_is_no_link_is_told_as_it_is() {
    let vars = var_with([
        file("vars/shared/g/f/groups/.keep", ""),
        file("vars/shared/g/f/groups/plain", ""),
        file("vars/shared/g/f/groups/sub/x", ""),
    ]);
    let kinds = at(&vars, "/vars/vars/0/links/groups");
    let kinds: Vec<_> = kinds.as_array().unwrap().iter().map(|link| link["kind"].clone()).collect();
    assert_eq!(kinds, ["file", "folder"]);
}

#[test]
fn links_in_a_ring_end() {
    let vars = facts(&tree([
        file("vars/shared/g/f/secret", "x"),
        link("vars/shared/g/f/users/u", "../../../../../sops/users/u"),
        link("sops/users/u", "v"),
        link("sops/users/v", "u"),
    ]));
    assert_eq!(at(&vars, "/vars/vars/0/links/users/0/member"), json!("u"));
    assert_eq!(at(&vars, "/sops/strays").as_array().unwrap().len(), 2);
}

#[test]
fn keys_are_a_list_or_one() {
    let vars = var_with([]);
    assert_eq!(at(&vars, "/sops/users/u/keys"), json!([{"publickey": "age1u", "type": "age"}]));
    assert_eq!(at(&vars, "/sops/machines/m/keys"), json!([{"publickey": "age1m", "type": "age"}]));
    assert_eq!(place(&vars, "/sops/machines/m/keys/0"), "sops/machines/m/key.json:1:16");
}

#[test]
fn a_key_file_without_keys_says_so() {
    for text in ["", "[]", "7", r#"[{"type": "age"}]"#, r#"[{"publickey": "x", "type": "rot13"}]"#] {
        let vars = facts(&tree([file("sops/users/u/key.json", text)]));
        assert_eq!(at(&vars, "/sops/users/u/keys"), json!([]), "{text}");
        assert!(at(&vars, "/sops/users/u/fault").is_string(), "{text}");
    }
    let vars = facts(&tree([file("sops/users/u/notes", "")]));
    assert_eq!(at(&vars, "/sops/users/u/fault"), json!("there is no readable key.json"));
}

#[test]
fn a_group_has_users_and_machines() {
    let vars = var_with([
        link("sops/groups/g/users/u", "../../../users/u"),
        link("sops/groups/g/machines/m", "../../../machines/m"),
    ]);
    assert_eq!(at(&vars, "/sops/groups/g/users/0/sound"), json!(true));
    assert_eq!(at(&vars, "/sops/groups/g/machines/0/member"), json!("m"));
    assert_eq!(place(&vars, "/sops/groups/g/users/0"), "sops/groups/g/users/u");
}

#[test]
fn the_oldest_layout_is_told_by_its_paths() {
    let vars = var_with([file("sops/machines/m/secrets/s", "x"), file("sops/machines/m/facts/f", "x")]);
    let former = ["sops/machines/m/secrets/s", "sops/machines/m/facts/f"];
    assert_eq!(at(&vars, "/sops/machines/m/former"), json!(former));
}
