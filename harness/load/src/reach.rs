//! The reachability matrix: who must reach whom over each overlay network, who must not, and where nobody can tell.
//!
//! Flows in: the resolved fleet and the facts document. Flows out: a [`Matrix`], in time linear in its size.
//! Must not: guess. What a configuration does not tell is unknown, with what is missing. `harness/DESIGN/mesh.md` says
//! what is derived from what.

mod firewall;
mod known;
mod names;
mod network;
mod roles;
mod seat;
mod stated;
mod wireguard;
mod yggdrasil;
mod zerotier;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use model::{
    machine::MachineName,
    matrix::{Matrix, Mesh, directed},
    overlay::{Given, Member, Overlay, OverlayKind},
    reach::Expectation,
    reason::{Reason, Who},
    resolved::ResolvedFleet,
};
use serde_json::Value;

use self::{
    known::Known,
    seat::{Seat, Standing},
    wireguard::Tunnels,
    yggdrasil::Peerings,
};

/// Derives the matrix of a fleet. `facts` is the facts document of the same fleet.
#[must_use]
pub fn derive(fleet: &ResolvedFleet, facts: &Value) -> Matrix {
    let known = Known::of(fleet, facts);
    let instances = fleet.fleet.inventory.instances.iter();
    let overlays = instances
        .filter_map(|(name, instance)| Some((name, OverlayKind::of_instance(name, &instance.module)?)));
    // What a member of one overlay is called is how others find it to peer with it: addresses of all come first.
    let nets: Vec<Net> = overlays.map(|(name, kind)| Net::of(&known, fleet, name, kind)).collect();
    let of_machine = |index| nets.iter().filter_map(move |net: &Net| net.seats.get(index));
    let addresses: Vec<BTreeSet<IpAddr>> = (0..known.machines.len())
        .map(|index| of_machine(index).flat_map(|seat| seat.addresses.iter().copied()).collect())
        .collect();
    let meshes = nets.into_iter().map(|net| net.mesh(&known, fleet, &addresses)).collect();
    Matrix { machines: known.machines.iter().map(|name| MachineName::clone(name)).collect(), meshes }
}

/// An overlay as far as each machine's part in it is known.
struct Net<'f> {
    name: &'f str,
    kind: OverlayKind,
    /// In the order of the machines.
    seats: Vec<Seat>,
    roles: Vec<BTreeMap<String, Given>>,
    /// Whether somebody is there who lets members in, as ZeroTier needs it.
    has_controller: bool,
}

/// How two members find each other.
enum Ways<'f> {
    /// Whoever is admitted reaches everybody.
    Switch,
    Tunnels(Tunnels<'f>),
    Peerings(Peerings),
}

impl<'f> Net<'f> {
    fn of(known: &Known<'f>, fleet: &'f ResolvedFleet, name: &'f str, kind: OverlayKind) -> Self {
        let roles: Vec<_> = known.machines.iter().map(|machine| roles::of(fleet, name, machine)).collect();
        let controllers = fleet.roles.get(name).and_then(|roles| roles.get("controller"));
        let controllers: Vec<&MachineName> = controllers.into_iter().flatten().collect();
        let network = (kind == OverlayKind::Zerotier).then(|| zerotier::network(known, name, &controllers));
        let seats = roles.iter().enumerate().map(|(index, roles)| {
            let member = !roles.is_empty();
            match kind {
                OverlayKind::Zerotier => {
                    zerotier::seat(known, name, network.as_ref().and_then(Option::as_deref), index, member)
                }
                OverlayKind::Wireguard => wireguard::seat(known, name, index, member),
                OverlayKind::Yggdrasil => yggdrasil::seat(known, index, member),
            }
        });
        let seats = seats.collect();
        let runs = |name: &&MachineName| zerotier::may_run(known, name);
        let has_controller = controllers.iter().any(runs);
        Self { name, kind, seats, roles, has_controller }
    }

    fn mesh(self, known: &Known<'f>, fleet: &ResolvedFleet, addresses: &[BTreeSet<IpAddr>]) -> Mesh {
        let ways = match self.kind {
            OverlayKind::Zerotier => Ways::Switch,
            OverlayKind::Wireguard => Ways::Tunnels(Tunnels::of(known, self.name, &self.seats)),
            OverlayKind::Yggdrasil => Ways::Peerings(Peerings::of(known, fleet, &self.seats, addresses)),
        };
        let pairs = directed(known.machines.len());
        let mut expectations: Vec<_> = pairs.map(|(from, to)| self.expectation(&ways, from, to)).collect();
        stated::put(&mut expectations, fleet, self.name, &self.seats);
        let names = names::of(known, &self.seats);
        let members: BTreeMap<MachineName, Member> = known
            .machines
            .iter()
            .zip(self.roles)
            .zip(self.seats)
            .zip(names)
            .filter(|(((_, roles), _), _)| !roles.is_empty())
            .map(|(((name, roles), seat), names)| {
                (MachineName::clone(name), Member { roles, addresses: seat.addresses, names })
            })
            .collect();
        Mesh { overlay: Overlay { name: self.name.to_owned(), kind: self.kind, members }, expectations }
    }

    fn expectation(&self, ways: &Ways<'_>, from: usize, to: usize) -> Expectation {
        let (Some(source), Some(target)) = (self.seats.get(from), self.seats.get(to)) else {
            return Expectation { reason: Reason::Outsiders, probe: None };
        };
        if let Some(reason) = self.obstacle(source, target) {
            return Expectation { reason, probe: target.everything.clone() };
        }
        let open = target.open.clone();
        match ways {
            Ways::Switch => Expectation { reason: Reason::Members, probe: open },
            Ways::Peerings(peerings) => match peerings.join(from, to) {
                true => Expectation { reason: Reason::Members, probe: open },
                false => Expectation { reason: Reason::NoPeering, probe: target.everything.clone() },
            },
            Ways::Tunnels(tunnels) => tunnels.expectation((from, source), (to, target)),
        }
    }

    /// What keeps the two apart, or from being judged, whatever lies between them. What is certain goes first.
    fn obstacle(&self, source: &Seat, target: &Seat) -> Option<Reason> {
        let strangers = (source.is_stranger(), target.is_stranger());
        let outside = match strangers {
            (true, true) => Some(Reason::Outsiders),
            (true, false) => Some(Reason::Outsider(Who::From)),
            (false, true) => Some(Reason::Outsider(Who::To)),
            (false, false) => None,
        };
        let by_itself = |seat: &Seat, who: Who, certain: bool| match &seat.standing {
            Standing::Cannot(why) if certain => Some(why(who)),
            Standing::Unclear(why) if !certain => Some(why(who)),
            _ => None,
        };
        let closed = target.is_closed().then_some(Reason::Closed);
        let orphaned = self.kind == OverlayKind::Zerotier && !self.has_controller;
        outside
            .or_else(|| by_itself(source, Who::From, true))
            .or_else(|| by_itself(target, Who::To, true))
            .or(closed)
            .or_else(|| by_itself(source, Who::From, false))
            .or_else(|| by_itself(target, Who::To, false))
            .or_else(|| orphaned.then_some(Reason::NoController))
    }
}

/// The name of a machine, shared by everything that is said of it.
type Name = Arc<MachineName>;
