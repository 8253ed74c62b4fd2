//! A fleet with overlays as a test tells it: what stands in `fleet.toml`, and what the facts document would say.

use std::collections::{BTreeMap, BTreeSet};

use load::{fleet_toml, reach, resolve::resolve};
use model::{matrix::Matrix, resolved::ResolvedFleet};
use serde_json::{Value, json};

/// The fleet under construction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    machines: BTreeMap<String, Value>,
    instances: BTreeMap<String, (String, BTreeMap<String, BTreeSet<String>>)>,
    vars: Vec<Value>,
    exceptions: String,
}

/// The id of every ZeroTier network here.
pub(crate) const NETWORK: &str = "2f1c17918fae3bdc";

impl Sample {
    /// Machines that evaluate, with an SSH daemon that the firewall lets in.
    pub(crate) fn of(machines: &[&str]) -> Self {
        let facts = json!({
            "firewall": {"enable": true, "allowedTCPPorts": [22], "allowedUDPPorts": [51820], "trustedInterfaces": ["lo"]},
            "sshd": {"enable": true, "ports": [22]},
            "zerotier": {"enable": false, "joinNetworks": []},
            "wireguard": {},
            "forwarding": {"ipv4": false, "ipv6": false},
            "yggdrasil": {"enable": false, "peers": []},
        });
        let machines = machines.iter().map(|name| ((*name).to_owned(), facts.clone())).collect();
        Self { machines, ..Self::default() }
    }

    pub(crate) fn role(mut self, instance: &str, module: &str, role: &str, machines: &[&str]) -> Self {
        let entry = self.instances.entry(instance.to_owned()).or_default();
        module.clone_into(&mut entry.0);
        entry.1.entry(role.to_owned()).or_default().extend(machines.iter().map(|name| (*name).to_owned()));
        self
    }

    pub(crate) fn fact(mut self, machine: &str, fact: &str, value: Value) -> Self {
        self.machines.get_mut(machine).unwrap()[fact] = value;
        self
    }

    /// A machine of which evaluation told nothing.
    pub(crate) fn unevaluated(mut self, machine: &str) -> Self {
        self.machines.insert(machine.to_owned(), json!({}));
        self
    }

    pub(crate) fn var(mut self, machine: &str, generator: &str, file: &str, text: &str) -> Self {
        self.vars.push(json!({"machine": machine, "generator": generator, "file": file, "text": text}));
        self
    }

    pub(crate) fn shared(mut self, generator: &str, file: &str, text: &str) -> Self {
        self.vars.push(json!({"generator": generator, "file": file, "text": text}));
        self
    }

    /// A ZeroTier network as clan sets one up, its vars made.
    pub(crate) fn zerotier(mut self, instance: &str, controller: &str, peers: &[&str]) -> Self {
        self = self.role(instance, "zerotier", "controller", &[controller]);
        self = self.role(instance, "zerotier", "peer", peers);
        self = self.shared(&format!("zerotier-network-{instance}"), "network-id", NETWORK);
        for machine in peers.iter().chain([&controller]) {
            self = self.fact(machine, "zerotier", json!({"enable": true, "joinNetworks": [NETWORK]}));
            let node: String = machine.bytes().map(|byte| format!("{byte:02x}")).collect();
            let node = format!("{node:0>4.4}");
            let address = format!("fd2f:1c17:918f:ae3b:dc99:9300:0:{node}");
            self = self.shared(&format!("zerotier-ip-{machine}-{instance}"), "ip", &address);
        }
        self
    }

    /// A WireGuard network as clan sets one up: peers of every controller, controllers of everybody.
    pub(crate) fn wireguard(mut self, instance: &str, controllers: &[&str], peers: &[&str]) -> Self {
        self = self.role(instance, "wireguard", "controller", controllers);
        self = self.role(instance, "wireguard", "peer", peers);
        let prefix = |number: usize| format!("fd51:19c1:3b:{number:x}00");
        let suffix = |machine: &str| {
            format!("{:x}:0:0:1", machine.bytes().fold(2_u16, |sum, byte| sum * 31 % 9973 + u16::from(byte)))
        };
        let key = |machine: &str| format!("key-of-{machine}");
        let controlled = || controllers.iter().enumerate();
        let to_controllers = |but: &str| -> Vec<Value> {
            let others = controlled().filter(|(_, name)| **name != but);
            others
                .map(|(number, name)| json!({"publicKey": key(name), "allowedIPs": [format!("{}::/56", prefix(number))], "endpoint": format!("{name}:51820")}))
                .collect()
        };
        for (number, name) in controlled() {
            let to_peers = peers.iter().map(|peer| {
                let networks: Vec<_> = controlled()
                    .map(|(number, _)| format!("{}:{}/96", prefix(number), suffix(peer)))
                    .collect();
                json!({"publicKey": key(peer), "allowedIPs": networks, "endpoint": null})
            });
            let all: Vec<Value> = to_controllers(name).into_iter().chain(to_peers).collect();
            let interface =
                json!({"ips": [format!("{}::1/40", prefix(number))], "listenPort": 51820, "peers": all});
            self = self.interface(name, instance, interface);
            self = self.fact(name, "forwarding", json!({"ipv4": false, "ipv6": true}));
        }
        for peer in peers {
            let ips: Vec<_> =
                controlled().map(|(number, _)| format!("{}:{}/56", prefix(number), suffix(peer))).collect();
            self = self.interface(peer, instance, json!({"ips": ips, "peers": to_controllers(peer)}));
        }
        for machine in controllers.iter().chain(peers) {
            self = self.var(machine, &format!("wireguard-keys-{instance}"), "publickey", &key(machine));
        }
        self
    }

    /// One interface of WireGuard.
    pub(crate) fn interface(mut self, machine: &str, name: &str, value: Value) -> Self {
        self.machines.get_mut(machine).unwrap()["wireguard"][name] = value;
        self
    }

    /// A member of a Yggdrasil mesh with its peerings.
    pub(crate) fn yggdrasil(self, instance: &str, machine: &str, address: &str, peers: &[&str]) -> Self {
        self.role(instance, "yggdrasil", "default", &[machine])
            .var(machine, "yggdrasil", "address", address)
            .fact(machine, "yggdrasil", json!({"enable": true, "interface": "ygg", "peers": peers}))
    }

    /// An exception, told as its fields but the reason.
    pub(crate) fn exception(mut self, fields: &str) -> Self {
        self.exceptions += &format!("[[mesh.exceptions]]\nreason = \"known\"\n{fields}\n");
        self
    }

    pub(crate) fn fleet(&self) -> ResolvedFleet {
        let mut text = String::new();
        for machine in self.machines.keys() {
            text += &format!("[inventory.machines.{machine}]\ntags = [\"first-{}\"]\n", &machine[..1]);
        }
        for (instance, (module, roles)) in &self.instances {
            text += &format!("[inventory.instances.{instance}]\nmodule.name = \"{module}\"\n");
            for (role, machine) in roles.iter().flat_map(|(role, all)| all.iter().map(move |one| (role, one)))
            {
                text += &format!("roles.{role}.machines.{machine} = {{}}\n");
            }
        }
        text += &self.exceptions;
        let (fleet, problems) = fleet_toml::parse("fleet.toml", text.as_bytes());
        resolve(fleet.unwrap_or_else(|| panic!("{problems:?}\n{text}")))
    }

    pub(crate) fn matrix(&self) -> Matrix {
        let machines: BTreeMap<&String, Value> =
            self.machines.iter().map(|(name, facts)| (name, json!({ "facts": facts }))).collect();
        reach::derive(&self.fleet(), &json!({"machines": machines, "vars": {"vars": self.vars}}))
    }
}

/// What is expected of one machine towards another, in words.
pub(crate) fn told(matrix: &Matrix, from: &str, to: &str) -> String {
    let [mesh] = matrix.meshes.as_slice() else { panic!("{} overlays", matrix.meshes.len()) };
    let (from, to) = (matrix.index(from).unwrap(), matrix.index(to).unwrap());
    let pair = matrix.pair(mesh, from, to).unwrap();
    format!("{}: {}", pair.reach().as_str(), pair.why())
}

/// What is asked of one machine by another.
pub(crate) fn asked(matrix: &Matrix, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (matrix.index(from).unwrap(), matrix.index(to).unwrap());
    let pair = matrix.pair(&matrix.meshes[0], from, to).unwrap();
    let probe = pair.expectation.probe.as_deref();
    let pings = probe.into_iter().flat_map(|probe| probe.ping.iter().map(ToString::to_string));
    pings.chain(probe.into_iter().flat_map(|probe| probe.tcp.iter().map(ToString::to_string))).collect()
}
