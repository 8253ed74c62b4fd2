//! Whom each machine must reach over the fleet's overlay networks.
//!
//! Flows in: who must reach whom, by the configurations. Flows out: for each machine its peers, and what shows that it reaches them.
//! Must not: name a machine that nobody is to reach, or one of which that is not known.

use std::collections::{BTreeMap, BTreeSet};

use edge::deploy::{Peer, Peers};
use model::{machine::MachineName, reach::Reach};
use plan::round::{Terms, draw};

use crate::pipeline::{self, Known};

/// By machine.
pub type Reaches = BTreeMap<MachineName, Peers>;

/// Of a large overlay not all pairs are asked, and the same ones each time: what was reached before is compared with.
const SEED: u64 = 0;

/// The same questions as a round over the mesh asks, where somebody must be reached.
pub(super) fn reaches(known: &Known) -> Reaches {
    let askers: BTreeSet<_> = known.fleet.machines.keys().cloned().collect();
    let round = draw(&pipeline::matrix(known), &Terms::usual(&askers, SEED));
    let of = |name: &MachineName| -> Peers {
        let must = round.pairs(name).filter(|pair| pair.reach() == Reach::Must);
        let peer = |pair: model::matrix::Pair<'_>| {
            let probe = pair.expectation.probe.as_deref()?.clone();
            Some((Peer { machine: pair.to.clone(), overlay: pair.overlay.name.clone() }, probe))
        };
        must.filter_map(peer).collect()
    };
    askers.iter().map(|name| (name.clone(), of(name))).collect()
}
