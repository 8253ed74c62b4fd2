//! Which guests are on which networks, as data.
//!
//! Flows in: what a caller or a file says. Flows out: a [`Topology`] that was checked. Must not: open a socket.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{line::Line, mac::Mac};

/// Guests that a network may have. What is kept for a network grows with the square of it.
pub const MEMBERS: usize = 256;

/// Networks that know nothing of each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Topology {
    /// What chance depends on: with the same seed, the same frames of a pair are lost or late.
    #[serde(default)]
    pub seed: u64,
    /// By their names.
    pub networks: BTreeMap<String, Network>,
}

/// One switched Ethernet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// The guests with a card in it, and the hardware address that each gives its card.
    pub members: BTreeMap<String, Mac>,
    /// The lines that are not perfect when the network begins.
    #[serde(default)]
    pub links: Vec<Link>,
}

/// The line between two guests, the same in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Link {
    /// The guests.
    pub between: [String; 2],
    /// What befalls frames between them.
    pub line: Line,
}

/// What is wrong with a topology.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadTopology {
    /// A network is too large.
    #[error("network `{network}` has {members} members, at most {MEMBERS} are carried: divide it")]
    TooLarge {
        /// The network.
        network: String,
        /// Its members.
        members: usize,
    },
    /// An address can be that of no card.
    #[error(
        "{mac} of `{guest}` in network `{network}` is an address of a group or of nobody: give it one of its own"
    )]
    NotOfOne {
        /// The network.
        network: String,
        /// The guest.
        guest: String,
        /// Its address.
        mac: Mac,
    },
    /// Two guests have one address.
    #[error("`{}` and `{}` in network `{network}` have the same address {mac}: give each its own", guests[0], guests[1])]
    SameMac {
        /// The network.
        network: String,
        /// The guests.
        guests: [String; 2],
        /// Their address.
        mac: Mac,
    },
    /// A link names somebody who is not there.
    #[error("a link in network `{network}` names `{guest}`, who is not among its members")]
    NoGuest {
        /// The network.
        network: String,
        /// The name.
        guest: String,
    },
    /// A link leads from a guest to itself.
    #[error("a link in network `{network}` leads from `{guest}` to itself: name two guests")]
    ToItself {
        /// The network.
        network: String,
        /// The guest.
        guest: String,
    },
    /// Two links are between the same guests.
    #[error("network `{network}` has two links between `{}` and `{}`: leave one out", guests[0], guests[1])]
    Twice {
        /// The network.
        network: String,
        /// The guests.
        guests: [String; 2],
    },
    /// A share is no share.
    #[error("the line between `{}` and `{}` in network `{network}` loses {loss}, which is not between 0 and 1", guests[0], guests[1])]
    Loss {
        /// The network.
        network: String,
        /// The guests.
        guests: [String; 2],
        /// What was said.
        loss: f64,
    },
}

impl Topology {
    /// Looks at what its types cannot say.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), BadTopology> {
        self.networks.iter().try_for_each(|(name, network)| network.check(name))
    }
}

impl Network {
    fn check(&self, name: &str) -> Result<(), BadTopology> {
        let network = name.to_owned();
        if self.members.len() > MEMBERS {
            return Err(BadTopology::TooLarge { network, members: self.members.len() });
        }
        let mut owners = BTreeMap::new();
        for (guest, mac) in &self.members {
            if !mac.is_of_one() {
                return Err(BadTopology::NotOfOne { network, guest: guest.clone(), mac: *mac });
            }
            if let Some(other) = owners.insert(mac, guest) {
                return Err(BadTopology::SameMac {
                    network,
                    guests: [other.clone(), guest.clone()],
                    mac: *mac,
                });
            }
        }
        let mut pairs = BTreeSet::new();
        self.links.iter().try_for_each(|link| self.check_link(name, link, &mut pairs))
    }

    fn check_link<'a>(
        &self,
        name: &str,
        link: &'a Link,
        pairs: &mut BTreeSet<[&'a String; 2]>,
    ) -> Result<(), BadTopology> {
        let (network, guests) = (name.to_owned(), link.between.clone());
        if let Some(guest) = guests.iter().find(|guest| !self.members.contains_key(*guest)) {
            return Err(BadTopology::NoGuest { network, guest: guest.clone() });
        }
        let mut pair = link.between.each_ref();
        pair.sort();
        if pair[0] == pair[1] {
            return Err(BadTopology::ToItself { network, guest: pair[0].clone() });
        }
        if !pairs.insert(pair) {
            return Err(BadTopology::Twice { network, guests });
        }
        if !link.line.is_sound() {
            return Err(BadTopology::Loss { network, guests, loss: link.line.loss });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Topology;

    fn sound() -> Value {
        json!({ "seed": 7, "networks": { "lan": {
            "members": { "a": "52:54:00:12:01:01", "b": "52:54:00:12:01:02" },
            "links": [{ "between": ["a", "b"], "line": { "delay-ms": 20, "loss": 0.5 } }],
        } } })
    }

    /// What is said of the sound one with this in the place of that.
    fn refusal(pointer: &str, value: Value) -> String {
        let mut document = sound();
        *document.pointer_mut(pointer).unwrap() = value;
        match serde_json::from_value::<Topology>(document) {
            Ok(topology) => topology.check().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn it_is_data() {
        let topology: Topology = serde_json::from_value(sound()).unwrap();
        topology.check().unwrap();
        let written = serde_json::to_value(&topology).unwrap();
        assert_eq!(serde_json::from_value::<Topology>(written).unwrap(), topology);
        let link = &topology.networks["lan"].links[0];
        assert_eq!((topology.seed, link.line.delay_ms, link.line.cut), (7, 20, false));
    }

    #[test]
    fn each_thing_that_is_wrong_is_told() {
        let link = |from: &str, to: &str| json!([{ "between": [from, to], "line": {} }]);
        let twice = json!([{ "between": ["a", "b"], "line": {} }, { "between": ["b", "a"], "line": {} }]);
        let many = |n: u32| (format!("g{n}"), json!(format!("52:54:00:12:{:02x}:{:02x}", n >> 8, n & 0xff)));
        let cases = [
            ("/networks/lan/members/a", json!("52:54:00:12:01"), "`52:54:00:12:01` is no hardware address"),
            ("/networks/lan/members/a", json!("ff:ff:ff:ff:ff:ff"), "an address of a group or of nobody"),
            (
                "/networks/lan/members/a",
                json!("52:54:00:12:01:02"),
                "`a` and `b` in network `lan` have the same",
            ),
            (
                "/networks/lan/members",
                Value::Object((0..257).map(many).collect()),
                "has 257 members, at most 256",
            ),
            ("/networks/lan/links", link("a", "c"), "names `c`, who is not among its members"),
            ("/networks/lan/links", link("a", "a"), "leads from `a` to itself"),
            ("/networks/lan/links", twice, "has two links between `b` and `a`"),
            ("/networks/lan/links/0/line/loss", json!(1.5), "loses 1.5, which is not between 0 and 1"),
            ("", json!({ "networks": {}, "sed": 1 }), "unknown field `sed`"),
            ("/networks/lan", json!({ "members": {}, "link": [] }), "unknown field `link`"),
            (
                "/networks/lan/links/0",
                json!({ "between": ["a", "b"], "line": {}, "a": 1 }),
                "unknown field `a`",
            ),
            ("/networks/lan/links/0/line", json!({ "lose": 1 }), "unknown field `lose`"),
        ];
        for (pointer, value, expected) in cases {
            let said = refusal(pointer, value);
            assert!(said.contains(expected), "{said}");
        }
    }
}
