//! Whether ZeroTier on a machine is as it should be: the node, its networks, its ways to others, and whom its controller admits.
//!
//! Which node another machine is follows from its address there; of one whose address was given otherwise nothing is said.
//! A network on which no address of the overlay lies is somebody else's, and is not judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    slice,
};

use super::Told;
use crate::{
    machine::MachineName,
    overlay::OverlayKind,
    sighting::zerotier::{Network, Node, Zerotier, identity},
};

impl Told<'_> {
    pub(super) fn zerotier(&mut self, said: &Zerotier) {
        let name = self.name;
        if !said.node.online {
            self.find("mesh/zerotier", format!("ZeroTier on `{name}` is not online"), None);
        }
        if said.networks.is_empty() {
            self.find("mesh/zerotier", format!("ZeroTier on `{name}` has joined no network"), None);
        } else {
            self.joined(said);
        }
        let members = self.expected.overlays.get(&OverlayKind::Zerotier);
        let addresses: Vec<IpAddr> =
            members.into_iter().flat_map(BTreeMap::values).flatten().copied().collect();
        let is_meant = |network: &&Network| addresses.iter().any(|address| network.holds(*address));
        for network in said.networks.iter().filter(is_meant) {
            if network.status != "OK" {
                let told =
                    format!("`{name}` is not on the ZeroTier network {}: {}", network.id, network.status);
                self.find("mesh/zerotier", told, None);
            }
            if network.controller() == said.node.address {
                self.admitted(said, network);
            }
        }
        self.node(said);
        self.ways(said);
    }

    /// Each network of the fleet on which it has an address. One of IPv4 does not tell of which it is.
    fn joined(&mut self, said: &Zerotier) {
        let (name, expected) = (self.name, self.expected);
        let members = expected.overlays.get(&OverlayKind::Zerotier);
        let own = members.and_then(|members| members.get(name)).into_iter().flatten();
        let networks = said.networks.iter().map(|network| format!("{}: {}", network.id, network.status));
        let networks = networks.collect::<Vec<_>>().join("\n");
        for address in own.filter(|address| address.is_ipv6()) {
            if !said.networks.iter().any(|network| network.holds(*address)) {
                let told =
                    format!("`{name}` has joined no ZeroTier network on which its address {address} lies");
                self.find("mesh/zerotier", told, Some(&networks));
            }
        }
    }

    /// The machines of the overlay whose nodes are known, of those on these networks.
    fn nodes(&self, networks: &[Network]) -> BTreeSet<(MachineName, String)> {
        let members = self.expected.overlays.get(&OverlayKind::Zerotier).into_iter().flatten();
        let each =
            members.flat_map(|(name, addresses)| addresses.iter().map(move |address| (name, *address)));
        let nodes = each.flat_map(|(name, address)| {
            let known = networks.iter().filter_map(move |network| network.node_of(address));
            known.map(|node| (name.clone(), node))
        });
        nodes.collect()
    }

    /// Its address is made of its node, and its node of its keys.
    fn node(&mut self, said: &Zerotier) {
        let (name, node) = (self.name, &said.node);
        self.key(node);
        for (_, known) in
            self.nodes(&said.networks).iter().filter(|(owner, known)| owner == name && *known != node.address)
        {
            let told =
                format!("`{name}` is the ZeroTier node {}, and its address is that of {known}", node.address);
            self.find("mesh/identity", told, None);
        }
    }

    /// Its word for its address is not taken: the keys are asked what they come to.
    fn key(&mut self, node: &Node) {
        let (name, own) = (self.name, &node.address);
        let Some(keys) = identity::keys(&node.public_identity) else {
            let what = format!("the identity of ZeroTier on `{name}` is of a form that is not known here");
            return self.fault(what, "report it with the version of ZeroTier", &node.public_identity);
        };
        let made = match identity::address(&keys) {
            Some(made) if made == *own => return,
            Some(made) => format!("come to {made}"),
            None => "come to no address".to_owned(),
        };
        let told = format!("ZeroTier on `{name}` says that it is {own}, and its keys {made}");
        self.find("mesh/identity", told, None);
    }

    /// Whom it has nothing to do with, it knows nothing of.
    fn ways(&mut self, said: &Zerotier) {
        let name = self.name;
        for (other, node) in self.nodes(&said.networks) {
            let relayed = said.peers.iter().any(|peer| peer.address == node && !peer.is_direct());
            if relayed && other != *name {
                let told = format!("`{name}` meets `{other}` over ZeroTier only through somebody else");
                self.find("mesh/relayed", told, None);
            }
        }
    }

    fn admitted(&mut self, said: &Zerotier, network: &Network) {
        let (name, id) = (self.name, &network.id);
        let asked: Vec<_> = said.members.iter().filter(|member| member.nwid == *id).collect();
        if asked.is_empty() {
            let what = format!("the controller on `{name}` does not say whom it admits to {id}");
            return self.fault(what, "see that its ZeroTier is 1.12 or later", "");
        }
        for (other, node) in self.nodes(slice::from_ref(network)) {
            if !asked.iter().any(|member| member.address == node && member.authorized) {
                let told =
                    format!("the controller on `{name}` does not admit `{other}`, node {node}, to {id}");
                self.find("mesh/unadmitted", told, None);
            }
        }
    }
}

#[cfg(test)]
#[path = "zerotier_tests.rs"]
mod tests;
