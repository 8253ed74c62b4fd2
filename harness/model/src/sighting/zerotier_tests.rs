//! What ZeroTier 1.14.1 said: three nodes of a network of namespaces, with a planet of their own. The first is the controller,
//! the second was let in, the third was let in and put out again. Their keys are gone.

use super::*;

const INFO: &str = include_str!("zerotier/info.json");
const NETWORKS: &str = include_str!("zerotier/networks.json");
const DENIED: &str = include_str!("zerotier/networks-denied.json");
const PEERS: &str = include_str!("zerotier/peers.json");
const MEMBERS: &str = include_str!("zerotier/members.json");

#[test]
fn what_was_recorded_is_read() {
    let read = Zerotier::read(INFO, NETWORKS, PEERS, "").unwrap();
    assert_eq!((read.node.address.as_str(), read.node.online), ("e8fb435881", true));
    assert_eq!((read.networks[0].status.as_str(), read.networks[0].controller()), ("OK", "ab1705e7d3"));
    let address = read.networks[0].assigned_addresses[0].trim_end_matches("/88").parse().unwrap();
    assert_eq!(read.networks[0].node_of(address).as_deref(), Some("e8fb435881"));
    let peers: Vec<_> =
        read.peers.iter().map(|peer| (peer.address.as_str(), peer.role.as_str(), peer.is_direct())).collect();
    assert_eq!(peers, [("ab1705e7d3", "PLANET", true), ("edcb1b2f1d", "LEAF", true)]);
    assert_eq!(read.members, []);
    let denied = Zerotier::read(INFO, DENIED, PEERS, "").unwrap();
    assert_eq!(
        (denied.networks[0].status.as_str(), denied.networks[0].assigned_addresses.len()),
        ("ACCESS_DENIED", 0)
    );
}

#[test]
fn the_controller_tells_whom_it_admits_on_each_of_its_networks() {
    let twice = format!("{MEMBERS}\n{MEMBERS}");
    let read = Zerotier::read(INFO, NETWORKS, PEERS, &twice).unwrap();
    let members: Vec<_> =
        read.members.iter().map(|member| (member.address.as_str(), member.authorized)).collect();
    let once = [("ab1705e7d3", true), ("e8fb435881", true), ("edcb1b2f1d", false)];
    assert_eq!(members, [once, once].concat());
}

/// The example of ZeroTier's own sources, `node/InetAddress.cpp`.
#[test]
fn a_node_follows_from_its_address_and_from_no_other() {
    let network = Network { id: "db4344343b14b903".into(), status: "OK".into(), assigned_addresses: vec![] };
    let of = |address: &str| network.node_of(address.parse().unwrap());
    for good in ["fddb:4344:343b:14b9:399:93db:4344:343b", "fce0:57fd:37db:4344:343b::1"] {
        assert_eq!(of(good).as_deref(), Some("db4344343b"), "{good}");
    }
    for other in
        ["fddb:4344:343b:14b9:398:93db:4344:343b", "fce0:57fd:37db:4344:343b::2", "fd00::1", "10.0.0.1"]
    {
        assert_eq!(of(other), None, "{other}");
    }
}

#[test]
fn one_whose_ways_are_gone_or_who_is_met_by_tcp_is_not_met_directly() {
    let peers = |paths: &str, tunneled: bool| {
        let text =
            format!(r#"[{{"address":"0123456789","role":"LEAF","tunneled":{tunneled},"paths":[{paths}]}}]"#);
        Zerotier::read(INFO, NETWORKS, &text, "").unwrap().peers[0].is_direct()
    };
    assert!(peers(r#"{"active":true,"expired":false}"#, false));
    assert!(!peers(r#"{"active":true,"expired":true}"#, false));
    assert!(!peers(r#"{"active":true,"expired":false}"#, true));
    assert!(!peers("", false));
}

#[test]
fn another_form_is_told() {
    assert!(Zerotier::read(INFO, "{}", PEERS, "").unwrap_err().contains("listnetworks"));
    assert!(Zerotier::read(r#"{"address":1}"#, NETWORKS, PEERS, "").unwrap_err().contains("info"));
    assert!(Zerotier::read(INFO, NETWORKS, PEERS, r#"{"data":[{}]}"#).unwrap_err().contains("members"));
}
