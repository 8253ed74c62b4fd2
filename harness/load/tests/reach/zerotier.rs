//! Over a ZeroTier network.

use serde_json::json;

use super::sample::{NETWORK, Sample, asked, told};

fn sample() -> Sample {
    Sample::of(&["a", "b", "c", "out", "x"]).zerotier("net", "c", &["a", "b"])
}

#[test]
fn members_must_reach_each_other_and_nobody_else_must() {
    let matrix = sample().matrix();
    assert_eq!(told(&matrix, "a", "b"), "must reach: both are members");
    assert_eq!(told(&matrix, "b", "c"), "must reach: both are members");
    assert_eq!(told(&matrix, "out", "a"), "must not reach: `out` is no member");
    assert_eq!(told(&matrix, "a", "out"), "must not reach: `out` is no member");
    assert_eq!(told(&matrix, "out", "x"), "must not reach: neither is a member");
}

#[test]
fn what_is_asked_is_a_ping_and_the_ssh_port_at_the_overlays_address() {
    let matrix = sample().matrix();
    let address = "fd2f:1c17:918f:ae3b:dc99:9300:0:62";
    let all = [address.to_owned(), format!("[{address}]:22")];
    assert_eq!(asked(&matrix, "a", "b"), all);
    assert_eq!(asked(&matrix, "out", "b"), all, "an outsider is to get none of it");
    assert_eq!(asked(&matrix, "a", "out"), [""; 0]);
    let quiet = sample().fact("b", "firewall", json!({"enable": true, "allowedTCPPorts": []})).matrix();
    assert_eq!(asked(&quiet, "a", "b"), all[..1]);
}

#[test]
fn a_member_that_does_not_join_is_not_reached() {
    let off = sample().fact("a", "zerotier", json!({"enable": false, "joinNetworks": [NETWORK]})).matrix();
    assert_eq!(told(&off, "a", "b"), "must not reach: `a` does not run ZeroTier");
    let elsewhere = sample().fact("a", "zerotier", json!({"enable": true, "joinNetworks": ["0"]})).matrix();
    assert_eq!(
        told(&elsewhere, "b", "a"),
        "must not reach: `a` runs ZeroTier, but does not join this network"
    );
}

#[test]
fn what_nobody_can_tell_is_unknown() {
    let mac = sample().fact("a", "zerotier", json!(null)).matrix();
    assert_eq!(told(&mac, "a", "b"), "unknown: the configuration of `a` does not tell how it runs ZeroTier");
    let broken = sample().unevaluated("a").matrix();
    assert_eq!(told(&broken, "b", "a"), "unknown: `a` was not evaluated, or does not evaluate");
    assert_eq!(told(&broken, "out", "a"), "must not reach: `out` is no member");
    let fresh = Sample::of(&["a", "b"])
        .role("net", "zerotier", "controller", &["a"])
        .role("net", "zerotier", "peer", &["b"])
        .fact("a", "zerotier", json!({"enable": true, "joinNetworks": []}))
        .fact("b", "zerotier", json!({"enable": true, "joinNetworks": []}))
        .matrix();
    assert_eq!(told(&fresh, "a", "b"), "unknown: no address of `a` on the overlay is known");
}

#[test]
fn who_joins_without_a_role_is_unknown() {
    let joins = json!({"enable": true, "joinNetworks": [NETWORK]});
    let matrix = sample().fact("out", "zerotier", joins).matrix();
    assert_eq!(told(&matrix, "out", "a"), "unknown: `out` joins the network, but has no role in it");
    assert_eq!(told(&matrix, "out", "x"), "must not reach: `x` is no member");
}

#[test]
fn a_network_without_a_controller_admits_nobody_that_is_known() {
    let matrix = Sample::of(&["a", "b", "c"]).zerotier("net", "c", &["a", "b"]).fleet();
    assert!(matrix.roles["net"].contains_key("controller"));
    let peers_alone = Sample::of(&["a", "b"])
        .role("net", "zerotier", "peer", &["a", "b"])
        .fact("a", "zerotier", json!({"enable": true, "joinNetworks": ["1"]}))
        .fact("b", "zerotier", json!({"enable": true, "joinNetworks": ["1"]}))
        .var("a", "zerotier", "zerotier-ip", "fd2f:1c17:918f:ae3b:dc99:9300:0:1")
        .var("b", "zerotier", "zerotier-ip", "fd2f:1c17:918f:ae3b:dc99:9300:0:2");
    let told = told(&peers_alone.matrix(), "a", "b");
    assert_eq!(told, "unknown: no machine of this fleet runs the controller of the network");
}

#[test]
fn a_controller_that_does_not_run_admits_nobody() {
    let off = json!({"enable": false, "joinNetworks": [NETWORK]});
    let matrix = sample().fact("c", "zerotier", off).matrix();
    assert_eq!(
        told(&matrix, "a", "b"),
        "unknown: no machine of this fleet runs the controller of the network"
    );
    assert_eq!(told(&matrix, "a", "c"), "must not reach: `c` does not run ZeroTier");
    let untold = sample().unevaluated("c").matrix();
    assert_eq!(told(&untold, "a", "b"), "must reach: both are members", "it may run");
}

#[test]
fn an_address_of_another_network_is_none_of_this_one() {
    let matrix = Sample::of(&["a", "c"])
        .zerotier("net", "c", &[])
        .role("net", "zerotier", "peer", &["a"])
        .fact("a", "zerotier", json!({"enable": true, "joinNetworks": [NETWORK]}))
        .var("a", "zerotier", "zerotier-ip", "fddb:4344:343b:14b9:399:93db:4344:343b")
        .matrix();
    assert_eq!(told(&matrix, "c", "a"), "unknown: no address of `a` on the overlay is known");
}

#[test]
fn a_firewall_that_lets_nobody_in_keeps_an_ipv4_overlay_shut_one_way() {
    let shut = json!({"enable": true, "allowedTCPPorts": [], "allowPing": false});
    let matrix = Sample::of(&["a", "b"])
        .wireguard("wg", &["a"], &[])
        .role("wg", "wireguard", "peer", &["b"])
        .var("b", "wireguard-keys-wg", "publickey", "key-of-b")
        .interface("a", "wg", json!({"ips": ["10.0.0.1/24"], "peers": [{"publicKey": "key-of-b", "allowedIPs": ["10.0.0.2/32"], "endpoint": "b:1"}]}))
        .interface("b", "wg", json!({"ips": ["10.0.0.2/24"], "peers": [{"publicKey": "key-of-a", "allowedIPs": ["10.0.0.1/32"], "endpoint": null}]}))
        .fact("b", "firewall", shut)
        .matrix();
    assert_eq!(told(&matrix, "a", "b"), "must not reach: the firewall of `b` lets nobody in on the overlay");
    assert_eq!(told(&matrix, "b", "a"), "must reach: both are members");
    assert_eq!(asked(&matrix, "a", "b"), ["10.0.0.2", "10.0.0.2:22"]);
}
