//! A machine's part in a ZeroTier network.
//!
//! Flows in: public vars and the fact `zerotier`. Flows out: [`Seat`]s. Must not: judge how many controllers there are.
//!
//! The vars are those of clan-core's `clanServices/zerotier`: today `shared/zerotier-{network-<instance>/network-id,
//! ip-<machine>-<instance>/ip}`, before that `per-machine/<machine>/zerotier/{zerotier-network-id,zerotier-ip}`.

use std::net::{IpAddr, Ipv6Addr};

use data_encoding::BASE32_NOPAD;
use model::{machine::MachineName, reason::Reason};
use serde_json::Value;

use super::{
    known::{Known, Told, address, texts},
    seat::{Seat, Standing, needed},
};

/// The id of an instance's network, where a controller has made one.
pub(super) fn network(known: &Known<'_>, instance: &str, controllers: &[&MachineName]) -> Option<String> {
    let shared = known.shared(&format!("zerotier-network-{instance}"), "network-id");
    let of = |machine: &&MachineName| known.var(machine.as_str(), "zerotier", "zerotier-network-id");
    shared.or_else(|| controllers.iter().find_map(of)).map(ToOwned::to_owned)
}

/// Whether a machine runs the service, as far as it tells.
pub(super) fn may_run(known: &Known<'_>, machine: &MachineName) -> bool {
    let fact = known.index(machine).map_or(Told::NotEvaluated, |index| known.fact(index, "zerotier"));
    !matches!(fact, Told::Is(service) if service["enable"] != true)
}

pub(super) fn seat(
    known: &Known<'_>,
    instance: &str,
    network: Option<&str>,
    index: usize,
    member: bool,
) -> Seat {
    let fact = known.fact(index, "zerotier");
    let joins = |service: &Value| {
        let joined: Vec<&str> = texts(service.get("joinNetworks")).collect();
        network.is_none_or(|network| joined.contains(&network))
    };
    if !member {
        let uninvited = |service: &Value| service["enable"] == true && network.is_some() && joins(service);
        return Seat::beside(matches!(fact, Told::Is(service) if uninvited(service)));
    }
    let standing = match needed(fact) {
        Err(why) => Standing::Unclear(why),
        Ok(service) if service["enable"] != true => Standing::Cannot(Reason::NotRunning),
        Ok(service) if !joins(service) => Standing::Cannot(Reason::NotJoined),
        Ok(_) => Standing::Ready,
    };
    let addresses = own(known, instance, network, known.name(index));
    Seat::of(known, index, standing, addresses, &interface(network))
}

fn own(known: &Known<'_>, instance: &str, network: Option<&str>, machine: &str) -> Vec<IpAddr> {
    let today = known.shared(&format!("zerotier-ip-{machine}-{instance}"), "ip");
    // The older one is the same for every network: it is this one's if it has this one's id in it.
    let before = || known.var(machine, "zerotier", "zerotier-ip");
    let found = today.or_else(before).and_then(address);
    found.filter(|address| network.is_none_or(|network| is_within(*address, network))).into_iter().collect()
}

/// Whether an RFC 4193 address is one of a network: `fd`, the network's id, `9993`, the node's.
/// ZeroTierOne, `node/InetAddress.cpp`, `makeIpv6rfc4193`.
fn is_within(address: IpAddr, network: &str) -> bool {
    let Ok(id) = u64::from_str_radix(network, 16) else { return false };
    let IpAddr::V6(address) = address else { return true };
    let expected = Ipv6Addr::from((0xfd_u128 << 120) | (u128::from(id) << 56) | (0x9993 << 40));
    address.to_bits() >> 40 == expected.to_bits() >> 40
}

/// The interface on Linux: `zt` and 40 bits made of the network's id, in base 32.
/// ZeroTierOne, `osdep/LinuxEthernetTap.cpp`. Of a network that is not known, what all of them begin with.
fn interface(network: Option<&str>) -> String {
    let id = network.and_then(|network| u64::from_str_radix(network, 16).ok());
    let name = |id: u64| {
        let bytes = (id ^ (id >> 24)).to_be_bytes();
        BASE32_NOPAD.encode(bytes.get(3..).unwrap_or_default()).to_lowercase()
    };
    format!("zt{}", id.map(name).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_network_whose_id_is_in_it() {
        let address = "fddb:4344:343b:14b9:399:93db:4344:343b".parse().unwrap();
        assert!(is_within(address, "db4344343b14b903"));
        assert!(!is_within(address, "db4344343b14b904"));
    }

    #[test]
    fn an_interface_is_named_as_zerotier_names_it() {
        // Earth, ZeroTier's public network: its interface is called so on every Linux.
        assert_eq!(interface(Some("8056c2e21c000001")), "ztmjfmfyq5");
        assert_eq!(interface(None), "zt");
    }
}
