//! How long it takes to derive who reaches whom in fleets of 10 to 1,000 machines, and whether it stays linear in the pairs.
//!
//! Flows in: fleets that are made up here, all of whose machines are on one overlay. Flows out: a table on the standard
//! output, the best of five runs a line. Must not: fail because of a figure; it only shows them.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and shows")]

use std::{fmt::Write as _, time::Instant};

use load::{fleet_toml, reach, resolve};
use serde_json::{Map, Value, json};

fn main() {
    println!("{:>10} {:>8} {:>8} {:>10} {:>8}", "overlay", "machines", "pairs", "ms", "ns/pair");
    for kind in ["zerotier", "wireguard"] {
        for machines in [10, 100, 1_000] {
            measure(kind, machines);
        }
    }
}

fn measure(kind: &str, machines: usize) {
    let (fleet, facts) = (fleet(kind, machines), facts(machines));
    let timed = |_| {
        let start = Instant::now();
        let matrix = reach::derive(&fleet, &facts);
        (start.elapsed(), matrix)
    };
    let (took, matrix) = (0..5).map(timed).min_by_key(|(time, _)| *time).expect("five runs");
    let must = matrix.pairs().filter(|pair| pair.reach() == model::reach::Reach::Must).count();
    let pairs = machines * (machines - 1);
    assert_eq!(must, pairs, "all of them are members");
    let each = took.as_nanos() / pairs as u128;
    println!("{kind:>10} {machines:>8} {pairs:>8} {:>10.2} {each:>8}", took.as_secs_f64() * 1e3);
}

fn fleet(kind: &str, machines: usize) -> model::resolved::ResolvedFleet {
    let mut text = String::new();
    for machine in 0..machines {
        writeln!(text, "[inventory.machines.m{machine}]").expect("text");
    }
    write!(
        text,
        "[inventory.instances.net]\nmodule.name = \"{kind}\"\nroles.controller.machines.m0 = {{}}\n"
    )
    .expect("text");
    for machine in 1..machines {
        writeln!(text, "roles.peer.machines.m{machine} = {{}}").expect("text");
    }
    resolve::resolve(fleet_toml::parse("fleet.toml", text.as_bytes()).0.expect("the fleet is sound"))
}

/// Both networks as clan sets them up, with `m0` for their controller.
fn facts(machines: usize) -> Value {
    const NETWORK: &str = "2f1c17918fae3bdc";
    let address = |machine: usize| format!("fd51:19c1:3b:0:{machine:x}::1");
    let key = |machine: usize| format!("key-{machine}");
    let peer = |machine: usize, allowed: String, endpoint: Option<&str>| json!({"publicKey": key(machine), "allowedIPs": [allowed], "endpoint": endpoint});
    let mut told = Map::new();
    let mut vars = vec![json!({"generator": "zerotier-network-net", "file": "network-id", "text": NETWORK})];
    for machine in 0..machines {
        let peers: Vec<Value> = match machine {
            0 => (1..machines).map(|other| peer(other, format!("{}/128", address(other)), None)).collect(),
            _ => vec![peer(0, "fd51:19c1:3b::/56".to_owned(), Some("m0:51820"))],
        };
        let facts = json!({
            "firewall": {"enable": true, "allowedTCPPorts": [22]},
            "sshd": {"enable": true, "ports": [22]},
            "zerotier": {"enable": true, "joinNetworks": [NETWORK]},
            "wireguard": {"net": {"ips": [address(machine)], "peers": peers}},
            "forwarding": {"ipv4": false, "ipv6": machine == 0},
        });
        told.insert(format!("m{machine}"), json!({ "facts": facts }));
        let ip = format!("fd2f:1c17:918f:ae3b:dc99:9300:0:{machine:x}");
        vars.push(json!({"generator": format!("zerotier-ip-m{machine}-net"), "file": "ip", "text": ip}));
        vars.push(json!({"machine": format!("m{machine}"), "generator": "wireguard-keys-net", "file": "publickey", "text": key(machine)}));
    }
    json!({"machines": told, "vars": {"vars": vars}})
}
