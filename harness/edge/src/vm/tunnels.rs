//! What stands in guests for the keys of WireGuard: made-up pairs that fit together, one for each end of a tunnel.
//!
//! Flows in: the facts document, with the public keys and where each machine looks for the private one. Flows out: who is who by
//! their real public keys, the public keys that stand for those, and what stands in the files of private ones. Must not: read a
//! secret; make another key for the same end, since a guest is found again by what it was made of.
//!
//! Nothing here is secret: whoever knows a machine's name can make its key, and it opens nothing but a guest.

use std::collections::BTreeMap;

use curve25519_dalek::montgomery::MontgomeryPoint;
use data_encoding::BASE64;
use model::{digest::Digest, machine::MachineName};
use serde_json::Value;

/// The ends of all of a fleet's tunnels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tunnels {
    /// By the public key by which the others know it: the machine and its interface.
    ends: BTreeMap<String, (MachineName, String)>,
}

/// One interface of a machine, as the facts document tells it.
pub(super) struct Interface<'f> {
    pub(super) machine: &'f str,
    pub(super) name: &'f str,
    fact: &'f Value,
}

/// Whom an interface has tunnels to.
pub(super) struct Peer<'f> {
    /// The real one.
    pub(super) key: &'f str,
    /// Where it is called: `host:port`.
    pub(super) endpoint: Option<&'f str>,
    shared: Option<&'f str>,
}

impl Tunnels {
    /// Those whose public keys are vars, as clan's service makes them.
    pub(super) fn of(document: &Value) -> Self {
        let vars = document.pointer("/vars/vars").and_then(Value::as_array);
        let end = |var: &Value| {
            let text = |key: &str| var.get(key).and_then(Value::as_str);
            let interface = text("generator")?.strip_prefix("wireguard-keys-")?;
            let key = text("text").filter(|_| text("file") == Some("publickey"))?.trim();
            Some((key.to_owned(), (text("machine")?.into(), interface.to_owned())))
        };
        Self { ends: vars.into_iter().flatten().filter_map(end).collect() }
    }

    /// Whose a public key is; nobody's of the fleet if there is none.
    pub(super) fn owner(&self, key: &str) -> Option<&MachineName> {
        self.ends.get(key).map(|(machine, _)| machine)
    }

    /// The public key that stands for a real one.
    pub(super) fn public(&self, key: &str) -> Option<String> {
        let (machine, interface) = self.ends.get(key)?;
        Some(
            BASE64.encode(&MontgomeryPoint::mul_base_clamped(secret(machine.as_str(), interface)).to_bytes()),
        )
    }

    /// What stands for the real public keys of a machine's peers, by those.
    pub(super) fn peers(&self, document: &Value, machine: &MachineName) -> BTreeMap<String, String> {
        let own = interfaces(document).filter(|interface| interface.machine == machine.as_str());
        let peers: Vec<_> = own.flat_map(|interface| interface.peers().collect::<Vec<_>>()).collect();
        peers.iter().filter_map(|peer| Some((peer.key.to_owned(), self.public(peer.key)?))).collect()
    }

    /// What stands in the files in which a machine looks for keys, by their paths.
    pub(super) fn files(&self, document: &Value, machine: &MachineName) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for interface in interfaces(document).filter(|interface| interface.machine == machine.as_str()) {
            let own = self.ends.iter().find(|(_, (owner, name))| owner == machine && *name == interface.name);
            for peer in interface.peers() {
                let shared = own.map(|(own, _)| shared(own, peer.key));
                files.extend(peer.shared.map(str::to_owned).zip(shared));
            }
            let private = interface.fact.get("privateKeyFile").and_then(Value::as_str);
            let key = BASE64.encode(&secret(interface.machine, interface.name));
            files.extend(private.map(|path| (path.to_owned(), key)));
        }
        files
    }
}

/// The interfaces of all machines.
pub(super) fn interfaces(document: &Value) -> impl Iterator<Item = Interface<'_>> {
    let machines = document.get("machines").and_then(Value::as_object).into_iter().flatten();
    machines.flat_map(|(machine, told)| {
        let all = told.pointer("/facts/wireguard").and_then(Value::as_object).into_iter().flatten();
        all.map(move |(name, fact)| Interface { machine, name, fact })
    })
}

impl<'f> Interface<'f> {
    /// Its peers, of which the keys are known.
    pub(super) fn peers(&self) -> impl Iterator<Item = Peer<'f>> + use<'f> {
        let peers = self.fact.get("peers").and_then(Value::as_array).into_iter().flatten();
        peers.filter_map(|peer| {
            let text = |key: &str| peer.get(key).and_then(Value::as_str);
            // As a file is read in Nix, its last line break is in the text.
            let key = text("publicKey")?.trim();
            Some(Peer { key, endpoint: text("endpoint"), shared: text("presharedKeyFile") })
        })
    }
}

/// Any 32 bytes are a private key.
fn secret(machine: &str, interface: &str) -> [u8; 32] {
    digest(["the made-up key of an end of a tunnel", machine, interface])
}

/// The same at both ends.
fn shared(one: &str, other: &str) -> String {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    BASE64.encode(&digest(["the made-up key that two ends share", first, second]))
}

fn digest(parts: [&str; 3]) -> [u8; 32] {
    *Digest::of_parts(parts.map(str::as_bytes)).bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A hub that listens, and one that calls it; each knows the other by its real public key.
    fn document() -> Value {
        let var = |machine: &str, file: &str, text: &str| json!({"machine": machine, "generator": "wireguard-keys-wg", "file": file, "text": text});
        let of = |key: &str| json!([{"publicKey": key, "allowedIPs": [], "endpoint": null, "presharedKeyFile": "/run/shared"}]);
        json!({
            "machines": {
                "hub": {"facts": {"wireguard": {"wg": {"listenPort": 51820, "privateKeyFile": "/run/hub", "peers": of("key-of-a\n")}}}},
                "a": {"facts": {"wireguard": {"wg": {"listenPort": null, "privateKeyFile": "/run/a", "peers": of("key-of-hub")}}}},
                "b": {"facts": {"wireguard": null}},
            },
            "vars": {"vars": [var("hub", "publickey", "key-of-hub\n"), var("a", "publickey", "key-of-a"), var("a", "other", "x")]},
        })
    }

    fn public_of(private: &str) -> String {
        let bytes: [u8; 32] = BASE64.decode(private.as_bytes()).unwrap().try_into().unwrap();
        BASE64.encode(&MontgomeryPoint::mul_base_clamped(bytes).to_bytes())
    }

    #[test]
    fn each_knows_the_other_by_the_key_that_the_other_has() {
        let document = document();
        let tunnels = Tunnels::of(&document);
        let (hub, a) = ("hub".into(), "a".into());
        let files = |machine| tunnels.files(&document, machine);
        assert_eq!(tunnels.peers(&document, &a)["key-of-hub"], public_of(&files(&hub)["/run/hub"]));
        assert_eq!(tunnels.peers(&document, &hub)["key-of-a"], public_of(&files(&a)["/run/a"]));
        assert_eq!(files(&hub)["/run/shared"], files(&a)["/run/shared"]);
        assert_ne!(files(&hub)["/run/hub"], files(&a)["/run/a"]);
        assert_eq!(tunnels.owner("key-of-hub"), Some(&hub));
    }

    #[test]
    fn a_key_of_nobody_stays_as_it_is() {
        let mut document = document();
        document["machines"]["a"]["facts"]["wireguard"]["wg"]["peers"][0]["publicKey"] = "a phone's".into();
        let tunnels = Tunnels::of(&document);
        assert!(tunnels.peers(&document, &"a".into()).is_empty());
        assert_eq!((tunnels.owner("a phone's"), tunnels.public("a phone's")), (None, None));
    }
}
