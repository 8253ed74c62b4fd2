//! Over a WireGuard network: the ways that allowed IPs leave open.

use std::{collections::BTreeSet, net::IpAddr};

use model::host_name::HostName;
use serde_json::{Value, json};

use super::sample::{Sample, asked, told};

fn star() -> Sample {
    Sample::of(&["hub", "out", "p", "q"]).wireguard("wg", &["hub"], &["p", "q"])
}

#[test]
fn peers_reach_each_other_through_the_controller_alone() {
    let matrix = star().matrix();
    assert_eq!(told(&matrix, "p", "hub"), "must reach: both are members");
    assert_eq!(told(&matrix, "hub", "p"), "must reach: both are members");
    assert_eq!(told(&matrix, "p", "q"), "must reach: both are members, and `hub` forwards between them");
    assert_eq!(told(&matrix, "out", "p"), "must not reach: `out` is no member");
    let still = star().fact("hub", "forwarding", json!({"ipv4": true, "ipv6": false})).matrix();
    assert_eq!(told(&still, "p", "q"), "must not reach: `hub` stands between them and forwards nothing");
    assert_eq!(told(&still, "p", "hub"), "must reach: both are members");
    let mac = star().fact("hub", "forwarding", Value::Null).matrix();
    assert!(told(&mac, "p", "q").starts_with("unknown: `hub` stands between them, and its configuration"));
}

#[test]
fn with_two_controllers_a_peer_is_asked_at_an_address_of_each() {
    let sample = Sample::of(&["h1", "h2", "p", "q"]).wireguard("wg", &["h1", "h2"], &["p", "q"]);
    let matrix = sample.matrix();
    let pings =
        |from: &str, to: &str| asked(&matrix, from, to).into_iter().filter(|at| !at.contains("]:")).count();
    assert_eq!((pings("p", "q"), pings("h1", "q"), pings("p", "h1")), (2, 2, 1));
    assert_eq!(told(&matrix, "h1", "h2"), "must reach: both are members");
    let still = sample.fact("h2", "forwarding", json!({"ipv4": false, "ipv6": false})).matrix();
    assert_eq!(told(&still, "p", "q"), "must reach: both are members, and `h1` forwards between them");
    let asked = asked(&still, "p", "q");
    assert_eq!(asked.len(), 2, "only the address that `h1` leads to, and its port: {asked:?}");
    assert!(asked[0].starts_with("fd51:19c1:3b:0:"), "{asked:?}");
}

/// Two machines with tunnels to each other, at addresses of their own.
fn tunnel(allowed_a: &[&str], allowed_b: &[&str], endpoint: Option<&str>) -> Sample {
    let end = |ip: &str, other: &str, allowed: &[&str], endpoint: Option<&str>| json!({"ips": [ip], "peers": [{"publicKey": format!("key-of-{other}"), "allowedIPs": allowed, "endpoint": endpoint}]});
    Sample::of(&["a", "b", "hub"])
        .wireguard("wg", &["hub"], &["a", "b"])
        .interface("a", "wg", end("fd00::a/64", "b", allowed_a, endpoint))
        .interface("b", "wg", end("fd00::b/64", "a", allowed_b, None))
}

#[test]
fn allowed_ips_hold_both_ways_or_none() {
    let matrix = |a: &[&str], b: &[&str]| tunnel(a, b, Some("b:1")).matrix();
    let both = matrix(&["fd00::b/128"], &["fd00::a/128"]);
    assert_eq!(told(&both, "a", "b"), "must reach: both are members");
    let lost = matrix(&["fd00::c/128"], &["fd00::a/128"]);
    assert_eq!(told(&lost, "a", "b"), "must not reach: no allowed IPs of `a` hold the address of `b`");
    let refused = "must not reach: the allowed IPs of `a` do not take `b`'s address from who hands it over";
    assert_eq!(told(&lost, "b", "a"), refused);
    let narrow = matrix(&["fd00::/64"], &["fd00::c/128"]);
    let refused = "must not reach: the allowed IPs of `b` do not take `a`'s address from who hands it over";
    assert_eq!(told(&narrow, "a", "b"), refused);
}

#[test]
fn a_tunnel_needs_an_endpoint_at_one_end() {
    let matrix = tunnel(&["fd00::b/128"], &["fd00::a/128"], None).matrix();
    let expected = "must not reach: `b` and the machine before it know no endpoint of each other";
    assert_eq!(told(&matrix, "a", "b"), expected);
}

#[test]
fn a_firewall_that_keeps_callers_out_leaves_the_way_to_those_whom_its_machine_calls() {
    let shut = json!({"enable": true, "allowedTCPPorts": [22], "trustedInterfaces": ["lo"]});
    let matrix = star().fact("hub", "firewall", shut.clone()).matrix();
    assert_eq!(
        told(&matrix, "p", "hub"),
        "must not reach: the firewall of `hub` keeps WireGuard's packets out"
    );
    let through = "must not reach: the firewall of `hub` keeps WireGuard's packets out";
    assert_eq!(told(&matrix, "p", "q"), through);
    let on_one = json!({"enable": true, "allowedTCPPorts": [22], "interfaces": {"eth0": {"allowedUDPPortRanges": [{"from": 51000, "to": 52000}]}}});
    let open = star().fact("hub", "firewall", on_one).matrix();
    assert_eq!(told(&open, "p", "hub"), "must reach: both are members");
    let off = star().fact("hub", "firewall", json!({"enable": false})).matrix();
    assert_eq!(told(&off, "p", "hub"), "must reach: both are members");
    let trusts =
        |name: &str| star().fact("hub", "firewall", json!({"enable": true, "trustedInterfaces": [name]}));
    assert_eq!(told(&trusts("eth0").matrix(), "p", "hub"), "must reach: both are members");
    assert!(told(&trusts("wg").matrix(), "p", "hub").starts_with("must not reach"), "the tunnel's own");
    for bridge in ["lo", "docker0", "virbr0", "veth+"] {
        let told = told(&trusts(bridge).matrix(), "p", "hub");
        assert_eq!(told, "must not reach: the firewall of `hub` keeps WireGuard's packets out", "{bridge}");
    }
    let within = |name: &str| json!({"enable": true, "interfaces": {name: {"allowedUDPPorts": [51820]}}});
    for name in ["docker0", "wg"] {
        let told = told(&star().fact("hub", "firewall", within(name)).matrix(), "p", "hub");
        assert!(told.starts_with("must not reach"), "nobody calls from there: {name}");
    }
    // Peers have no port of their own that anybody calls.
    let peer = star().fact("p", "firewall", shut).matrix();
    assert_eq!(told(&peer, "p", "hub"), "must reach: both are members");
}

#[test]
fn a_key_that_is_nobodys_leads_nowhere_that_is_known() {
    let strange = json!({"ips": ["fd00::a/64"], "peers": [{"publicKey": "other", "allowedIPs": ["::/0"], "endpoint": "x:1"}]});
    let matrix = star().interface("p", "wg", strange).matrix();
    let expected = "unknown: `p` hands packets for `q` to a key that is nobody's in the fleet";
    assert_eq!(told(&matrix, "p", "q"), expected);
    let read = json!({"ips": ["fd51:19c1:3b:0:1::1/56"], "peers": [{"publicKey": "key-of-hub\n", "allowedIPs": ["::/0"], "endpoint": "x:1"}]});
    let matrix = star().interface("p", "wg", read).matrix();
    assert!(!told(&matrix, "p", "hub").contains("nobody's"), "{}", told(&matrix, "p", "hub"));
}

#[test]
fn the_narrowest_network_leads_the_way() {
    let star = star();
    let matrix = star
        .clone()
        .interface("p", "wg", json!({"ips": ["fd00::a/64"], "peers": [
            {"publicKey": "key-of-q", "allowedIPs": ["::/0"], "endpoint": "q:1"},
            {"publicKey": "key-of-hub", "allowedIPs": ["fd00::1/128"], "endpoint": "hub:1"},
        ]}))
        .interface("q", "wg", json!({"ips": ["fd00::c/64"], "peers": [{"publicKey": "key-of-p", "allowedIPs": ["::/0"], "endpoint": null}]}))
        .interface("hub", "wg", json!({"ips": ["fd00::1/64"], "peers": [{"publicKey": "key-of-p", "allowedIPs": ["fd00::a"], "endpoint": null}]}))
        .matrix();
    assert_eq!(told(&matrix, "p", "hub"), "must reach: both are members");
    assert_eq!(told(&matrix, "p", "q"), "must reach: both are members");
    assert_eq!(told(&matrix, "hub", "q"), "must not reach: no allowed IPs of `hub` hold the address of `q`");
}

#[test]
fn a_way_in_a_circle_ends() {
    let to =
        |key: &str, allowed: &[&str]| json!({"publicKey": key, "allowedIPs": allowed, "endpoint": "x:1"});
    let interface = |ip: &str, peers: &[Value]| json!({"ips": [ip], "peers": peers});
    let forwards = json!({"ipv4": true, "ipv6": true});
    let matrix = Sample::of(&["a", "b", "c", "d"])
        .wireguard("wg", &["a"], &["b", "c", "d"])
        .interface("a", "wg", interface("fd00::a", &[to("key-of-b", &["fd00::d"])]))
        .interface(
            "b",
            "wg",
            interface("fd00::b", &[to("key-of-c", &["fd00::d"]), to("key-of-a", &["fd00::a"])]),
        )
        .interface("c", "wg", interface("fd00::c", &[to("key-of-b", &["fd00::d", "fd00::a"])]))
        .interface("d", "wg", interface("fd00::d", &[to("key-of-a", &["::/0"])]))
        .fact("b", "forwarding", forwards.clone())
        .fact("c", "forwarding", forwards)
        .matrix();
    let told = told(&matrix, "a", "d");
    assert!(told.starts_with("must not reach: "), "{told}");
}

#[test]
fn a_machine_that_does_not_tell_its_interface_is_unknown() {
    let networkd = star().fact("p", "wireguard", json!({})).matrix();
    let expected = "unknown: the configuration of `p` does not tell how it runs WireGuard";
    assert_eq!(told(&networkd, "p", "hub"), expected);
    let unasked = star().unevaluated("hub").matrix();
    assert_eq!(told(&unasked, "p", "q"), "unknown: `hub` was not evaluated, or does not evaluate");
}

/// Names come with all that they lead to; those that lead to no member are left out, and so is what no resolver takes.
#[test]
fn names_are_those_that_a_machine_itself_gives_to_members() {
    let hosts = json!({
        "127.0.0.2": ["b"], "10.0.0.9": ["printer", "a.mesh"], "fd51:19c1:3b:0::1": ["a.mesh", "a b", "-a"],
    });
    let sample = Sample::of(&["a", "b", "c"]).wireguard("mesh", &["a"], &["b", "c"]);
    let matrix = sample.fact("b", "hosts", hosts).fact("c", "hosts", json!(null)).matrix();
    let names = |machine: &str| {
        let names = matrix.meshes[0].overlay.members[machine].names.iter();
        let listed = |(name, at): (&HostName, &BTreeSet<IpAddr>)| format!("{name} {at:?}");
        names.map(listed).collect::<Vec<_>>()
    };
    assert_eq!(names("b"), ["a.mesh {10.0.0.9, fd51:19c1:3b::1}"]);
    assert_eq!((names("a"), names("c")), (vec![], vec![]));
}
