//! Which hosts there are, and what joins them, as data.
//!
//! Flows in: what a caller or a file says. Flows out: a [`Topology`] that was checked. Must not: start anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Hosts that a lab may have.
pub const HOSTS: usize = 250;

/// The name of the side from which a person comes: a namespace with an address, and nothing that serves.
pub const OPERATOR: &str = "operator";

/// A lab.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Topology {
    /// What joins the hosts beside the plain network.
    #[serde(default)]
    pub overlay: Overlay,
    /// Pairs that are peers in the overlay; without any, all are.
    #[serde(default)]
    pub links: Vec<[String; 2]>,
    /// Whether an authority of the lab signs host keys.
    #[serde(default)]
    pub certificates: bool,
    /// Folders of the computer that boxes see at the same path, to read: of all else but `/usr` they have their own.
    #[serde(default)]
    pub shown: Vec<PathBuf>,
    /// By their names.
    pub hosts: BTreeMap<String, Host>,
}

/// An overlay network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlay {
    /// None: the plain network alone.
    #[default]
    None,
    /// WireGuard, the kernel's where it has one, else wireguard-go.
    Wireguard,
    /// Yggdrasil, with peers over the plain network and no multicast.
    Yggdrasil,
    /// ZeroTier, with the first member as the controller and the root of a planet of its own.
    Zerotier,
}

impl Overlay {
    /// As files and options write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Wireguard => "wireguard",
            Self::Yggdrasil => "yggdrasil",
            Self::Zerotier => "zerotier",
        }
    }
}

/// A host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Host {
    /// Whether it is a stranger: on the plain network, with keys for the overlay that no member accepts.
    #[serde(default)]
    pub outsider: bool,
    /// Whether it is a box: a host whose first process is systemd, with a disk of its own (64 MiB: `/etc`, `/var`, `/nix`,
    /// `/root`, `/boot`) that outlasts a reboot.
    #[serde(default)]
    pub systemd: bool,
}

/// What is wrong with a topology.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTopology {
    /// There are no hosts.
    #[error("a lab without hosts: name at least one")]
    Empty,
    /// There are too many.
    #[error("{0} hosts, at most {HOSTS} are carried: take a part of them")]
    TooMany(usize),
    /// A name cannot be that of a host.
    #[error(
        "`{0}` cannot be a host: take lower-case letters, digits and `-`, at most 63, and not `{OPERATOR}`, which is the lab's own"
    )]
    Name(String),
    /// ZeroTier's members are not peers of each other.
    #[error("ZeroTier has no links: its controller admits members to the whole network")]
    Links,
    /// Nobody could be the controller.
    #[error("ZeroTier needs a member that is its controller: name one that is no outsider")]
    NoController,
    /// A link names somebody who is not there.
    #[error("a link names `{0}`, which is not among the hosts")]
    NoHost(String),
    /// A link leads from a host to itself.
    #[error("a link leads from `{0}` to itself: name two hosts")]
    ToItself(String),
    /// What boxes are to see cannot be shown to them.
    #[error("`{}` cannot be shown to boxes: name an absolute path without `..` or line breaks", .0.display())]
    Shown(PathBuf),
    /// Two links are between the same hosts.
    #[error("there are two links between `{}` and `{}`: leave one out", .0[0], .0[1])]
    Twice([String; 2]),
}

impl Topology {
    /// A lab of plain hosts with these names.
    pub fn of(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let hosts = names.into_iter().map(|name| (name.into(), Host::default())).collect();
        Self { hosts, ..Self::default() }
    }

    /// Looks at what its types cannot say.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), BadTopology> {
        match self.hosts.len() {
            0 => return Err(BadTopology::Empty),
            many if many > HOSTS => return Err(BadTopology::TooMany(many)),
            _ => {}
        }
        if let Some(name) = self.hosts.keys().find(|name| !is_name(name)) {
            return Err(BadTopology::Name(name.clone()));
        }
        if let Some(path) = self.shown.iter().find(|path| !can_be_shown(path)) {
            return Err(BadTopology::Shown(path.clone()));
        }
        if self.overlay == Overlay::Zerotier {
            if !self.links.is_empty() {
                return Err(BadTopology::Links);
            }
            self.controller().ok_or(BadTopology::NoController)?;
        }
        let mut pairs = BTreeSet::new();
        self.links.iter().try_for_each(|link| self.check_link(link, &mut pairs))
    }

    fn check_link<'a>(
        &self,
        link: &'a [String; 2],
        pairs: &mut BTreeSet<[&'a String; 2]>,
    ) -> Result<(), BadTopology> {
        if let Some(name) = link.iter().find(|name| !self.hosts.contains_key(*name)) {
            return Err(BadTopology::NoHost(name.clone()));
        }
        let mut pair = link.each_ref();
        pair.sort();
        if pair[0] == pair[1] {
            return Err(BadTopology::ToItself(pair[0].clone()));
        }
        if pairs.insert(pair) { Ok(()) } else { Err(BadTopology::Twice(link.clone())) }
    }

    /// Boxes with these names, which see these folders.
    pub fn of_boxes(names: impl IntoIterator<Item = impl Into<String>>, shown: Vec<PathBuf>) -> Self {
        let mut topology = Self { shown, ..Self::of(names) };
        topology.hosts.values_mut().for_each(|host| host.systemd = true);
        topology
    }

    /// Whether any host is a box.
    #[must_use]
    pub fn has_boxes(&self) -> bool {
        self.hosts.values().any(|host| host.systemd)
    }

    /// The pairs that are peers in the overlay, each once.
    #[must_use]
    pub fn peers(&self) -> Vec<[&str; 2]> {
        if !self.links.is_empty() {
            return self.links.iter().map(|[from, to]| [from.as_str(), to.as_str()]).collect();
        }
        let names: Vec<&str> = self.hosts.keys().map(String::as_str).collect();
        let pairs = names.iter().enumerate().map(|(at, from)| names[at + 1..].iter().map(|to| [*from, *to]));
        pairs.flatten().collect()
    }

    /// Who admits the others to the overlay, where somebody does.
    #[must_use]
    pub fn controller(&self) -> Option<&str> {
        self.members().into_iter().next().filter(|_| self.overlay == Overlay::Zerotier)
    }

    /// Those that belong to the overlay.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&str> {
        self.hosts.iter().filter(|(_, host)| !host.outsider).map(|(name, _)| name.as_str()).collect()
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('-') && name != OPERATOR
}

/// A line of a file that a shell reads.
fn can_be_shown(path: &Path) -> bool {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    let text = path.to_str().unwrap_or_default();
    text.starts_with('/') && text.len() > 1 && !text.contains(['\n', '\\']) && path.components().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Topology;

    fn read(value: Value) -> Result<Topology, String> {
        let topology: Topology = serde_json::from_value(value).map_err(|error| error.to_string())?;
        topology.check().map_err(|error| error.to_string())?;
        Ok(topology)
    }

    #[test]
    fn without_links_all_are_peers() {
        let topology = Topology::of(["a", "b", "c"]);
        assert_eq!(topology.peers(), [["a", "b"], ["a", "c"], ["b", "c"]]);
        let hosts = json!({ "a": {}, "b": {}, "c": { "outsider": true } });
        let topology = read(json!({ "hosts": hosts, "links": [["c", "a"]] })).unwrap();
        assert_eq!(topology.peers(), [["c", "a"]]);
        assert_eq!(topology.members().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn each_thing_that_is_wrong_is_told() {
        let many: serde_json::Map<_, _> = (0..251).map(|n| (format!("h{n}"), json!({}))).collect();
        let links = |links: Value| json!({ "hosts": { "a": {}, "b": {} }, "links": links });
        let cases = [
            (json!({ "hosts": {} }), "without hosts"),
            (json!({ "hosts": many }), "251 hosts, at most 250"),
            (json!({ "hosts": { "operator": {} } }), "`operator` cannot be a host"),
            (json!({ "hosts": { "../a": {} } }), "`../a` cannot be a host"),
            (json!({ "hosts": { "a": {} }, "shown": ["/a/../b"] }), "`/a/../b` cannot be shown"),
            (json!({ "hosts": { "a": {} }, "shown": ["a"] }), "`a` cannot be shown"),
            (json!({ "hosts": { "-a": {} } }), "`-a` cannot be a host"),
            (json!({ "hosts": { "a": { "outsidr": true } } }), "unknown field `outsidr`"),
            (json!({ "hosts": { "a": {} }, "overlay": "tinc" }), "unknown variant `tinc`"),
            (links(json!([["a", "c"]])), "names `c`, which is not"),
            (json!({ "hosts": { "a": {} }, "overlay": "zerotier", "links": [["a", "a"]] }), "has no links"),
            (json!({ "hosts": { "a": { "outsider": true } }, "overlay": "zerotier" }), "needs a member"),
            (links(json!([["a", "a"]])), "from `a` to itself"),
            (links(json!([["a", "b"], ["b", "a"]])), "two links between `b` and `a`"),
        ];
        for (value, expected) in cases {
            let said = read(value).unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
    }
}
