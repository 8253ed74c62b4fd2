//! At which port an address was last seen.
//!
//! Flows in: the sources of frames. Flows out: the port of an address. Must not: grow with what a guest makes up.

use std::collections::HashMap;

use super::mac::Mac;

/// Addresses that are learnt at one port. Frames to further ones reach everybody.
pub(super) const MOST: usize = 1024;

/// What was learnt in one network.
#[derive(Debug)]
pub(super) struct Table {
    ports: HashMap<Mac, usize>,
    /// How many are known at each port.
    known: Vec<usize>,
}

impl Table {
    pub(super) fn new(ports: usize) -> Self {
        Self { ports: HashMap::new(), known: vec![0; ports] }
    }

    /// The address is at this port now, wherever it was before. Addresses of groups are nowhere.
    pub(super) fn learn(&mut self, mac: Mac, port: usize) {
        if !mac.is_of_one() || self.ports.get(&mac) == Some(&port) {
            return;
        }
        if let Some(before) = self.ports.remove(&mac) {
            self.known[before] -= 1;
        }
        if self.known[port] < MOST {
            self.known[port] += 1;
            self.ports.insert(mac, port);
        }
    }

    pub(super) fn find(&self, mac: Mac) -> Option<usize> {
        self.ports.get(&mac).copied()
    }

    /// Nobody is at this port any more.
    pub(super) fn forget(&mut self, port: usize) {
        self.ports.retain(|_, at| *at != port);
        self.known[port] = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::{MOST, Table};
    use crate::switch::mac::Mac;

    fn mac(number: usize) -> Mac {
        Mac([2, 0, 0, 0, (number >> 8) as u8, number as u8])
    }

    #[test]
    fn a_port_that_makes_addresses_up_fills_its_own_room_only() {
        let mut table = Table::new(2);
        (0..MOST + 10).for_each(|number| table.learn(mac(number), 0));
        assert_eq!((table.find(mac(MOST - 1)), table.find(mac(MOST))), (Some(0), None));
        table.learn(mac(MOST), 1);
        assert_eq!(table.find(mac(MOST)), Some(1));
        // It has moved to where there is no room: nobody knows where it is, rather than where it was.
        table.learn(mac(MOST), 0);
        assert_eq!(table.find(mac(MOST)), None);
        table.learn(mac(0), 1);
        table.learn(mac(MOST), 0);
        assert_eq!(
            (table.find(mac(0)), table.find(mac(MOST))),
            (Some(1), Some(0)),
            "one that moved left room"
        );
        table.forget(0);
        table.learn(mac(1), 0);
        assert_eq!(
            (table.find(mac(1)), table.find(mac(2))),
            (Some(0), None),
            "those who have gone left room"
        );
    }

    #[test]
    fn groups_are_not_learnt() {
        let mut table = Table::new(1);
        table.learn(Mac::BROADCAST, 0);
        assert_eq!(table.find(Mac::BROADCAST), None);
    }

    proptest! {
        #[test]
        fn an_address_is_where_it_was_seen_last(seen in vec((0_usize..6, 0_usize..3, any::<bool>()), 0..60)) {
            let mut table = Table::new(3);
            for (number, port, leaves) in &seen {
                table.learn(mac(*number), *port);
                if *leaves {
                    table.forget(*port);
                }
            }
            for number in 0..6 {
                let last = seen.iter().rposition(|(seen, ..)| *seen == number);
                let there = last.map(|last| (seen[last].1, &seen[last..]));
                let stayed = there.filter(|(at, since)| !since.iter().any(|(_, port, leaves)| *leaves && port == at));
                prop_assert_eq!(table.find(mac(number)), stayed.map(|(at, _)| at));
            }
        }
    }
}
