//! The layout of `vars/` and `sops/`: what is a var, what is not, and where it is.

use super::{tree::fleet, *};

const SECRET: &str = r#"{"data": "ENC[AES256_GCM,data:aa,iv:bb,tag:cc,type:str]", "sops": {
    "age": [{"recipient": "age1b", "enc": "x"}, {"recipient": "age1a", "enc": "x"}],
    "pgp": [{"fp": "ABCD", "enc": "x"}],
    "lastmodified": "2026-11-01T00:00:00Z", "mac": "ENC[AES256_GCM,data:aa,iv:bb,tag:cc,type:str]"}}"#;

fn envelope(text: &str) -> Value {
    at(&facts(&tree([file("vars/shared/g/f/secret", text)])), "/vars/vars/0/envelope")
}

#[test]
fn an_empty_tree_has_nothing() {
    let vars = facts(&Tree::default());
    assert!(!vars.found);
    assert_eq!(vars.vars, json!({"vars": [], "hashes": [], "strays": []}));
}

#[test]
fn folders_of_other_tools_are_not_clans() {
    for path in
        ["vars/main.yml", "vars/linux/main.yml", "sops/secrets/host/wifi.yaml", "sops/users/a/key.json"]
    {
        assert!(!facts(&tree([file(path, "[]")])).found, "{path}");
    }
    let key = r#"{"publickey": "age1a"}"#;
    for path in [
        "vars/shared/g/f/value",
        "vars/shared/g/.validation-hash",
        "sops/secrets/s/secret",
        "sops/users/a/key.json",
    ] {
        assert!(facts(&tree([file(path, key)])).found, "{path}");
    }
}

#[test]
fn a_var_says_whose_it_is_and_where() {
    let vars = facts(&tree([
        file("vars/per-machine/a/g/f/value", "x"),
        file("vars/shared/g/f/secret", SECRET),
        link("vars/shared/g/f/users/u", "../../../../../sops/users/u"),
    ]));
    let own = at(&vars, "/vars/vars/0");
    assert_eq!(own["placement"], "per-machine");
    assert_eq!(own["machine"], "a");
    assert_eq!((own["value"].as_bool(), own["secret"].as_bool()), (Some(true), Some(false)));
    assert_eq!(own["path"], "vars/per-machine/a/g/f");
    assert_eq!(place(&vars, "/vars/vars/0"), "vars/per-machine/a/g/f");
    assert_eq!(place(&vars, "/vars/vars/0/text"), "vars/per-machine/a/g/f/value");
    let shared = at(&vars, "/vars/vars/1");
    assert_eq!((&shared["placement"], shared.get("machine")), (&json!("shared"), None));
    assert_eq!(shared["entries"], json!(["secret", "users"]));
    assert_eq!(place(&vars, "/vars/vars/1/envelope/recipients"), "vars/shared/g/f/secret");
}

#[test]
fn a_files_name_may_have_slashes_and_be_called_secret() {
    let vars = facts(&tree([
        file("vars/per-machine/a/boot/keys/PK/PK.key/secret", SECRET),
        file("vars/per-machine/a/boot/keys/PK/PK.pem/value", "x"),
        file("vars/per-machine/a/sso/secret/secret", SECRET),
    ]));
    let names: Vec<Value> = (0..3).map(|index| at(&vars, &format!("/vars/vars/{index}/file"))).collect();
    assert_eq!(names, ["keys/PK/PK.key", "keys/PK/PK.pem", "secret"]);
}

#[test]
fn what_is_no_part_of_the_layout_is_a_stray() {
    let vars = facts(&tree([
        file("vars/README.md", ""),
        file("vars/shared/.keep", ""),
        file("vars/shared/notes", ""),
        file("vars/per-machine/a/g/loose", ""),
        link("vars/per-machine/b", "a"),
        file("vars/other/g/f/value", ""),
        file("sops/users/u.json", ""),
    ]));
    let paths = |part: &str| -> Vec<Value> {
        at(&vars, &format!("/{part}/strays"))
            .as_array()
            .unwrap()
            .iter()
            .map(|stray| stray["path"].clone())
            .collect()
    };
    let strays = ["vars/other", "vars/per-machine/b", "vars/per-machine/a/g/loose", "vars/shared/notes"];
    assert_eq!(paths("vars"), strays);
    assert_eq!(paths("sops"), ["sops/users/u.json"]);
    assert_eq!(place(&vars, "/vars/strays/3"), "vars/shared/notes");
    assert_eq!(at(&vars, "/vars/vars"), json!([]));
}

#[test]
fn a_hash_is_hex_or_none() {
    let hash = "0123456789abcdef".repeat(4);
    let vars = facts(&tree([
        file("vars/per-machine/a/g/.validation-hash", &format!("{hash}\n")),
        file("vars/shared/g/.validation-hash", "a password"),
        file("vars/shared/h/.validation-hash", "c0ffee"),
    ]));
    assert_eq!(at(&vars, "/vars/hashes/0/hash"), json!(hash));
    assert_eq!(at(&vars, "/vars/hashes/1/hash"), Value::Null);
    assert_eq!(at(&vars, "/vars/hashes/2/hash"), Value::Null);
    assert_eq!(place(&vars, "/vars/hashes/1"), "vars/shared/g/.validation-hash");
}

#[test]
fn an_envelope_is_sound_or_says_why_not() {
    assert_eq!(
        envelope(SECRET),
        json!({"sound": true, "faults": [], "recipients": ["ABCD", "age1a", "age1b"]})
    );
    let faults = |text: &str| envelope(text)["faults"].as_array().unwrap().len();
    assert_eq!(faults("a password"), 1);
    assert_eq!(faults("{}"), 2);
    for (good, bad) in [
        ("ENC[AES256_GCM,data:aa,iv:bb,tag:cc,type:str]\", \"sops", "clear\", \"sops"),
        ("bb,tag:cc,type:str]\", \"sops", "bb]\", \"sops"),
        ("\"data\"", "\"other\": 1, \"data\""),
        ("\"2026-11-01T00:00:00Z\"", "\"yesterday\""),
        ("\"mac\": \"ENC", "\"mac\": \""),
    ] {
        assert!(SECRET.contains(good));
        assert_eq!(faults(&SECRET.replacen(good, bad, 1)), 1, "{good}");
    }
    assert_eq!(faults(&SECRET.replace("recipient", "someone").replace("\"fp\"", "\"no\"")), 1);
}

#[test]
fn a_sample_fleet_is_all_sound() {
    let vars = facts(&fleet("eight"));
    let all = at(&vars, "/vars/vars");
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 51);
    let secrets: Vec<_> = all.iter().filter(|var| var["secret"] == true).collect();
    assert_eq!(secrets.len(), 26);
    for var in secrets {
        assert_eq!(var["envelope"]["sound"], true, "{var}");
        for kind in ["users", "machines", "groups"] {
            let links = var["links"][kind].as_array().unwrap();
            assert!(links.iter().all(|link| link["sound"] == true), "{var}");
        }
    }
    assert_eq!(at(&vars, "/sops/secrets/cinnabar-age.key/machine"), json!("cinnabar"));
    assert_eq!(at(&vars, "/sops/machines").as_object().unwrap().len(), 8);
}

#[test]
fn nothing_secret_is_told() {
    let password = "correct horse battery staple";
    let vars = facts(&tree([
        file("vars/per-machine/a/g/f/secret", password),
        file("vars/per-machine/a/g/p/value", password),
        file(
            "vars/per-machine/a/wireguard-keys/privatekey/value",
            "yXEY1F/IYU62PUTCC5OztGmBPVEzdDM8yqX+Up3GcXM=",
        ),
        file("vars/per-machine/a/g/pin/value", "c0de"),
        file("vars/per-machine/a/g/token.pub/value", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA=="),
        file("vars/per-machine/a/g/both/value", "fd00::1"),
        file("vars/per-machine/a/g/both/secret", SECRET),
        file("sops/users/u/key.json", r#"[{"publickey": "AGE-SECRET-KEY-1ABC", "type": "age"}]"#),
    ]));
    let told = format!("{}{}", vars.vars, vars.sops);
    for secret in [password, "yXEY1F", "c0de", "c2VjcmV0", "fd00::1", "ENC[", "AGE-SECRET"] {
        assert!(!told.contains(secret), "{secret}");
    }
    let told = facts(&fleet("eight"));
    assert!(!format!("{}{}", told.vars, told.sops).contains("ENC["));
}

#[test]
fn what_rules_compare_is_told() {
    for (generator, name, text) in [
        ("zerotier", "zerotier-ip", "fddb:4344:343b:14b9:399:93db:4344:343b"),
        ("zerotier", "zerotier-network-id", "db4344343b14b903"),
        ("wireguard-network-wg", "prefix", "fd28:387a:2:b100"),
        ("wireguard-network-wg", "range", "10.100.0.0/24"),
        ("wireguard-keys-wg", "publickey", "yXEY1F/IYU62PUTCC5OztGmBPVEzdDM8yqX+Up3GcXM="),
        ("openssh", "ssh.id_ed25519.pub", "ssh-ed25519 AAAAC3 a"),
    ] {
        let path = format!("vars/shared/{generator}/{name}/value");
        let vars = facts(&tree([file(&path, &format!("{text}\n"))]));
        assert_eq!(at(&vars, "/vars/vars/0/text"), json!(text));
    }
}
