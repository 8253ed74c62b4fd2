//! Who is sent to machines: those who ask, and those who change.
//!
//! Flows in: the fleet, the desk. Flows out: a lookout, a deployer. Must not: send anybody to a machine by itself.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use edge::{
    deploy::{Deploy, Limits, Means, System, Target},
    nix::binary::Nix,
    process::Spawner,
    ssh::{Destination, Settings, Ssh},
    state::FOLDER,
};
use model::{
    machine::{MachineClass, MachineName},
    resolved::ResolvedFleet,
    rollout::PromotionId,
};
use run::rollout::{Deployer, Lookout};

use super::reaches::Reaches;
use crate::{desk::Desk, settings, stop::Stop};

/// The derivations of what machines shall run, as far as they are known.
pub type Derivations = BTreeMap<MachineName, String>;

/// Whoever reaches machines.
pub trait Crew {
    /// Who asks them.
    ///
    /// # Errors
    /// There is no means to reach anybody.
    fn lookout(&self, fleet: &ResolvedFleet, derivations: &Derivations) -> Result<Arc<dyn Lookout>, Stop>;

    /// Who takes the steps of a promotion.
    ///
    /// # Errors
    /// There is no means to change anything.
    fn deployer(
        &self,
        fleet: &ResolvedFleet,
        derivations: &Derivations,
        reaches: &Reaches,
        promotion: &PromotionId,
    ) -> Result<Arc<dyn Deployer>, Stop>;
}

/// How long steps may take, as far as the fleet's policy says so.
fn limits(fleet: &ResolvedFleet) -> Limits {
    let (usual, policy) = (Limits::default(), fleet.fleet.promotion.as_ref());
    Limits {
        copy: policy.and_then(|policy| policy.copy).unwrap_or(usual.copy),
        activate: policy.and_then(|policy| policy.activation).unwrap_or(usual.activate),
        ..usual
    }
}

/// As clan writes it, this builds here: `localhost`.
const HERE: [&str; 3] = ["", "localhost", "127.0.0.1"];

/// How long a host may take to say who it is.
const CONNECT: Duration = Duration::from_secs(10);

/// The system's OpenSSH and this computer's nix, by the fleet's `deploy.targetHost`.
#[derive(Debug)]
pub struct OverSsh<'d> {
    desk: &'d Desk,
    nix: Nix,
    ssh: Arc<Ssh>,
}

impl<'d> OverSsh<'d> {
    /// Finds both.
    ///
    /// # Errors
    /// One of them is not there, or does not work.
    pub async fn find(desk: &'d Desk) -> Result<Self, Stop> {
        let program = desk.environment.on_path("ssh").ok_or_else(|| {
            Stop::broken("there is no ssh on PATH")
                .help("install OpenSSH's client; machines are reached by it")
        })?;
        let (environment, sockets) = (desk.environment.all.clone(), PathBuf::from("/tmp"));
        let settings = Settings { program, config: None, environment, sockets, connect: CONNECT };
        let ssh = Ssh::new(Spawner::new(), settings)
            .map_err(|error| Stop::broken("no connection can be made").because(error))?;
        Ok(Self { desk, nix: settings::nix(desk).await?, ssh: Arc::new(ssh) })
    }

    fn deploy(
        &self,
        fleet: &ResolvedFleet,
        derivations: &Derivations,
        reaches: &Reaches,
        promotion: &PromotionId,
    ) -> Result<Deploy, Stop> {
        let means = Means {
            ssh: Arc::clone(&self.ssh),
            nix: self.nix.clone(),
            roots: self.desk.project.folder.join(FOLDER).join("roots"),
            who: self.desk.user()?,
            limits: limits(fleet),
        };
        Deploy::new(promotion.clone(), self.targets(fleet, derivations, reaches), means)
            .map_err(|error| Stop::input("the promotion cannot be carried out").because(error))
    }

    /// Where each machine is. One whose `targetHost` is none is told, and then nobody knows where it is.
    fn targets(
        &self,
        fleet: &ResolvedFleet,
        derivations: &Derivations,
        reaches: &Reaches,
    ) -> BTreeMap<MachineName, Target> {
        let mut targets = BTreeMap::new();
        for (name, machine) in &fleet.machines {
            let written = fleet.fleet.inventory.machines.get(name);
            let Some(host) = written.and_then(|machine| machine.deploy.target_host.as_deref()) else {
                continue;
            };
            let system = match machine.class {
                MachineClass::Nixos => System::NixOs,
                MachineClass::Darwin => System::Darwin,
                MachineClass::Home => continue,
            };
            let builder = written.and_then(|machine| machine.deploy.build_host.as_deref());
            let build_on = builder.filter(|host| !HERE.contains(host)).map(destination).transpose();
            match (destination(host), build_on) {
                (Ok(to), Ok(build_on)) => {
                    let derivation = derivations.get(name).cloned();
                    let peers = reaches.get(name).cloned().unwrap_or_default();
                    targets.insert(name.clone(), Target { to, system, derivation, build_on, peers });
                }
                (Err(why), _) => self.desk.screen.note(&format!("{name}: deploy.targetHost: {why}")),
                (_, Err(why)) => self.desk.screen.note(&format!("{name}: deploy.buildHost: {why}")),
            }
        }
        targets
    }
}

impl Crew for OverSsh<'_> {
    fn lookout(&self, fleet: &ResolvedFleet, derivations: &Derivations) -> Result<Arc<dyn Lookout>, Stop> {
        // Who only asks leaves no mark, and so needs no name.
        let nobody = PromotionId("none".to_owned());
        Ok(Arc::new(self.deploy(fleet, derivations, &Reaches::new(), &nobody)?))
    }

    fn deployer(
        &self,
        fleet: &ResolvedFleet,
        derivations: &Derivations,
        reaches: &Reaches,
        promotion: &PromotionId,
    ) -> Result<Arc<dyn Deployer>, Stop> {
        Ok(Arc::new(self.deploy(fleet, derivations, reaches, promotion)?))
    }
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
    fn an_activation_takes_as_long_as_the_policy_lets_it() {
        let limits_of = |policy: &str| {
            let text =
                format!("[inventory.machines.a]\n[promotion]\ngates = [\"boot\"]\nwaves = []\n{policy}");
            let (fleet, problems) = load::fleet_toml::parse("fleet.toml", text.as_bytes());
            assert_eq!(problems, []);
            limits(&load::resolve::resolve(fleet.unwrap()))
        };
        let usual = Limits::default();
        assert_eq!(limits_of(""), usual);
        let said = limits_of("activation = \"30m\"\ncopy = \"6h\"\n");
        let (copy, activate) = (Duration::from_secs(6 * 3600), Duration::from_secs(1800));
        assert_eq!(said, Limits { copy, activate, ..usual });
        assert_eq!(said.window(), activate + usual.confirm);
    }

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
