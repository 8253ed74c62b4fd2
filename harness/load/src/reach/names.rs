//! The names that machines give to each other's addresses on an overlay, by their own configurations.
//!
//! Flows in: the fact `hosts`. Flows out: the names that lead to members, with all addresses of each. Must not: take a name that no
//! resolver would.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use model::{host_name::HostName, overlay::Names};

use super::{
    known::{Known, Told, address, texts},
    seat::Seat,
};

/// Of each machine in order. Machines that know the same names share them: most of a fleet do.
pub(super) fn of(known: &Known<'_>, seats: &[Seat]) -> Vec<Arc<Names>> {
    let members: BTreeSet<IpAddr> = seats.iter().flat_map(|seat| seat.addresses.iter().copied()).collect();
    let mut sets: BTreeMap<Names, Arc<Names>> = BTreeMap::new();
    let machines = seats.iter().enumerate();
    let names = machines.map(|(index, seat)| {
        let names = if seat.member { names(known, index, &members) } else { Names::new() };
        Arc::clone(sets.entry(names).or_insert_with_key(|names| Arc::new(names.clone())))
    });
    names.collect()
}

fn names(known: &Known<'_>, index: usize, members: &BTreeSet<IpAddr>) -> Names {
    let Told::Is(hosts) = known.fact(index, "hosts") else { return Names::new() };
    let mut names = Names::new();
    for (at, called) in hosts.as_object().into_iter().flatten() {
        let Some(at) = address(at) else { continue };
        for name in texts(Some(called)).filter_map(|name| name.parse::<HostName>().ok()) {
            names.entry(name).or_default().insert(at);
        }
    }
    names.retain(|_, at| !at.is_disjoint(members));
    names
}
