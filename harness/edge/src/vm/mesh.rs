//! Guests of a fleet side by side on one network, with their overlays up, and asked what they see of each other.
//!
//! Flows in: machines of the flake, and what each is to be asked. Flows out: everybody's outlook. Must not: judge; reach anybody
//! beyond these guests; take what this computer lacks for a fault of a machine.
//!
//! ```text
//! machine ──up──▶ guest ──join──▶ on the switch ──greet──▶ tunnels up ──probe──▶ Outlook
//!            └──▶ Offline, Broken ───────────────────────────────────────────────┘
//! ```
//!
//! A guest is the one that the stage `boot` proved, gone on from where it was saved there; what it gets here is a card, plugged in
//! while it runs, and the addresses by which the others know it. `harness/DESIGN/mesh-guests.md` says why it is done so.

mod greet;
mod lan;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{
    check::GuestSize,
    facts::Facts,
    fleet::BootSource,
    machine::MachineName,
    overlay::OverlayKind,
    sighting::{outlook::Outlook, pair::Outlooks, questions::Questions},
};
use tokio::task::JoinSet;
use vms::{channel::backdoor::Backdoor, guest::Guest};

use self::{greet::Greetings, lan::Lan};
use super::{
    Yard,
    boot::{self, Reached, Start},
    come_up::Came,
    inspect::Wanted,
    ready::{Unready, ready},
    standin::StandIns,
    tunnels::Tunnels,
    underlay::Underlay,
    worker::secret_paths,
};
use crate::{
    nix::pool::Evaluators,
    probe::{self, Means},
};

/// What guests are made of, and how they are asked.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// Who builds them.
    pub nix: Evaluators,
    /// What runs them.
    pub yard: Yard,
    /// What is known of the fleet.
    pub facts: Arc<Facts>,
    /// What each is given.
    pub size: GuestSize,
    /// How long building a machine may take.
    pub building: Duration,
    /// How long a machine may take to come up.
    pub limit: Duration,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// By each that was to be asked.
    pub outlooks: Outlooks,
    /// What of a machine its guest did not have, in words.
    pub replaced: BTreeMap<MachineName, Vec<String>>,
}

/// A guest that is up, and on the network.
#[derive(Debug)]
struct Up {
    /// It lives as long as this does.
    _guest: Guest,
    shell: Backdoor,
    replaced: Vec<String>,
}

/// What takes the place of [`super::ready`]'s words.
const NETWORK: &str = "any network but one among the guests";

/// Why an overlay of this kind is not up among guests; `None` where it is.
#[must_use]
pub fn lacking(kind: OverlayKind) -> Option<&'static str> {
    match kind {
        OverlayKind::Wireguard => None,
        OverlayKind::Yggdrasil => {
            Some("an address of Yggdrasil follows from its key, and no key of the fleet's is in a guest")
        }
        OverlayKind::Zerotier => {
            Some("ZeroTier needs its roots on the internet, and guests reach nobody there")
        }
    }
}

impl Mesh {
    /// Brings these machines up together, and asks all of them at once. They end with it.
    pub async fn look(&self, asked: &BTreeMap<MachineName, (BootSource, Questions)>) -> Seen {
        let document = &self.facts.document;
        let tunnels = Tunnels::of(document);
        let lan =
            Lan::open(&self.yard.folders, Underlay::of(document, &tunnels), asked.keys().cloned().collect());
        let lan = match lan {
            Ok(lan) => Arc::new(lan),
            Err(fault) => {
                let broken = |name: &MachineName| (name.clone(), Outlook::Broken(fault.clone()));
                return Seen { outlooks: asked.keys().map(broken).collect(), ..Seen::default() };
            }
        };
        let (mut seen, mut up) = (Seen::default(), Vec::new());
        let arrived = each(asked.clone(), |name, (source, questions)| {
            let (me, lan) = (self.clone(), Arc::clone(&lan));
            async move { me.arrive(&lan, &name, &source).await.map(|guest| (guest, questions)) }
        });
        for (name, arrived) in arrived.await {
            match arrived {
                Ok(guest) => up.push((name, guest)),
                Err(outlook) => drop(seen.outlooks.insert(name, outlook)),
            }
        }
        let greetings = Greetings::of(document, &tunnels, up.iter().map(|(name, _)| name.clone()).collect());
        let greeted = each(up, |name, (guest, questions)| {
            let expected = greetings.by(&name);
            async move {
                greet::greet(&guest.shell, &questions, &expected).await;
                (guest, questions)
            }
        });
        let looked = each(greeted.await, |_, (guest, questions)| async move {
            let outlook = probe::ask_in(&guest.shell, &questions, Means::Best).await;
            (guest, outlook)
        });
        // Nobody leaves before all have asked.
        for (name, (guest, outlook)) in looked.await {
            seen.replaced.insert(name.clone(), guest.replaced);
            seen.outlooks.insert(name, outlook);
        }
        seen
    }

    /// A machine up as a guest, and on the network; or its outlook, where it is not.
    async fn arrive(&self, lan: &Lan, name: &MachineName, source: &BootSource) -> Result<Up, Outlook> {
        let stand_ins = StandIns::of(&self.facts.document, name);
        let ready = ready(&self.nix, &self.yard, name, source, &stand_ins, self.building).await;
        let ready = ready.map_err(|unready| match unready {
            Unready::Machine(end, said) => not_up(end, said),
            Unready::Fault(fault) => Outlook::Broken(fault),
        })?;
        let secrets = secret_paths(&self.facts.document, name);
        let start = Start {
            ready: &ready,
            size: self.size,
            limit: self.limit,
            folders: &self.yard.folders,
            snapshots: &self.yard.snapshots,
            wanted: Wanted { secrets, ..Wanted::default() },
            log: None,
        };
        let Reached { guest, came, boot } = boot::up(&start).await.map_err(Outlook::Broken)?;
        let Came::Up(shell) = came else {
            let said = boot["console"].as_array().into_iter().flatten().filter_map(|line| line.as_str());
            return Err(not_up(boot["end"].as_str().unwrap_or_default(), said.map(str::to_owned).collect()));
        };
        lan.join(name, &self.facts.document, &guest, &shell).await.map_err(Outlook::Broken)?;
        let others = ready.replaced.into_iter().filter(|what| what != "any network");
        Ok(Up { _guest: guest, shell, replaced: others.chain([NETWORK.to_owned()]).collect() })
    }
}

/// A machine that is not there, as one that is offline: whoever is to reach it does not.
fn not_up(end: &str, said: Vec<String>) -> Outlook {
    let last = said.last().map_or_else(String::new, |line| format!(": {line}"));
    Outlook::Offline(format!("its guest did not come up ({end}){last}"))
}

/// Does the same with each, all at once. One whose task dies is left out, and has no outlook.
async fn each<V, T, F>(
    those: impl IntoIterator<Item = (MachineName, V)>,
    mut with: impl FnMut(MachineName, V) -> F,
) -> Vec<(MachineName, T)>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for (name, one) in those {
        let task = with(name.clone(), one);
        tasks.spawn(async move { (name, task.await) });
    }
    let mut done = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        done.extend(ended.ok());
    }
    done
}
