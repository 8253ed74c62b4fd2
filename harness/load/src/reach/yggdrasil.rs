//! A machine's part in a Yggdrasil mesh, and which machines a chain of peerings joins.
//!
//! Flows in: public vars and the fact `yggdrasil`. Flows out: [`Seat`]s and [`Peerings`].
//! Must not: take it for known that two machines stand in one local network, where multicast would join them.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use model::{
    peering,
    reason::Reason,
    resolved::{ResolvedFleet, ResolvedMachine},
};

use super::{
    known::{Known, address, texts},
    seat::{Seat, Standing, needed},
};

/// The vars are those of clan-core's `clanServices/yggdrasil`, which lets no other than members in.
pub(super) fn seat(known: &Known<'_>, index: usize, member: bool) -> Seat {
    if !member {
        return Seat::beside(false);
    }
    let fact = needed(known.fact(index, "yggdrasil"));
    let interface = fact.as_ref().ok().and_then(|service| service["interface"].as_str()).unwrap_or("");
    let standing = match fact {
        Ok(service) if service["enable"] == true => Standing::Ready,
        Ok(_) => Standing::Cannot(Reason::NotRunning),
        Err(why) => Standing::Unclear(why),
    };
    let own = known.var(known.name(index), "yggdrasil", "address").and_then(address);
    Seat::of(known, index, standing, own.into_iter().collect(), interface)
}

/// Which members a chain of peerings joins.
pub(super) struct Peerings {
    /// By machine, the group that it is in.
    groups: Vec<usize>,
}

impl Peerings {
    /// A peering is a URI; who is meant by its host is known of addresses on other overlays, of where a machine is deployed
    /// to, and of names in the domains that clan's WireGuard instances and the fleet give. Two that peer with one stranger are joined too.
    pub(super) fn of(
        known: &Known<'_>,
        fleet: &ResolvedFleet,
        seats: &[Seat],
        addresses: &[BTreeSet<IpAddr>],
    ) -> Self {
        let mut union = Union::of(seats.len());
        let mut hosts: HashMap<String, usize> = HashMap::new();
        let takes_part = |seat: &Seat| seat.member && !matches!(seat.standing, Standing::Cannot(_));
        let members: Vec<bool> = seats.iter().map(takes_part).collect();
        for index in 0..seats.len() {
            let on_overlays = addresses.get(index).into_iter().flatten().map(ToString::to_string);
            for host in on_overlays.chain(names(known.name(index), fleet)) {
                hosts.entry(host).or_insert(index);
            }
        }
        for index in (0..seats.len()).filter(|index| members.get(*index) == Some(&true)) {
            let Ok(service) = needed(known.fact(index, "yggdrasil")) else { continue };
            for host in texts(service.get("peers")).filter_map(peering::host) {
                let other = *hosts.entry(host).or_insert_with(|| union.add());
                // One that takes no part joins nobody; a stranger does.
                if members.get(other) != Some(&false) {
                    union.join(index, other);
                }
            }
        }
        Self { groups: (0..seats.len()).map(|index| union.root(index)).collect() }
    }

    pub(super) fn join(&self, from: usize, to: usize) -> bool {
        self.groups.get(from).is_some_and(|group| self.groups.get(to) == Some(group))
    }
}

/// The names by which a machine is called beside its addresses.
fn names(machine: &str, fleet: &ResolvedFleet) -> Vec<String> {
    let inventory = &fleet.fleet.inventory;
    let target = inventory.machines.get(machine).and_then(|machine| machine.deploy.target_host.as_deref());
    let own = fleet.machines.get(machine);
    let of_instances = own.map(|own| domains(own, fleet)).unwrap_or_default();
    let domain = inventory.meta.domain.clone().unwrap_or_else(|| "clan".to_owned());
    let in_domains = of_instances.into_iter().chain([domain]).map(|domain| format!("{machine}.{domain}"));
    in_domains.chain(target.map(deployed_to)).collect()
}

/// `user@host:port?options`
fn deployed_to(target: &str) -> String {
    let (target, _) = target.split_once('?').unwrap_or((target, ""));
    let host = target.rsplit_once('@').map_or(target, |(_, host)| host);
    peering::bare(host)
}

/// The domains in which clan's WireGuard names its members: that of the settings, else the instance's name.
fn domains(machine: &ResolvedMachine, fleet: &ResolvedFleet) -> Vec<String> {
    let instances = fleet.fleet.inventory.instances.iter();
    let wireguards = instances.filter(|(name, instance)| {
        instance.module.name.as_deref().unwrap_or(name) == "wireguard" && machine.roles.contains_key(*name)
    });
    let domain = |name: &String| {
        let settings = machine.roles.get(name).into_iter().flatten().map(|(_, settings)| settings);
        let said = settings.filter_map(|settings| settings.get("domain")?.as_str()).next();
        said.unwrap_or(name).to_owned()
    };
    wireguards.map(|(name, _)| domain(name)).collect()
}

/// Groups that grow together.
struct Union {
    parents: Vec<usize>,
}

impl Union {
    fn of(size: usize) -> Self {
        Self { parents: (0..size).collect() }
    }

    fn add(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The one that stands for the group; the way to it gets shorter.
    fn root(&mut self, mut of: usize) -> usize {
        while let Some(parent) = self.parents.get(of).copied().filter(|parent| *parent != of) {
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(entry) = self.parents.get_mut(of) {
                *entry = above;
            }
            of = above;
        }
        of
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(parent) = self.parents.get_mut(a) {
            *parent = b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_a_machine_is_deployed_to_is_found() {
        assert_eq!(deployed_to("root@[fd00::1]:22?A=B"), "fd00::1");
    }
}
