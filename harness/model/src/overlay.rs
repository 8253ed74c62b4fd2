//! An overlay network: machines that reach each other at addresses of its own, wherever they stand.
//!
//! It is an instance of one of clan's services; its members are the machines in the instance's roles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{host_name::HostName, inventory::Module, machine::MachineName};

/// What an overlay is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverlayKind {
    /// A switch that a controller admits members to; they find each other.
    Zerotier,
    /// Tunnels between pairs; each end says which addresses the other may have.
    Wireguard,
    /// A mesh of peerings, over which members reach each other by any number of hops.
    Yggdrasil,
}

impl OverlayKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Zerotier, Self::Wireguard, Self::Yggdrasil];

    /// The kind that an instance of a service makes, by its module: clan takes the instance's name where none is said.
    #[must_use]
    pub fn of_instance(name: &str, module: &Module) -> Option<Self> {
        let module = module.name.as_deref().unwrap_or(name);
        Self::ALL.into_iter().find(|kind| kind.module() == module)
    }

    /// The name of clan's service module.
    #[must_use]
    pub fn module(self) -> &'static str {
        match self {
            Self::Zerotier => "zerotier",
            Self::Wireguard => "wireguard",
            Self::Yggdrasil => "yggdrasil",
        }
    }
}

impl fmt::Display for OverlayKind {
    /// The name that it gives itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Zerotier => "ZeroTier",
            Self::Wireguard => "WireGuard",
            Self::Yggdrasil => "Yggdrasil",
        })
    }
}

/// One overlay network of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// The name of the instance.
    pub name: String,
    /// What it is made with.
    pub kind: OverlayKind,
    /// The machines of the fleet that are in one of its roles.
    pub members: BTreeMap<MachineName, Member>,
}

/// A machine on an overlay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `peer`, `controller`, `moon`..., each with what gives it.
    pub roles: BTreeMap<String, Given>,
    /// Its addresses on the overlay, as far as they are known, sorted.
    pub addresses: Vec<IpAddr>,
    /// Names that its own configuration gives to members' addresses on the overlay. Most machines of a fleet share one set.
    #[serde(default, skip_serializing_if = "no_names")]
    pub names: Arc<Names>,
}

/// Names of hosts, each with all addresses that it leads to.
pub type Names = BTreeMap<HostName, BTreeSet<IpAddr>>;

fn no_names(names: &Arc<Names>) -> bool {
    names.is_empty()
}

/// What puts a machine in a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Whether the role names the machine.
    pub named: bool,
    /// The machine's tags that the role asks for, sorted.
    pub tags: Vec<String>,
}
