//! What these tests stand on: a lab, ssh into it, and the matrix of what is expected in it.

use std::{collections::BTreeMap, env, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use edge::{
    probe::{self, Means},
    process::Spawner,
    ssh::{Destination, Settings, Ssh},
};
use lab::{
    lab::Lab,
    probe::Plane,
    tools::{Missing, Tools},
    topology::{self, Topology},
};
use libtest_mimic::{Failed, Trial};
use model::{
    machine::MachineName,
    matrix::{Matrix, Mesh, directed},
    overlay::{Member, Overlay, OverlayKind},
    reach::{Expectation, Probe},
    reason::{Reason, Who},
    sighting::{
        host::{self, Expected},
        outlook::Outlook,
        pair::{self, Limits, Outlooks},
        presence,
        questions::Questions,
    },
    verdict::Verdict,
};

/// Longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A test of a lab.
pub(crate) fn trial<F: Future<Output = ()>>(
    name: &str,
    topology: Topology,
    test: impl FnOnce(Rig) -> F + Send + 'static,
) -> Trial {
    let missing = tools(topology.overlay).err();
    if let Some(missing) = &missing {
        eprintln!("{name} is ignored: {missing}");
    }
    let run = move || -> Result<(), Failed> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async { test(Rig::up(topology).await).await });
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(missing.is_some())
}

fn tools(overlay: topology::Overlay) -> Result<Tools, Missing> {
    Tools::find(&env::var_os("PATH").unwrap_or_default(), overlay)
}

/// A lab that is up, and a client of ssh that finds its hosts.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) ssh: Arc<Ssh>,
    pub(crate) folder: PathBuf,
    // The last to go.
    _parent: tempfile::TempDir,
}

impl Rig {
    async fn up(topology: Topology) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("lab");
        let tools = tools(topology.overlay).unwrap();
        let lab = Lab::up(topology, &folder, tools).await.unwrap();
        let ssh = Arc::new(Ssh::new(Spawner::new(), settings(lab.ssh_config())).unwrap());
        Self { lab, ssh, folder, _parent: parent }
    }

    /// Waits until the overlay reaches everybody.
    pub(crate) async fn whole(&self) {
        assert!(self.lab.reach(&[], Plane::Overlay, LIMIT).await.unwrap().is_whole());
    }

    /// The addresses of a host on this plane.
    pub(crate) fn address(&self, name: &str, plane: Plane) -> IpAddr {
        let host = self.lab.host(name).unwrap();
        match plane {
            Plane::Plain => host.seat().v4.into(),
            Plane::Plain6 => host.seat().v6.into(),
            Plane::Overlay => host.overlay_address().unwrap().into(),
        }
    }

    /// All hosts meet all hosts on this plane, but strangers meet nobody in an overlay.
    pub(crate) fn matrix(&self, plane: Plane) -> Matrix {
        let outsider = |name: &str| plane == Plane::Overlay && self.lab.topology().hosts[name].outsider;
        let machines: Vec<MachineName> = self.lab.hosts().map(|host| host.name().into()).collect();
        let expect = |(from, to): (usize, usize)| {
            let (from, to) = (machines[from].as_str(), machines[to].as_str());
            let reason = match (outsider(from), outsider(to)) {
                (true, _) => Reason::Outsider(Who::From),
                (_, true) => Reason::Outsider(Who::To),
                _ => Reason::Members,
            };
            let address = self.address(to, plane);
            let probe = Probe { ping: vec![address], tcp: vec![(address, 22).into()] };
            Expectation { reason, probe: Some(Arc::new(probe)) }
        };
        let members = machines.iter().map(|name| {
            let addresses = vec![self.address(name.as_str(), plane)];
            (name.clone(), Member { addresses, ..Member::default() })
        });
        let kind = self.kind().unwrap_or(OverlayKind::Wireguard);
        let overlay = Overlay { name: "mesh".into(), kind, members: members.collect() };
        let expectations = directed(machines.len()).map(expect).collect();
        Matrix { machines, meshes: vec![Mesh { overlay, expectations }] }
    }

    fn kind(&self) -> Option<OverlayKind> {
        match self.lab.topology().overlay {
            topology::Overlay::None => None,
            topology::Overlay::Wireguard => Some(OverlayKind::Wireguard),
            topology::Overlay::Yggdrasil => Some(OverlayKind::Yggdrasil),
            topology::Overlay::Zerotier => Some(OverlayKind::Zerotier),
        }
    }

    /// What hosts are to say of themselves. Strangers run the overlay too, but nobody answers them.
    pub(crate) fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for host in self.lab.hosts() {
            let name = MachineName::from(host.name());
            let plain = host.seat().plain();
            expected.owners.extend(plain.map(|address| (address, name.clone())));
            expected.names.insert(host.name().parse().unwrap(), plain.into());
            if self.lab.topology().hosts[host.name()].outsider {
                continue;
            }
            if let (Some(address), Some(kind)) = (host.overlay_address(), self.kind()) {
                let address = IpAddr::from(address);
                expected.owners.insert(address, name.clone());
                expected.names.insert(format!("{name}.overlay").parse().unwrap(), [address].into());
                expected.overlays.entry(kind).or_default().insert(name, [address].into());
            }
        }
        expected
    }

    /// What each host is to look at.
    pub(crate) fn questions(&self, matrix: &Matrix, of: &str) -> Questions {
        let mut questions = Questions { daemons: self.kind().into_iter().collect(), ..Questions::default() };
        for pair in matrix.pairs().filter(|pair| pair.from.as_str() == of) {
            questions.add(pair.expectation.probe.as_ref().unwrap());
        }
        for name in self.expected().names.keys() {
            questions.names.insert(name.clone());
        }
        questions
    }

    /// Asks everybody at the same time.
    pub(crate) async fn look(&self, matrix: &Matrix, set: impl Fn(&mut Questions)) -> Outlooks {
        let mut asked = tokio::task::JoinSet::new();
        for name in &matrix.machines {
            let mut questions = self.questions(matrix, name.as_str());
            set(&mut questions);
            let (ssh, name) = (Arc::clone(&self.ssh), name.clone());
            asked.spawn(async move {
                let to = Destination::new(name.as_str(), None).unwrap();
                let outlook = probe::ask(&ssh, &to, &questions, Means::Best).await.outlook;
                (name, outlook)
            });
        }
        asked.join_all().await.into_iter().collect()
    }

    /// What is wrong, and what could not be told, pairs first: nothing when all is well.
    pub(crate) fn wrong(&self, matrix: &Matrix, outlooks: &Outlooks, limits: &Limits) -> Vec<String> {
        let expected = self.expected();
        let present = presence::present(outlooks, &expected.owners);
        let pairs = matrix.pairs().map(|pair| pair::verdict(&pair, outlooks, &present, limits));
        let hosts = outlooks.iter().map(|(name, outlook)| host::verdict(name, outlook, &expected, limits));
        pairs.chain(hosts).flat_map(|verdict| told(&verdict)).collect()
    }

    /// All in one: asked on this plane, with nothing but the defaults.
    pub(crate) async fn judged(&self, plane: Plane) -> Vec<String> {
        let matrix = self.matrix(plane);
        let outlooks = self.look(&matrix, |_| {}).await;
        self.wrong(&matrix, &outlooks, &Limits::default())
    }
}

pub(crate) fn told(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Fail { findings } => {
            findings.iter().map(|one| format!("{}: {}", one.rule, one.message)).collect()
        }
        Verdict::Skipped { reason } => vec![format!("skipped: {reason}")],
        other => vec![format!("{other:?}")],
    }
}

pub(crate) fn settings(config: PathBuf) -> Settings {
    let environment: BTreeMap<_, _> =
        env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME").collect();
    let search = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let program = search.iter().map(|folder| folder.join("ssh")).find(|file| file.exists()).unwrap();
    let connect = Duration::from_secs(5);
    Settings { program, config: Some(config), environment, sockets: env::temp_dir(), connect }
}

pub(crate) fn to(name: &str) -> Destination {
    Destination::new(name, None).unwrap()
}

pub(crate) fn seen<'a>(outlooks: &'a Outlooks, name: &str) -> &'a model::sighting::Sighting {
    match &outlooks[name] {
        Outlook::Seen(seen) => seen,
        other => panic!("{name}: {other:?}"),
    }
}
