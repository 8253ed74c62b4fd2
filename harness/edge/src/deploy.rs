//! Carrying out the steps of a promotion on real machines, over SSH.
//!
//! ```text
//! Order ──script──▶ text ──ssh──▶ machine.sh, look.sh, activate.sh .. ──answer──▶ Told
//!       ──store───▶ nix build, nix copy ────────────────────────────────────────────▲
//! ```
//!
//! Flows in: orders, and where each machine is. Flows out: how each step came out. Must not: decide what is done, touch a
//! machine that an order does not name, or leave one without a way back.
//!
//! `harness/DESIGN/deploy.md` tells what stands on a machine when, and why.

mod answer;
mod builder;
mod closure;
mod limits;
mod manifest;
mod peers;
mod reboot;
mod script;
mod store;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use judge::promote::Order;
use model::{
    machine::MachineName,
    manifest::Difference,
    rollout::{Change, Closure, End, PromotionId, Standing, Step},
};
use run::{
    BoxFuture,
    rollout::{Deployer, Lookout, Told, Unseen},
};

use builder::Builder;
use closure::SystemPath;
pub use limits::Limits;
pub use peers::{Peer, Peers};
pub use script::System;
use script::{Part, Words, script};
use store::Store;

use crate::{
    nix::binary::Nix,
    ssh::{Answer, Destination, Ssh, Unasked},
};

/// A machine to deploy to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it is; root there, or somebody who may do all by `sudo` and is not asked for a password.
    pub to: Destination,
    /// What it is.
    pub system: System,
    /// The derivation of its new closure, if it is to be built.
    pub derivation: Option<String>,
    /// Where it is built, if not here; it may be the machine itself.
    pub build_on: Option<Destination>,
    /// Whom it must reach over its overlay networks.
    pub peers: Peers,
}

/// What it is done with.
#[derive(Debug, Clone)]
pub struct Means {
    /// The way to machines.
    pub ssh: Arc<Ssh>,
    /// This computer's nix.
    pub nix: Nix,
    /// A folder for links that keep what is built from being collected.
    pub roots: PathBuf,
    /// Who promotes, as the machines are to tell others.
    pub who: String,
    /// How long steps may take.
    pub limits: Limits,
}

/// Takes the steps of one promotion.
#[derive(Debug)]
pub struct Deploy {
    promotion: PromotionId,
    targets: BTreeMap<MachineName, Target>,
    ssh: Arc<Ssh>,
    store: Store,
    who: String,
    limits: Limits,
}

/// The name of a promotion cannot be that of a folder and a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name a promotion: take letters, digits, `-` and `_`")]
pub struct BadPromotion(pub PromotionId);

impl Deploy {
    /// A deployer of one promotion.
    ///
    /// # Errors
    /// The promotion's name has other letters than such names have.
    pub fn new(
        promotion: PromotionId,
        targets: BTreeMap<MachineName, Target>,
        means: Means,
    ) -> Result<Self, BadPromotion> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if promotion.0.is_empty() || !promotion.0.bytes().all(fits) {
            return Err(BadPromotion(promotion));
        }
        let Means { ssh, nix, roots, who, limits } = means;
        Ok(Self { promotion, targets, ssh, store: Store { nix, roots }, who, limits })
    }

    fn target(&self, machine: &MachineName) -> Result<&Target, String> {
        self.targets.get(machine).ok_or_else(|| format!("nobody told where {machine} is"))
    }

    fn builder<'a>(&'a self, target: &'a Target) -> Builder<'a> {
        Builder { store: &self.store, ssh: &self.ssh, target, limits: &self.limits }
    }

    async fn take(&self, order: Order) -> Told {
        let target = match self.target(order.machine()) {
            Ok(target) => target,
            Err(why) => return failed(why),
        };
        let paths =
            SystemPath::of(order.old()).and_then(|old| Ok((old, SystemPath::of(order.new_closure())?)));
        let (old, new) = match paths {
            Ok(paths) => paths,
            Err(error) => return failed(error.to_string()),
        };
        let work = Work { deploy: self, target, old, new };
        let part = match order.step() {
            Step::Look => return work.look().await,
            Step::Build => return Told::End(work.build(order.machine()).await),
            Step::Copy => return Told::End(work.copy().await),
            Step::Activate => return Told::End(work.activate().await),
            Step::Confirm => Part::Confirm,
            Step::Examine => return Told::End(work.examine().await),
            Step::Reboot => return Told::End(work.reboot().await),
            Step::SetProfile => Part::SetProfile,
            Step::RollBack => Part::RollBack,
        };
        Told::End(answer::end(work.ask(part).await))
    }
}

/// One order, with all that it takes.
struct Work<'a> {
    deploy: &'a Deploy,
    target: &'a Target,
    old: SystemPath,
    new: SystemPath,
}

impl Work<'_> {
    /// Each by a connection of its own that shares nothing with any other: to confirm is to prove that one can still get in.
    async fn ask(&self, part: Part) -> Result<Answer, Unasked> {
        self.ask_with(part, "").await
    }

    /// `reached`: whom the machine reaches, a line each.
    async fn ask_with(&self, part: Part, reached: &str) -> Result<Answer, Unasked> {
        let Deploy { promotion, ssh, who, limits, .. } = self.deploy;
        let words = Words { promotion: &promotion.0, old: &self.old, new: &self.new, who, reached, limits };
        ssh.ask(&self.target.to, &script(self.target.system, part, &words), limits.session()).await
    }

    async fn activate(&self) -> End {
        match self.deploy.reached(self.target, &self.target.peers).await {
            Ok(reached) => {
                let reached = reached.into_iter().collect::<Vec<_>>().join("\n");
                answer::end(self.ask_with(Part::Activate, &reached).await)
            }
            Err(end) => end,
        }
    }

    async fn examine(&self) -> End {
        let reached = match answer::examined(self.ask(Part::Examine).await) {
            Ok(reached) => reached,
            Err(end) => return end,
        };
        match self.deploy.lost(self.target, &reached).await {
            Ok(lost) if lost.is_empty() => End::Done,
            Ok(lost) => {
                let lost: Vec<_> =
                    lost.iter().map(|peer| format!("peer {peer}: it is not reached")).collect();
                let why = answer::listed(&lost.iter().map(String::as_str).collect::<Vec<_>>());
                End::Failed { why }
            }
            Err(end) => end,
        }
    }

    async fn look(&self) -> Told {
        let (built, answered) =
            tokio::join!(self.deploy.builder(self.target).has(&self.new), self.ask(Part::Look));
        let sight = answered.map_err(|unasked| answer::unreached(&unasked));
        sight.and_then(|answer| answer::sight(&answer, built)).map_or_else(Told::End, Told::Saw)
    }

    /// How it comes out that the machine has it, where nobody else is known to: what ran there before may be collected everywhere
    /// else, and then nothing but the way to the machine is needed.
    async fn is_on_the_machine(&self) -> Option<End> {
        let Target { derivation, build_on, .. } = self.target;
        let is_here = build_on.is_none() && self.deploy.store.has(&self.new).await;
        if derivation.is_some() || is_here {
            return None;
        }
        match answer::end(self.ask(Part::Copied).await) {
            End::Failed { .. } => None,
            end => Some(end),
        }
    }

    async fn build(&self, machine: &MachineName) -> End {
        if let Some(end) = self.is_on_the_machine().await {
            return end;
        }
        self.deploy.builder(self.target).build(machine, &self.new).await
    }

    async fn copy(&self) -> End {
        let held = match self.ask(Part::Hold).await {
            Ok(answer) if answer.code == 0 => answer,
            other => return answer::end(other),
        };
        if let Some(end) = self.is_on_the_machine().await {
            return end;
        }
        let by_sudo = answer::field(&held, "sudo") != Some("none");
        let copied = self.deploy.builder(self.target).copy(&self.new, by_sudo).await;
        // What nix says when it was cut off does not tell whether the machine is there.
        match (answer::end(self.ask(Part::Copied).await), copied) {
            (End::Failed { .. }, Err(why)) => End::Failed { why },
            (end, _) => end,
        }
    }
}

fn failed(why: String) -> Told {
    Told::End(End::Failed { why })
}

impl Deployer for Deploy {
    fn carry(&self, order: Order) -> BoxFuture<'_, Told> {
        Box::pin(self.take(order))
    }
}

impl Lookout for Deploy {
    fn standing(&self, machine: MachineName) -> BoxFuture<'_, Result<Standing, Unseen>> {
        Box::pin(async move {
            let unseen = |why: String| Unseen { why };
            let target = self.target(&machine).map_err(unseen)?;
            let asked = self.ssh.ask(&target.to, script::STANDING, STANDING_LIMIT).await;
            let answer = asked.map_err(|unasked| unseen(unasked.to_string()))?;
            answer::standing(&answer).ok_or_else(|| unseen("what runs there cannot be read".to_owned()))
        })
    }

    fn build(&self, machine: MachineName, closure: Closure) -> BoxFuture<'_, Result<(), Unseen>> {
        Box::pin(async move {
            let new = SystemPath::of(&closure).map_err(|error| Unseen { why: error.to_string() })?;
            let target = self.target(&machine).map_err(|why| Unseen { why })?;
            match self.builder(target).build(&machine, &new).await {
                End::Failed { why } => Err(Unseen { why }),
                End::Done | End::Skipped { .. } | End::Held { .. } | End::Unreachable => Ok(()),
            }
        })
    }

    fn difference(
        &self,
        machine: MachineName,
        change: Change,
    ) -> BoxFuture<'_, Result<Option<Difference>, Unseen>> {
        Box::pin(async move { self.compare(&machine, &change).await.map_err(|why| Unseen { why }) })
    }
}

impl Deploy {
    /// The old system is asked of the machine, and the new one here, where it was built, or else there.
    async fn compare(&self, machine: &MachineName, change: &Change) -> Result<Option<Difference>, String> {
        let target = self.target(machine)?;
        let old = SystemPath::of(&change.old).map_err(|error| error.to_string())?;
        let new = SystemPath::of(&change.new).map_err(|error| error.to_string())?;
        let (ours, theirs) = (manifest::script(None, &new), manifest::script(Some(&old), &new));
        let (here, there) =
            tokio::join!(self.builder(target).tell(&ours), self.ssh.ask(&target.to, &theirs, STANDING_LIMIT));
        let there = there.map_err(|unasked| unasked.to_string())?;
        let garbled = || "what is told of the systems cannot be read".to_owned();
        let here = manifest::read(&here?).ok_or_else(garbled)?;
        let there = manifest::read(&there.out).filter(|_| there.code == 0).ok_or_else(garbled)?;
        let old = there.old.ok_or_else(|| "the old closure is not there whole".to_owned())?;
        let new = here.new.or(there.new);
        Ok(new.map(|new| Difference::between(&old, &there.booted, &new)))
    }
}

/// To ask what is there, from connecting to the answer.
const STANDING_LIMIT: std::time::Duration = std::time::Duration::from_secs(60);
