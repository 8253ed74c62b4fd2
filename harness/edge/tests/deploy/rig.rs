//! What these tests stand on: boxes that run a system of ours, and a deployer that knows the ways to them.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::Arc,
    time::Duration,
};

use edge::{
    deploy::{Deploy, Limits, Means, Peer, Peers, System, Target},
    nix::binary::Nix,
    process::Spawner,
    ssh::{Destination, Settings, Ssh},
};
use lab::{lab::Lab, tools::Tools, topology::Topology};
use libtest_mimic::{Failed, Trial};
use model::{
    machine::MachineName,
    reach::Probe,
    rollout::{Change, Closure, PromotionId, Sight, Step},
};
use run::rollout::{Deployer as _, Told};

use crate::{order::order, shown::shown};

/// Longer than anything here takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// So that a test need not wait long for what does not end.
pub(crate) const LIMITS: Limits = Limits {
    build: Duration::from_secs(60),
    copy: Duration::from_secs(60),
    activate: Duration::from_secs(6),
    confirm: Duration::from_secs(3),
    settle: Duration::from_secs(2),
    check: Duration::from_secs(1),
    reboot: Duration::from_secs(10),
};

/// A test with boxes of these names, all on the system `old`.
pub(crate) fn trial<F: Future<Output = ()>>(
    name: &str,
    boxes: &'static [&'static str],
    test: impl FnOnce(Rig) -> F + Send + 'static,
) -> Trial {
    let missing = missing();
    if let Some(missing) = &missing {
        eprintln!("{name} is ignored: {missing}");
    }
    let run = move || -> Result<(), Failed> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async { test(Rig::up(boxes).await).await });
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(missing.is_some())
}

fn missing() -> Option<String> {
    let tools = tools().and_then(|_| lab::tools::for_boxes());
    let nix = || env::var_os("SEAWORTHY_NIX").is_none().then(|| "SEAWORTHY_NIX is not set".to_owned());
    tools.err().map(|missing| missing.to_string()).or_else(nix)
}

fn tools() -> Result<Tools, lab::tools::Missing> {
    Tools::find(&env::var_os("PATH").unwrap_or_default(), lab::topology::Overlay::None)
}

/// Boxes that are up.
pub(crate) struct Rig {
    pub(crate) lab: Lab,
    pub(crate) ssh: Arc<Ssh>,
    pub(crate) old: Closure,
    nix: Nix,
    // The last to go.
    parent: tempfile::TempDir,
}

impl Rig {
    async fn up(boxes: &[&str]) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let topology = Topology::of_boxes(boxes.iter().copied(), shown());
        let folder = parent.path().join("lab");
        let lab = Lab::up(topology, &folder, tools().unwrap()).await.unwrap();
        let ssh = Arc::new(Ssh::new(Spawner::new(), settings(lab.ssh_config())).unwrap());
        let environment: BTreeMap<OsString, OsString> = env::vars_os().collect();
        let path = PathBuf::from(env::var_os("SEAWORTHY_NIX").unwrap());
        let nix = Nix::find(&path, &environment, &Spawner::new()).await.unwrap();
        let rig = Self { lab, ssh, old: system("old", "", ""), nix, parent };
        let all = boxes.iter().map(|name| rig.reset(name));
        futures_all(all).await;
        rig
    }

    /// Puts a box onto the old system, with nothing on it of any promotion.
    pub(crate) async fn reset(&self, name: &str) {
        self.copy(name, &self.old).await;
        let old = &self.old;
        let line = format!(
            "systemctl stop 'seaworthy-promotion-*'; rm -rf /run/seaworthy /var/lib/seaworthy /nix/var/nix/gcroots/seaworthy; \
             nix-env -p /nix/var/nix/profiles/system --set {old} && {old}/bin/switch-to-configuration switch && \
             ln -sfn {old} /run/booted-system && rm -f /boot/once /nix/var/nix/profiles/system-[0-9]*-link.old"
        );
        self.on(name, &line).await;
    }

    /// Brings a system to a box, by nix as a person would.
    pub(crate) async fn copy(&self, name: &str, system: &Closure) {
        let mut nix = nix(["copy", "--to", &format!("ssh://{name}"), &system.0]);
        nix.env("NIX_SSHOPTS", self.ssh.options_for_nix(&to(name)));
        // The doors are served by this runtime: it must not wait for ssh.
        let output = tokio::task::spawn_blocking(move || nix.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A path beside that of the lab.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }

    /// A file beside the lab.
    pub(crate) fn config(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A client of ssh with more in its configuration.
    pub(crate) fn ssh_with(&self, text: &str) -> Arc<Ssh> {
        let config = fs::read_to_string(self.lab.ssh_config()).unwrap();
        let config = self.config("more", &format!("{text}{config}"));
        Arc::new(Ssh::new(Spawner::new(), settings(config)).unwrap())
    }

    /// Where a connection of the user's is shared.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path("m")
    }

    /// A connection of the user's to `a`, up when it comes back.
    pub(crate) fn master(&self, socket: &Path) -> Child {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F")
            .arg(self.lab.ssh_config())
            .arg("-S")
            .arg(socket)
            .args(["-M", "-N", "a"])
            .spawn()
            .unwrap()
    }

    /// How long a promotion's timer has to go.
    pub(crate) async fn left(&self, name: &str, promotion: &str) -> Duration {
        let line = format!(
            "systemctl show -P NextElapseUSecMonotonic seaworthy-promotion-{promotion}.timer; cut -d' ' -f1 /proc/uptime"
        );
        let said = self.on(name, &line).await;
        let (next, now) = said.split_once('\n').unwrap();
        let seconds = |word: &str| -> f64 {
            match word {
                _ if word.ends_with("ms") => word.trim_end_matches("ms").parse::<f64>().unwrap() / 1000.0,
                _ if word.ends_with("us") => 0.0,
                _ if word.ends_with("min") => word.trim_end_matches("min").parse::<f64>().unwrap() * 60.0,
                _ if word.ends_with('h') => word.trim_end_matches('h').parse::<f64>().unwrap() * 3600.0,
                _ => word.trim_end_matches('s').parse().unwrap(),
            }
        };
        let next: f64 = next.split(' ').map(seconds).sum();
        Duration::from_secs_f64((next - now.parse::<f64>().unwrap()).max(0.0))
    }

    /// What a line that has to succeed prints on a box.
    #[track_caller]
    pub(crate) fn on<'a>(&'a self, name: &'a str, line: &'a str) -> impl Future<Output = String> + 'a {
        let from = std::panic::Location::caller();
        async move {
            let ran = self.lab.host(name).unwrap().run(line, LIMIT).await.unwrap();
            assert_eq!(ran.status, Some(0), "{from}: {ran:?}");
            ran.out.trim_end().to_owned()
        }
    }

    /// A deployer of one promotion to all boxes.
    pub(crate) fn deploy(&self, promotion: &str) -> Arc<Deploy> {
        self.deploy_by(promotion, "us", Arc::clone(&self.ssh), LIMITS)
    }

    pub(crate) fn deploy_by(&self, promotion: &str, who: &str, ssh: Arc<Ssh>, limits: Limits) -> Arc<Deploy> {
        self.deploy_to(System::NixOs, promotion, who, ssh, limits)
    }

    /// A deployer to the box a, by whom its destination names.
    pub(crate) fn deploy_at(&self, destination: &str) -> Arc<Deploy> {
        let to = Destination::new(destination, None).unwrap();
        let target = Target { to, ..target("a") };
        self.deployer("p1", "us", [("a".into(), target)].into(), Arc::clone(&self.ssh), LIMITS)
    }

    /// A deployer to boxes that it takes for systems of a kind.
    pub(crate) fn deploy_to(
        &self,
        system: System,
        promotion: &str,
        who: &str,
        ssh: Arc<Ssh>,
        limits: Limits,
    ) -> Arc<Deploy> {
        self.deploy_as(promotion, (who, ssh), limits, |to, _| Target { system, ..target(to) })
    }

    /// A deployer for which each box must reach all others.
    pub(crate) fn deploy_peers(&self, promotion: &str) -> Arc<Deploy> {
        let us = ("us", Arc::clone(&self.ssh));
        self.deploy_as(promotion, us, LIMITS, |to, others| Target { peers: others, ..target(to) })
    }

    fn deploy_as(
        &self,
        promotion: &str,
        (who, ssh): (&str, Arc<Ssh>),
        limits: Limits,
        target: impl Fn(&str, Peers) -> Target,
    ) -> Arc<Deploy> {
        let probe = |ip: std::net::Ipv4Addr| Probe { ping: vec![ip.into()], ..Probe::default() };
        let others = |name: &str| {
            let others = self.lab.hosts().filter(|other| other.name() != name);
            let peer = |name: &str| Peer { machine: name.into(), overlay: "plain".to_owned() };
            others.map(|other| (peer(other.name()), probe(other.seat().v4))).collect()
        };
        let target = |name: &str| target(name, others(name));
        let targets = self.lab.hosts().map(|host| (host.name().into(), target(host.name()))).collect();
        self.deployer(promotion, who, targets, ssh, limits)
    }

    fn deployer(
        &self,
        promotion: &str,
        who: &str,
        targets: BTreeMap<MachineName, Target>,
        ssh: Arc<Ssh>,
        limits: Limits,
    ) -> Arc<Deploy> {
        let roots = self.path("roots");
        let means = Means { ssh, nix: self.nix.clone(), roots, who: who.to_owned(), limits };
        Arc::new(Deploy::new(PromotionId(promotion.to_owned()), targets, means).unwrap())
    }

    pub(crate) fn nix(&self) -> Nix {
        self.nix.clone()
    }

    /// Takes a closure away from this computer's store.
    pub(crate) fn forget(&self, closure: &Closure) {
        // What keeps it.
        _ = fs::remove_dir_all(self.path("roots"));
        let deleted = nix(["store", "delete", "--ignore-liveness", &closure.0]).output().unwrap();
        assert!(deleted.status.success(), "{deleted:?}");
    }

    pub(crate) fn to(&self, new: &Closure) -> Change {
        Change { old: self.old.clone(), new: new.clone() }
    }

    /// Who answers on the port of the service that the system runs.
    pub(crate) async fn answers(&self, name: &str) -> String {
        let line = format!("exec 3<>/dev/tcp/{name}/8080; cat <&3");
        let operator = self.lab.host("operator").unwrap();
        operator.run(&format!("bash -c '{line}'"), LIMIT).await.unwrap().out.trim_end().to_owned()
    }

    /// What really runs and boots, by what the box itself has.
    pub(crate) async fn truth(&self, name: &str) -> (Closure, Closure) {
        let line = "readlink -f /run/current-system; dirname $(readlink /boot/init)";
        let said = self.on(name, line).await;
        let (running, boots) = said.split_once('\n').unwrap();
        (Closure(running.to_owned()), Closure(boots.to_owned()))
    }

    /// Whether any timer of ours is set there.
    pub(crate) async fn timers(&self, name: &str) -> String {
        self.on(name, "systemctl list-units --plain --no-legend 'seaworthy-promotion-*' | cut -d' ' -f1")
            .await
    }
}

/// A box as a machine to deploy to.
pub(crate) fn target(name: &str) -> Target {
    let (system, peers) = (System::NixOs, Peers::new());
    Target { to: to(name), system, derivation: None, build_on: None, peers }
}

/// A step is taken, and comes out somehow.
pub(crate) async fn take(deploy: &Deploy, name: &str, change: &Change, step: Step) -> Told {
    deploy.carry(order(name, change, step)).await
}

/// Steps are taken, and come out well.
#[track_caller]
pub(crate) fn done<'a>(
    deploy: &'a Deploy,
    name: &'a str,
    change: &'a Change,
    steps: &'a [Step],
) -> impl Future<Output = ()> + 'a {
    let from = std::panic::Location::caller();
    async move {
        for step in steps {
            let told = take(deploy, name, change, *step).await;
            assert_eq!(told, Told::End(model::rollout::End::Done), "{from}: {step}");
        }
    }
}

/// Why a step failed.
#[track_caller]
pub(crate) fn why(told: Told) -> String {
    match told {
        Told::End(model::rollout::End::Failed { why }) => why,
        other => panic!("it did not fail: {other:?}"),
    }
}

/// What a look finds.
pub(crate) async fn look(deploy: &Deploy, name: &str, change: &Change) -> Sight {
    match take(deploy, name, change, Step::Look).await {
        Told::Saw(sight) => sight,
        other => panic!("{name}: {other:?}"),
    }
}

/// Builds a system of a box.
pub(crate) fn system(version: &str, trouble: &str, boot_trouble: &str) -> Closure {
    system_of(&[("version", version), ("trouble", trouble), ("bootTrouble", boot_trouble)])
}

/// Builds one by the arguments of `toplevel.nix`.
pub(crate) fn system_of(arguments: &[(&str, &str)]) -> Closure {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/boxes/system/toplevel.nix");
    let mut nix = nix(["build", "--no-link", "--print-out-paths", "--file"]);
    nix.arg(file);
    for (name, value) in arguments {
        nix.args(["--argstr", name, value]);
    }
    let output = nix.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Closure(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

pub(crate) fn nix<const N: usize>(arguments: [&str; N]) -> Command {
    let mut nix = Command::new(env::var_os("SEAWORTHY_NIX").unwrap());
    // There is nothing in a sandbox that could write the systems of boxes.
    nix.args(["--extra-experimental-features", "nix-command", "--option", "sandbox", "false"]);
    nix.args(arguments);
    nix
}

pub(crate) fn to(name: &str) -> Destination {
    Destination::new(name, None).unwrap()
}

pub(crate) fn settings(config: PathBuf) -> Settings {
    let passed = |name: &OsString| name == "PATH" || name == "HOME";
    let environment: BTreeMap<_, _> = env::vars_os().filter(|(name, _)| passed(name)).collect();
    let search = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let program = search.iter().map(|folder| folder.join("ssh")).find(|file| file.exists()).unwrap();
    let connect = Duration::from_secs(5);
    Settings { program, config: Some(config), environment, sockets: env::temp_dir(), connect }
}

/// All of them, one after the other where one waits.
async fn futures_all(all: impl Iterator<Item = impl Future<Output = ()>>) {
    for one in all {
        one.await;
    }
}
