//! Who is sent to machines: those who ask, and those who change.
//!
//! Flows in: the fleet, the desk. Flows out: a lookout, a deployer. Must not: send anybody to a machine by itself.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use edge::{
    lookout::SshLookout,
    process::Spawner,
    ssh::{Destination, Settings, Ssh},
};
use model::{machine::MachineName, resolved::ResolvedFleet, rollout::PromotionId};
use run::rollout::{Deployer, Lookout};

use crate::{desk::Desk, stop::Stop};

/// Whoever reaches machines.
pub trait Crew {
    /// Who asks them.
    ///
    /// # Errors
    /// There is no means to reach anybody.
    fn lookout(&self, fleet: &ResolvedFleet) -> Result<Arc<dyn Lookout>, Stop>;

    /// Who takes the steps of a promotion.
    ///
    /// # Errors
    /// There is no means to change anything.
    fn deployer(&self, fleet: &ResolvedFleet, promotion: &PromotionId) -> Result<Arc<dyn Deployer>, Stop>;
}

/// How long a host may take to say who it is.
const CONNECT: Duration = Duration::from_secs(10);

/// The system's OpenSSH, by the fleet's `deploy.targetHost`.
#[derive(Debug)]
pub struct OverSsh<'d>(pub &'d Desk);

impl OverSsh<'_> {
    fn ssh(&self) -> Result<Ssh, Stop> {
        let environment = &self.0.environment;
        let program = environment.on_path("ssh").ok_or_else(|| {
            Stop::broken("there is no ssh on PATH")
                .help("install OpenSSH's client; machines are reached by it")
        })?;
        let sockets = PathBuf::from("/tmp");
        let settings = Settings {
            program,
            config: None,
            environment: environment.all.clone(),
            sockets,
            connect: CONNECT,
        };
        Ssh::new(Spawner::new(), settings)
            .map_err(|error| Stop::broken("no connection can be made").because(error))
    }
}

impl Crew for OverSsh<'_> {
    fn lookout(&self, fleet: &ResolvedFleet) -> Result<Arc<dyn Lookout>, Stop> {
        Ok(Arc::new(SshLookout::new(self.ssh()?, destinations(fleet))))
    }

    fn deployer(&self, _fleet: &ResolvedFleet, _promotion: &PromotionId) -> Result<Arc<dyn Deployer>, Stop> {
        Err(Stop::input("this seaworthy changes no machines yet")
            .help("`--dry-run` shows what a promotion would do"))
    }
}

/// Where each machine is reached; a text that is no host is told when it is asked.
fn destinations(fleet: &ResolvedFleet) -> BTreeMap<MachineName, Result<Destination, String>> {
    let machines = &fleet.fleet.inventory.machines;
    let of = |name: &MachineName| {
        let target = machines.get(name).and_then(|machine| machine.deploy.target_host.as_deref());
        let target = target.ok_or_else(|| "it has no deploy.targetHost".to_owned())?;
        destination(target)
    };
    fleet.machines.keys().map(|name| (name.clone(), of(name))).collect()
}

/// `user@host:port`, as clan writes it. Options behind it are for clan's own connections.
fn destination(target: &str) -> Result<Destination, String> {
    let target = target.split('?').next().unwrap_or_default();
    let port = target.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    // An IPv6 address without brackets has colons of its own.
    let (host, port) = match port {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (target, None),
    };
    let host = host.replace(['[', ']'], "");
    Destination::new(&host, port).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_as_clan_writes_them() {
        for (target, host, port) in [
            ("root@web", "root@web", None),
            ("root@web:2222", "root@web", Some(2222)),
            ("root@web:2222?UserKnownHostsFile=/x", "root@web", Some(2222)),
            ("root@fd00::1", "root@fd00::1", None),
            ("root@[fd00::1]:22", "root@fd00::1", Some(22)),
        ] {
            let found = destination(target).unwrap();
            assert_eq!((found.as_str(), found.port), (host, port), "{target}");
        }
        assert!(destination("root@-oProxyCommand=x").is_err());
    }
}
