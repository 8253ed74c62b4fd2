//! Made-up files: each is one that sops reads, and the same in each run.
//!
//! Flows in: declarations. Flows out: what sops itself makes of the files. Must not: take the absence of sops for its word;
//! `ci/run` fetches it and names it by SEAWORTHY_SOPS.
#![expect(clippy::disallowed_methods, reason = "sops itself reads what is made here")]

use std::{fs, process::Command};

use serde_json::json;

use super::*;

/// One secret of each kind, as evaluation tells them.
fn document() -> Value {
    let secret = |key: &str, format: &str| {
        json!({"path": format!("/run/secrets/{key}"), "key": key, "format": format, "sopsFile": format!("/f.{format}"),
               "owner": "root", "group": "root", "mode": "0400", "neededForUsers": key == "hash"})
    };
    json!({"machines": {"a": {"facts": {"sopsSecrets": {
        "token": secret("web/token", "yaml"),
        "second": secret("web/second_unencrypted", "yaml"),
        "hash": secret("hash", "yaml"),
        "odd name \u{e9} ${x}": secret("key", "json"),
        "whole": secret("", "dotenv"),
        "table": secret("", "ini"),
        "file": secret("", "binary"),
    }}}}})
}

fn secrets() -> Secrets {
    Secrets::of(&document(), &"a".into())
}

/// What sops makes of the file of this format.
fn decrypted(format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let secrets = secrets();
    let files = secrets.files(&BTreeMap::new());
    let ((..), content) = files.iter().find(|((file, _), _)| *file == format!("/f.{format}")).unwrap();
    let (file, key) = (folder.path().join("file"), folder.path().join("key"));
    fs::write(&file, content.document()).unwrap();
    fs::write(&key, KEY).unwrap();
    let sops = std::env::var_os("SEAWORTHY_SOPS").filter(|path| !path.is_empty());
    let mut sops =
        Command::new(sops.expect("SEAWORTHY_SOPS names no sops: `ci/run test` fetches one and says where"));
    sops.args(["decrypt", "--input-type", format, "--output-type", format]).arg(&file);
    let output = sops.env("SOPS_AGE_KEY_FILE", &key).env("HOME", folder.path()).output().unwrap();
    assert!(output.status.success(), "{format}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "no sops is fetched for this architecture")]
fn sops_itself_reads_each_format() {
    for (format, expected) in [
        ("yaml", "made up: this stands for the secret token"),
        ("yaml", "second_unencrypted: 'made up: this stands for the secret second'"),
        ("yaml", "hash: '!made-up'"),
        ("json", "this stands for the secret odd name \u{e9} ${x}"),
        ("dotenv", "MADE_UP=made up: this stands for the secret whole"),
        ("ini", "secret = made up: this stands for the secret table"),
        ("binary", "made up: this stands for the secret file"),
    ] {
        let text = decrypted(format);
        assert!(text.contains(expected), "{format}: {text}");
    }
}

#[test]
fn the_same_declarations_make_the_same_files() {
    assert_eq!(secrets().expression(&BTreeMap::new()), secrets().expression(&BTreeMap::new()));
    let mut other = document();
    other["machines"]["a"]["facts"]["sopsSecrets"]["token"]["key"] = "web/other".into();
    assert_ne!(
        Secrets::of(&other, &"a".into()).expression(&BTreeMap::new()),
        secrets().expression(&BTreeMap::new())
    );
}

#[test]
fn no_value_stands_in_clear() {
    let secrets = secrets();
    for content in secrets.files(&BTreeMap::new()).values() {
        let document = content.document();
        assert!(document.contains("ENC[AES256_GCM,"), "{document}");
        assert!(!document.contains("this stands for") && !document.contains("!made-up"), "{document}");
    }
}

#[test]
fn secrets_of_one_file_stay_in_one() {
    let secrets = secrets();
    assert_eq!(secrets.files(&BTreeMap::new()).len(), 5);
    assert_eq!(secrets.paths().count(), 7);
    assert_eq!(Secrets::of(&document(), &"b".into()), Secrets::default());
}

#[test]
fn one_key_holds_one_thing() {
    let mut content = Content::new(Format::Yaml);
    content.insert("a", "first");
    content.insert("a/b", "below");
    content.insert("a", "again");
    let mut alone = Content::new(Format::Yaml);
    alone.insert("a", "first");
    assert_eq!(content.document(), alone.document());
}
