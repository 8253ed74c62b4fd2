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

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::{
    check::GuestSize,
    facts::Facts,
    fleet::BootSource,
    machine::MachineName,
    round::Guests,
    sighting::{outlook::Outlook, questions::Questions},
};
use run::worker::BoxFuture;
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
    probe::{
        self, Means,
        lookout::{Asked, Lookout, Tell},
    },
};

/// The guests of one round.
#[derive(Debug, Clone)]
pub struct Mesh {
    nix: Evaluators,
    yard: Yard,
    facts: Arc<Facts>,
    /// What each is given, and how long each may take to come up.
    each: (GuestSize, Duration),
    /// What of a machine its guest did not have, in words.
    replaced: Arc<Mutex<BTreeMap<MachineName, Vec<String>>>>,
}

/// A guest that is up, and on the network.
#[derive(Debug)]
struct Up {
    /// It lives as long as this does.
    _guest: Guest,
    shell: Backdoor,
}

/// Building a machine that the boot stage has built takes no time; the whole round has a limit.
const BUILDING: Duration = Duration::from_secs(3600);
/// What is said of a network in the place of what is said where there is none.
const NETWORK: &str = "any network but one among the guests";

impl Lookout for Mesh {
    fn look(&self, asked: Asked, tell: Tell) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let lan = match self.lan(&asked).await {
                Ok(lan) => Arc::new(lan),
                Err(outlook) => {
                    // Nobody waits any more when the round is over.
                    return asked
                        .into_keys()
                        .for_each(|name| drop(tell.send((name, outlook.clone().into()))));
                }
            };
            self.meet(lan, asked, &tell).await;
        })
    }

    fn replaced(&self, machine: &MachineName) -> Vec<String> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner).get(machine).cloned().unwrap_or_default()
    }
}

impl Mesh {
    /// Guests that nix builds, and this yard runs; `facts` are those of the fleet.
    #[must_use]
    pub fn new(nix: Evaluators, yard: Yard, facts: Arc<Facts>, guests: &Guests) -> Self {
        Self { nix, yard, facts, each: (guests.each, guests.limit), replaced: Arc::default() }
    }

    /// The network for all of them, if there is room for all: in part they would be another fleet.
    async fn lan(&self, asked: &Asked) -> Result<Lan, Outlook> {
        let (room, guests) = (self.yard.memory().await, u32::try_from(asked.len()).unwrap_or(u32::MAX));
        let needed = self.each.0.memory.saturating_mul(guests);
        if needed > room {
            let why = format!("all guests together need {needed} MiB, and this computer has {room} for them");
            return Err(Outlook::Offline(why));
        }
        let document = &self.facts.document;
        let underlay = Underlay::of(document, &Tunnels::of(document));
        Lan::open(&self.yard.folders, underlay, asked.keys().cloned().collect()).map_err(Outlook::Broken)
    }

    /// Brings the machines up together, and asks all of them at once. They end with it.
    async fn meet(&self, lan: Arc<Lan>, asked: Asked, tell: &Tell) {
        let arrived = each(asked, |name, (_, questions)| {
            let (me, lan) = (self.clone(), Arc::clone(&lan));
            async move { me.arrive(&lan, &name).await.map(|guest| (guest, questions)) }
        });
        let mut up = Vec::new();
        for (name, arrived) in arrived.await {
            match arrived {
                Ok(guest) => up.push((name, guest)),
                Err(outlook) => drop(tell.send((name, outlook.into()))),
            }
        }
        let document = &self.facts.document;
        let here = up.iter().map(|(name, _)| name.clone()).collect();
        let greetings = Greetings::of(document, &Tunnels::of(document), here);
        let greeted = each(up, |name, (guest, questions)| {
            let expected = greetings.by(&name);
            async move {
                greet::greet(&guest.shell, &questions, &expected).await;
                (guest, questions)
            }
        });
        let looked = each(greeted.await, |_, (guest, questions)| async move {
            // Below them is a network of ours, and a busy guest answers too late to tell a packet that is too large.
            let questions = Questions { mtu: false, count: 5, ..questions };
            let look = probe::ask_in(&guest.shell, &questions, Means::Best).await;
            (guest, look)
        });
        // Nobody leaves before all have asked.
        for (name, (_guest, look)) in looked.await {
            drop(tell.send((name, look)));
        }
    }

    /// A machine up as a guest, and on the network; or its outlook, where it is not.
    async fn arrive(&self, lan: &Lan, name: &MachineName) -> Result<Up, Outlook> {
        let stand_ins = StandIns::of(&self.facts.document, name);
        let source = BootSource::Configuration;
        let ready = ready(&self.nix, &self.yard, name, &source, &stand_ins, BUILDING).await;
        let ready = ready.map_err(|unready| match unready {
            Unready::Machine(end, said) => not_up(end, said),
            Unready::Fault(fault) => Outlook::Broken(fault),
        })?;
        let secrets = secret_paths(&self.facts.document, name);
        let start = Start {
            ready: &ready,
            size: self.each.0,
            limit: self.each.1,
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
        let replaced = others.chain([NETWORK.to_owned()]).collect();
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), replaced);
        Ok(Up { _guest: guest, shell })
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
