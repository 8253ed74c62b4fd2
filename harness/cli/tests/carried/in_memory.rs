//! Machines in memory for whoever promotes or takes back.
//!
//! Flows in: machines, and what happens meanwhile. Flows out: a crew. Must not: send anybody anywhere.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cli::{
    rollout::{Crew, crew::Derivations, reaches::Reaches},
    stop::Stop,
};
use model::{resolved::ResolvedFleet, rollout::PromotionId};
use run::rollout::{Deployer, Lookout};
use testkit::rollout::ScriptedDeployer;

/// Sends nobody anywhere.
pub(crate) struct InMemory {
    machines: Arc<ScriptedDeployer>,
    /// What somebody else does between the look at the fleet and the beginning.
    meanwhile: Box<dyn Fn()>,
    looks: AtomicUsize,
}

impl InMemory {
    pub(crate) fn of(machines: &Arc<ScriptedDeployer>) -> Self {
        Self::beside(machines, || {})
    }

    pub(crate) fn beside(machines: &Arc<ScriptedDeployer>, meanwhile: impl Fn() + 'static) -> Self {
        Self { machines: Arc::clone(machines), meanwhile: Box::new(meanwhile), looks: AtomicUsize::new(0) }
    }
}

impl Crew for InMemory {
    fn lookout(&self, _: &ResolvedFleet, _: &Derivations) -> Result<Arc<dyn Lookout>, Stop> {
        // The first look is at what is there, the second at what would change.
        if self.looks.fetch_add(1, Ordering::SeqCst) == 1 {
            (self.meanwhile)();
        }
        Ok(Arc::<ScriptedDeployer>::clone(&self.machines))
    }

    fn deployer(
        &self,
        fleet: &ResolvedFleet,
        derivations: &Derivations,
        _: &Reaches,
        _: &PromotionId,
    ) -> Result<Arc<dyn Deployer>, Stop> {
        let mut written = fleet.machines.keys().map(|name| fleet.fleet.inventory.machines.get(name));
        let is_known = written.all(|machine| machine.is_some_and(|it| it.deploy.target_host.is_some()));
        assert!(is_known && !fleet.machines.is_empty(), "nobody told where machines are");
        assert!(derivations.values().all(|path| path.ends_with(".drv")), "{derivations:?}");
        Ok(Arc::<ScriptedDeployer>::clone(&self.machines))
    }
}
