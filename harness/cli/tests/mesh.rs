//! Who must reach whom, through the binary: from a flake that nix evaluates to the table and the document.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[expect(dead_code, reason = "nothing is verified here")]
#[path = "twins/binary.rs"]
mod binary;
#[path = "twins/harbour.rs"]
mod harbour;

use std::{fs, path::Path};

use binary::{exits, seaworthy, text};
use harbour::Harbour;
use serde_json::{Value, json};

#[track_caller]
fn document(folder: &Path, arguments: &[&str]) -> Value {
    let output =
        seaworthy(folder).args(["mesh", "matrix", "--format", "json"]).args(arguments).output().unwrap();
    exits(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn shown(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = seaworthy(folder).args(["mesh", "matrix"]).args(arguments).output().unwrap();
    exits(&output, code);
    text(&output.stdout) + &text(&output.stderr)
}

/// What is expected of one machine towards another, and why.
#[track_caller]
fn pair<'a>(document: &'a Value, overlay: &str, from: &str, to: &str) -> (&'a str, &'a str) {
    let overlays = document["overlays"].as_array().unwrap();
    let overlay = overlays.iter().find(|known| known["name"] == overlay).unwrap();
    let mut pairs = overlay["pairs"].as_array().unwrap().iter();
    let pair =
        pairs.find(|pair| pair["from"] == from && pair["to"] == to).unwrap_or_else(|| panic!("{overlay}"));
    (pair["reach"].as_str().unwrap(), pair["why"].as_str().unwrap())
}

#[test]
fn servers_of_the_sample_fleet_reach_each_other_and_of_macs_nobody_can_tell() {
    let harbour = Harbour::open().unwrap();
    let eight = harbour.folder("eight");
    let document = document(&eight, &[]);
    assert_eq!(document["overlays"].as_array().unwrap().len(), 1);
    let counts = json!({"must": 12, "must_not": 0, "unknown": 44, "outside": 0, "stated": 0});
    assert_eq!(document["overlays"][0]["counts"], counts);
    let servers = ["cinnabar", "electrum", "galena", "scheelite"];
    for (from, to) in
        servers.iter().flat_map(|from| servers.map(|to| (*from, to))).filter(|(from, to)| from != to)
    {
        assert_eq!(pair(&document, "zerotier-local", from, to), ("must", "both are members"));
    }
    let mac = ("unknown", "the configuration of `stibnite` does not tell how it runs ZeroTier");
    assert_eq!(pair(&document, "zerotier-local", "stibnite", "cinnabar"), mac);
    let members = &document["overlays"][0]["members"];
    let address =
        fs::read_to_string(eight.join("vars/per-machine/electrum/zerotier/zerotier-ip/value")).unwrap();
    let peer = json!({"named": false, "tags": ["all"]});
    assert_eq!(members["electrum"], json!({"roles": {"peer": peer}, "addresses": [address.trim()]}));
    assert_eq!(
        members["cinnabar"]["roles"],
        json!({"controller": {"named": true, "tags": []}, "peer": peer})
    );
    let told = shown(&eight, &[], 0);
    assert!(
        told.contains("\nzerotier-local: ZeroTier, 8 members; 12 pairs must reach, 0 must not, 44 unknown\n"),
        "{told}"
    );
    assert!(told.contains("\n3 cinnabar  ? ? . + + ? + ?\n"), "{told}");
    assert!(
        told.contains("\n  the configuration of `stibnite` does not tell how it runs ZeroTier: 11 pairs\n"),
        "{told}"
    );
}

#[test]
fn an_exception_of_the_sample_fleet_stands_in_the_place_of_what_follows() {
    let harbour = Harbour::open().unwrap();
    let eight = harbour.folder("eight");
    let file = eight.join("fleet.toml");
    let more = "\n[[mesh.exceptions]]\nfrom = { tags = [\"workstation\"] }\nto = { machines = [\"cinnabar\"] }\nreach = \"must\"\n\
                reason = \"joined by hand\"\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + more).unwrap();
    let document = document(&eight, &[]);
    let (reach, why) = pair(&document, "zerotier-local", "stibnite", "cinnabar");
    assert!(reach == "must" && why.ends_with(" states: joined by hand"), "{why}");
    assert_eq!(pair(&document, "zerotier-local", "cinnabar", "stibnite").0, "unknown", "the other direction");
    assert_eq!(document["overlays"][0]["counts"]["stated"], 4);
    let told = shown(&eight, &[], 0);
    let first = told.lines().find(|line| line.contains(" -> ")).unwrap();
    assert!(first.starts_with("  argentum -> cinnabar must reach: as fleet.toml:"), "{told}");
    fs::write(
        &file,
        fs::read_to_string(&file).unwrap().replace("[\"workstation\"] }\nto", "[\"workstaton\"] }\nto"),
    )
    .unwrap();
    let told = shown(&eight, &[], 2);
    assert!(
        told.contains("no machine carries the tag `workstaton`")
            && told.contains("did you mean `workstation`?"),
        "{told}"
    );
}

#[test]
fn names_that_are_nobodys_are_refused_with_the_nearest() {
    let harbour = Harbour::open().unwrap();
    let eight = harbour.folder("eight");
    assert!(shown(&eight, &["-m", "cinnabra"], 2).contains("did you mean cinnabar?"));
    assert!(shown(&eight, &["--overlay", "zerotier-locl"], 2).contains("did you mean zerotier-local?"));
    let told = shown(&eight, &["-m", "cinnabar,galena", "--overlay", "zerotier-local"], 0);
    assert_eq!(told.lines().filter(|line| line.contains(" -> ")).count(), 2 * 7 * 2 - 2, "{told}");
    assert!(!told.contains("unknown, because"), "each has its own reason: {told}");
}

/// A hub with two peers on WireGuard, and a mesh of Yggdrasil above; `flaw` is Nix that is merged into the hub.
fn tunnels(folder: &Path, flaw: &str) {
    let peer = |name: &str, suffix: u8| {
        format!(
            r#"{name}.config = base // {{
                networking = {{ hostName = "{name}"; firewall = firewall; wireguard.interfaces.wg = {{ ips = [ "fd00::{suffix}/64" ]; peers = [ {{ publicKey = "{key}"; allowedIPs = [ "fd00::/64" ]; endpoint = "hub.example.org:51820"; }} ]; }}; }};
                services = base.services // {{ yggdrasil = {{ enable = true; settings = {{ IfName = "ygg"; Peers = [ "tcp://[fd00::1]:6443" ]; }}; }}; }};
            }};"#,
            key = key("hub"),
        )
    };
    let listed = |name: &str, suffix: u8| {
        format!(r#"{{ publicKey = "{}"; allowedIPs = [ "fd00::{suffix}/128" ]; }}"#, key(name))
    };
    let flake = format!(
        r#"{{ outputs = _: let
            firewall = {{ enable = true; allowedTCPPorts = [ 22 ]; }};
            base = {{ services.openssh = {{ enable = true; ports = [ 22 ]; }}; boot.kernel.sysctl = {{ }}; }};
            hub = base // {{
                networking = {{ hostName = "hub"; firewall = firewall // {{ allowedUDPPorts = [ 51820 ]; }}; wireguard.interfaces.wg = {{ ips = [ "fd00::1/64" ]; listenPort = 51820; peers = [ {} {} ]; }}; }};
                services = base.services // {{ yggdrasil = {{ enable = true; settings.IfName = "ygg"; }}; }};
                boot.kernel.sysctl."net.ipv6.conf.all.forwarding" = 1;
            }};
        in {{ nixosConfigurations = {{ hub.config = hub // {flaw}; {} {} out.config = base // {{ networking.hostName = "out"; }}; }}; }}; }}"#,
        listed("a", 0xa),
        listed("b", 0xb),
        peer("a", 0xa),
        peer("b", 0xb),
    );
    fs::write(folder.join("flake.nix"), flake).unwrap();
    let inventory = "[inventory.machines]\nhub = {}\na = {}\nb = {}\nout = {}\n\
        [inventory.instances.wg]\nmodule.name = \"wireguard\"\nroles.controller.machines.hub = {}\nroles.peer.machines = { a = {}, b = {} }\n\
        [inventory.instances.ygg]\nmodule.name = \"yggdrasil\"\nroles.default.machines = { hub = {}, a = {}, b = {} }\n";
    fs::write(folder.join("fleet.toml"), inventory).unwrap();
    for (name, suffix) in [("hub", "1"), ("a", "a"), ("b", "b")] {
        var(folder, name, "wireguard-keys-wg", "publickey", &key(name));
        var(folder, name, "yggdrasil", "address", &format!("200::{suffix}"));
    }
}

/// A key of the right length.
fn key(name: &str) -> String {
    format!("{name:A<43}=")
}

fn var(folder: &Path, machine: &str, generator: &str, file: &str, text: &str) {
    let folder = folder.join("vars/per-machine").join(machine).join(generator).join(file);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("value"), text).unwrap();
}

#[test]
fn tunnels_and_peerings_are_followed_as_nix_tells_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    tunnels(folder, "{ }");
    let sound = document(folder, &[]);
    assert_eq!(pair(&sound, "wg", "a", "hub"), ("must", "both are members"));
    assert_eq!(pair(&sound, "wg", "a", "b"), ("must", "both are members, and `hub` forwards between them"));
    assert_eq!(pair(&sound, "wg", "out", "hub"), ("must-not", "`out` is no member"));
    assert_eq!(
        pair(&sound, "ygg", "a", "b"),
        ("must", "both are members"),
        "the hub's address on `wg` joins them"
    );
    tunnels(folder, "{ boot.kernel.sysctl = { }; }");
    let still = document(folder, &[]);
    assert_eq!(pair(&still, "wg", "a", "b"), ("must-not", "`hub` stands between them and forwards nothing"));
    assert_eq!(pair(&still, "wg", "a", "hub").0, "must");
    tunnels(folder, "{ networking = hub.networking // { inherit firewall; }; }");
    let shut = document(folder, &["--overlay", "wg"]);
    assert_eq!(
        pair(&shut, "wg", "a", "hub"),
        ("must-not", "the firewall of `hub` keeps WireGuard's packets out")
    );
    assert_eq!(shut["overlays"].as_array().unwrap().len(), 1);
}

#[test]
fn without_an_overlay_there_is_nothing_to_show_and_without_a_flake_nothing_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = "[inventory.machines]\na = {}\nb = {}\n";
    fs::write(folder.path().join("fleet.toml"), inventory).unwrap();
    assert!(shown(folder.path(), &[], 0).contains("no instance of the inventory is one of clan's services"));
    let net = "[inventory.instances.net]\nmodule.name = \"zerotier\"\nroles.controller.machines.a = {}\nroles.peer.tags.all = {}\n";
    fs::write(folder.path().join("fleet.toml"), inventory.to_owned() + net).unwrap();
    assert_eq!(
        pair(&document(folder.path(), &[]), "net", "a", "b"),
        ("unknown", "`a` was not evaluated, or does not evaluate")
    );
}
