//! Certificates: one of a sample fleet, and one that OpenSSH made with other algorithms.

use jiff::civil::date;

use super::{tree::fleet, *};

/// `ssh-keygen -s ca -I "an id" -n alice,bob -V 20200101Z:20210101Z -O force-command=ls host.pub`, an RSA key that an ECDSA
/// key signed. `ssh-keygen -L` says what is expected of it here.
const OTHER: &str = "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgq6u9R2Ue1d+xOv6PDgo9hpz\
    BXG6SGneQkJ8hdvvSdQgAAAADAQABAAAAgQDjy8kIYWl8rm5IRSU/P+KYNLMCWrKH97xOkMTeCvGnUBeCAFnW+OiDr0OvbaNXdL2\
    kdLvwcZYCpGhX+rg1J8RjANYYWApmLbkfj7Rl0xh0Fuekiikn4YWbftciJXOvoebP85aOIpIa0S6uZPElxThc7c7Kfmf7P2sevyk\
    foVK9mQAAAAAAAAAAAAAAAQAAAAVhbiBpZAAAABAAAAAFYWxpY2UAAAADYm9iAAAAAF4L4QAAAAAAX+5mAAAAABsAAAANZm9yY2U\
    tY29tbWFuZAAAAAYAAAACbHMAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmR\
    pbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAA\
    AAAAAAAAAAABoAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOo+jBBmqcLaa3OjBMPpnttkg7M/MyhH5+3\
    gXMb9M0vo3vJ1ZQJrTFm+dbRIELay7cV53K+RxAw1a8OGDNraUyIAAABkAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAABJAAAAIQC\
    kQKqdOno0lGboDrKFL82yhdYKpJ2Ij5PWt8OcR5I9+wAAACB4S9OjCk19b3uHcGXW3/rgDGRIoB8BkTa25qg21xpA+g== host";

fn of(text: &str) -> Value {
    at(
        &facts(&tree([file("vars/per-machine/a/openssh-cert/a-cert.pub/value", text)])),
        "/vars/vars/0/certificate",
    )
}

fn sample() -> String {
    let tree = fleet("eight");
    let path = "vars/per-machine/cinnabar/openssh-cert/ssh.id_ed25519-cert.pub/value";
    tree.texts().find(|(found, _)| *found == path).unwrap().1.to_owned()
}

/// The certificate with one byte of its binary form changed.
fn bent(text: &str, byte: usize) -> String {
    let mut words = text.split(' ');
    let (algorithm, body) = (words.next().unwrap(), words.next().unwrap());
    let mut blob = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
    blob[byte] ^= 1;
    format!("{algorithm} {}", data_encoding::BASE64.encode(&blob))
}

#[test]
fn a_sample_fleets_certificate_verifies() {
    let certificate = of(&sample());
    let told = |key: &str| certificate[key].clone();
    assert_eq!(told("verifies"), true);
    assert_eq!(told("type"), "host");
    assert_eq!(told("key_id"), "cinnabar");
    assert_eq!(told("principals"), json!(["cinnabar.eight.internal"]));
    assert_eq!(
        (told("serial"), told("valid_after"), told("valid_before")),
        (json!(0), json!(0), Value::Null)
    );
    let vars = facts(&fleet("eight"));
    let all = at(&vars, "/vars/vars");
    let text =
        |path: &str| all.as_array().unwrap().iter().find(|var| var["path"] == path).unwrap()["text"].clone();
    let bare = |text: Value| text.as_str().unwrap().split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(told("ca"), bare(text("vars/shared/openssh-ca/id_ed25519.pub")));
    assert_eq!(told("key"), bare(text("vars/per-machine/cinnabar/openssh/ssh.id_ed25519.pub")));
}

#[test]
fn no_byte_may_change() {
    let text = sample();
    let length = data_encoding::BASE64.decode(text.split(' ').nth(1).unwrap().as_bytes()).unwrap().len();
    for byte in 0..length {
        let certificate = of(&bent(&text, byte));
        assert!(certificate["verifies"] != true, "byte {byte}: {certificate}");
    }
}

#[test]
fn other_algorithms_are_read_and_not_judged() {
    let certificate = of(OTHER);
    assert_eq!(
        certificate,
        json!({
            "algorithm": "ssh-rsa-cert-v01@openssh.com",
            "type": "user",
            "key": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDjy8kIYWl8rm5IRSU/P+KYNLMCWrKH97xOkMTeCvGnUBeCAFnW+O\
                iDr0OvbaNXdL2kdLvwcZYCpGhX+rg1J8RjANYYWApmLbkfj7Rl0xh0Fuekiikn4YWbftciJXOvoebP85aOIpIa0S6u\
                ZPElxThc7c7Kfmf7P2sevykfoVK9mQ==",
            "key_id": "an id",
            "serial": 0,
            "principals": ["alice", "bob"],
            "valid_after": 1_577_836_800,
            "valid_before": 1_609_459_200,
            "critical_options": ["force-command"],
            "extensions": [
                "permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding", "permit-pty", "permit-user-rc",
            ],
            "ca": "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOo+jBBmqcLaa3OjBM\
                Ppnttkg7M/MyhH5+3gXMb9M0vo3vJ1ZQJrTFm+dbRIELay7cV53K+RxAw1a8OGDNraUyI=",
            "ca_fingerprint": "SHA256:bWxJDPdg1qpq9TVrt0BhIMgdtkYWzI+R5KxDe3fyrFo",
            "verifies": null,
        })
    );
}

#[test]
fn a_certificate_is_valid_from_a_day_to_a_day() {
    let valid = |text: &str, day: Date| {
        let mut vars = facts(&tree([file("vars/shared/g/a-cert.pub/value", text)]));
        vars.on(day);
        at(&vars, "/vars/vars/0/certificate").get("valid").cloned()
    };
    for (day, is_valid) in [
        (date(2019, 12, 31), false),
        (date(2020, 1, 1), true),
        (date(2020, 12, 31), true),
        (date(2021, 1, 1), false),
    ] {
        assert_eq!(valid(OTHER, day), Some(json!(is_valid)), "{day}");
    }
    assert_eq!(valid(&sample(), date(9999, 12, 31)), Some(json!(true)));
    assert_eq!(valid("nothing", date(2020, 1, 1)), None);
}

#[test]
fn what_is_no_certificate_says_why() {
    let text = sample();
    let cut = format!("ssh-ed25519-cert-v01@openssh.com {}", &text.split(' ').nth(1).unwrap()[..64]);
    let mut long = data_encoding::BASE64.decode(text.split(' ').nth(1).unwrap().as_bytes()).unwrap();
    long.push(0);
    let long = format!("ssh-ed25519-cert-v01@openssh.com {}", data_encoding::BASE64.encode(&long));
    let renamed = text.replacen("ssh-ed25519-cert", "ssh-rsa-cert", 1);
    for text in [
        "",
        "ssh-ed25519-cert-v01@openssh.com",
        "a b",
        "a AAAA",
        cut.as_str(),
        long.as_str(),
        renamed.as_str(),
    ] {
        assert!(of(text)["fault"].is_string(), "{text}");
    }
}
