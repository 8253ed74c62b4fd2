//! Waits until the tunnels of guests are up: before a first packet nobody greets anybody.
//!
//! Flows in: guests that are on the network, and whom each calls. Flows out: nothing; what did not come up is seen by who asks.
//! Must not: wait for a peer that is not there, or without a limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{
    machine::MachineName,
    overlay::OverlayKind,
    sighting::{Sighting, outlook::Outlook, questions::Questions},
};
use serde_json::Value;
use tokio::time::Instant;
use vms::channel::backdoor::Backdoor;

use crate::{
    probe::{self, Means},
    vm::tunnels::{Tunnels, interfaces},
};

/// WireGuard greets again after five seconds in which nobody answered: three times, and what an emulated guest takes.
const LIMIT: Duration = Duration::from_secs(25);

/// An interface, and the public key of a peer that it calls there. Every machine has its interfaces; only who has an endpoint calls.
pub(super) type Greeting = (String, Option<String>);

/// Whom each machine calls that is there.
#[derive(Debug)]
pub(super) struct Greetings(BTreeMap<MachineName, BTreeSet<Greeting>>);

impl Greetings {
    /// Among these machines.
    pub(super) fn of(document: &Value, tunnels: &Tunnels, here: BTreeSet<MachineName>) -> Self {
        let mut all = BTreeMap::<_, BTreeSet<_>>::new();
        for interface in interfaces(document).filter(|interface| here.contains(interface.machine)) {
            let of_machine = all.entry(interface.machine.into()).or_default();
            of_machine.insert((interface.name.to_owned(), None));
            let called = interface.peers().filter(|peer| {
                peer.endpoint.is_some() && tunnels.owner(peer.key).is_some_and(|owner| here.contains(owner))
            });
            of_machine.extend(called.map(|peer| (interface.name.to_owned(), tunnels.public(peer.key))));
        }
        Self(all)
    }

    /// Those of one machine.
    pub(super) fn by(&self, name: &MachineName) -> BTreeSet<Greeting> {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

/// Sends something to everybody who is to be asked later, until all who are called have answered.
pub(super) async fn greet(shell: &Backdoor, questions: &Questions, expected: &BTreeSet<Greeting>) {
    let first = Questions {
        pings: questions.pings.clone(),
        daemons: [OverlayKind::Wireguard].into(),
        count: 1,
        wait: Duration::from_secs(1),
        limit: Duration::from_secs(5),
        mtu: false,
        ..Questions::default()
    };
    let began = Instant::now();
    while !expected.is_empty() && began.elapsed() < LIMIT {
        let look = probe::ask_in(shell, &first, Means::Best).await;
        let Outlook::Seen(seen) = look.outlook else { return };
        if expected.iter().all(|greeting| is_up(&seen, greeting)) {
            return;
        }
    }
}

fn is_up(seen: &Sighting, (interface, key): &Greeting) -> bool {
    let Some(said) = seen.wireguard.said() else { return false };
    match key {
        None => said.interfaces.iter().any(|(name, _)| name == interface),
        Some(key) => said
            .peers
            .iter()
            .any(|peer| peer.interface == *interface && peer.key == *key && peer.handshake.is_some()),
    }
}
