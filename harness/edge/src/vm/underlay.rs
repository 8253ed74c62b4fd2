//! The network below the overlays of guests: where each machine stands on it, so that the others find it as they would.
//!
//! Flows in: the facts document. Flows out: addresses and names. Must not: open a network, or ask anybody where a name leads.
//!
//! A machine stands where its peers call it: at the addresses of their endpoints, and behind the names there. All have an address of
//! ours too, of each family: one that nobody calls has to send from somewhere. Ours are of networks that are kept for measurements
//! (RFC 2544, RFC 5180), so that no fleet uses them.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use model::machine::MachineName;
use serde_json::Value;

use super::tunnels::{Tunnels, interfaces};

/// Where the machines of a fleet stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Underlay {
    pub(super) seats: BTreeMap<MachineName, Seat>,
}

/// Where one machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    /// Among the machines of the fleet, from 1.
    number: u16,
    /// Where others call it.
    called: BTreeSet<IpAddr>,
    /// By what names others call it.
    names: BTreeSet<String>,
}

impl Underlay {
    /// The whole fleet's: a machine stands in one place, whoever else is there.
    pub(super) fn of(document: &Value, tunnels: &Tunnels) -> Self {
        let machines = document.get("machines").and_then(Value::as_object).into_iter().flatten();
        let seat = |(number, (machine, _)): (u16, (&String, _))| {
            (MachineName(machine.clone()), Seat { number, called: BTreeSet::new(), names: BTreeSet::new() })
        };
        let mut seats: BTreeMap<_, _> = (1..).zip(machines).map(seat).collect();
        for peer in interfaces(document).flat_map(|interface| interface.peers().collect::<Vec<_>>()) {
            let owner = tunnels.owner(peer.key).and_then(|owner| seats.get_mut(owner));
            let (Some(seat), Some(endpoint)) = (owner, peer.endpoint) else { continue };
            match (endpoint.parse::<SocketAddr>(), endpoint.rsplit_once(':')) {
                (Ok(place), _) => drop(seat.called.insert(place.ip())),
                (_, Some((name, _))) => drop(seat.names.insert(name.to_owned())),
                _ => {}
            }
        }
        Self { seats }
    }

    /// The names by which machines are called, by the address to which they lead.
    pub(super) fn hosts(&self) -> BTreeMap<IpAddr, &BTreeSet<String>> {
        let named = self.seats.values().filter(|seat| !seat.names.is_empty());
        named.map(|seat| (IpAddr::V4(seat.own().0), &seat.names)).collect()
    }

    /// Two of these machines that are called at one address or by one name, as behind one router: here it could lead to only
    /// one of them.
    pub(super) fn clash(&self, machines: &BTreeSet<MachineName>) -> Option<String> {
        let mut owners = BTreeMap::new();
        for (machine, seat) in self.seats.iter().filter(|(machine, _)| machines.contains(*machine)) {
            // Names of hosts are the same in either case.
            let names: BTreeSet<_> = seat.names.iter().map(|name| name.to_ascii_lowercase()).collect();
            for place in seat.called.iter().map(IpAddr::to_string).chain(names) {
                match owners.entry(place) {
                    Entry::Occupied(taken) => {
                        let (other, place) = (taken.get(), taken.key());
                        return Some(format!("`{other}` and `{machine}` are both called at {place}"));
                    }
                    Entry::Vacant(free) => drop(free.insert(machine)),
                }
            }
        }
        None
    }
}

impl Seat {
    /// All of its addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let (v4, v6) = self.own();
        self.called.iter().copied().chain([v4.into(), v6.into()])
    }

    /// The hardware address of its card. The first byte says that nobody was given it by its maker.
    pub(super) fn mac(&self) -> [u8; 6] {
        let [high, low] = self.number.to_be_bytes();
        [0x52, 0x54, 0x00, 0x5e, high, low]
    }

    fn own(&self) -> (Ipv4Addr, Ipv6Addr) {
        let [high, low] = self.number.to_be_bytes();
        (Ipv4Addr::new(198, 18, high, low), Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, self.number))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A hub, and machines that call it at these endpoints.
    fn underlay(endpoints: &[&str]) -> Underlay {
        let caller = |(number, endpoint): (usize, &&str)| {
            let peer = json!({"publicKey": "key-of-hub", "endpoint": endpoint});
            (format!("a{number}"), json!({"facts": {"wireguard": {"wg": {"peers": [peer]}}}}))
        };
        let mut machines: serde_json::Map<_, _> = endpoints.iter().enumerate().map(caller).collect();
        machines.insert("hub".to_owned(), json!({"facts": {"wireguard": {"wg": {"peers": []}}}}));
        let var = json!({"machine": "hub", "generator": "wireguard-keys-wg", "file": "publickey", "text": "key-of-hub"});
        let document = json!({"machines": machines, "vars": {"vars": [var]}});
        Underlay::of(&document, &Tunnels::of(&document))
    }

    #[test]
    fn a_machine_stands_where_the_others_call_it() {
        let underlay =
            underlay(&["hub.example.org:1", "203.0.113.7:2", "[2001:db8::7]:3", "HUB.example.org:4"]);
        let hub = &underlay.seats[&MachineName::from("hub")];
        let addresses: Vec<_> = hub.addresses().map(|address| address.to_string()).collect();
        assert_eq!(addresses, ["203.0.113.7", "2001:db8::7", "198.18.0.5", "2001:2::5"]);
        let hosts = underlay.hosts();
        let (address, names) = hosts.first_key_value().unwrap();
        assert_eq!((hosts.len(), address.to_string().as_str()), (1, "198.18.0.5"));
        assert_eq!(names.iter().collect::<Vec<_>>(), ["HUB.example.org", "hub.example.org"]);
        let caller = &underlay.seats[&MachineName::from("a0")];
        assert_eq!(caller.addresses().count(), 2, "nobody calls it");
        assert_ne!(caller.mac(), hub.mac());
    }

    #[test]
    fn two_behind_one_address_cannot_both_stand_there() {
        let mut underlay = underlay(&["203.0.113.7:2"]);
        let all: BTreeSet<MachineName> = underlay.seats.keys().cloned().collect();
        assert_eq!(underlay.clash(&all), None);
        let other = underlay.seats.get_mut(&MachineName::from("a0")).unwrap();
        other.called.insert("203.0.113.7".parse().unwrap());
        assert_eq!(underlay.clash(&all).unwrap(), "`a0` and `hub` are both called at 203.0.113.7");
        assert_eq!(underlay.clash(&["hub".into()].into()), None);
    }
    #[test]
    fn two_behind_one_name_cannot_both_stand_there() {
        let mut underlay = underlay(&["hub.example.org:1", "HUB.example.org:1"]);
        let all: BTreeSet<MachineName> = underlay.seats.keys().cloned().collect();
        assert_eq!(underlay.clash(&all), None);
        let other = underlay.seats.get_mut(&MachineName::from("a0")).unwrap();
        other.names.insert("Hub.example.org".to_owned());
        assert_eq!(underlay.clash(&all).unwrap(), "`a0` and `hub` are both called at hub.example.org");
    }
}
