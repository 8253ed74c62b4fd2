//! A guest in QEMU that is deployed to by the same steps: a kernel, an initrd and a disk of its own, where boxes have none.
//!
//! Emulated it takes longer than a test may, so that it is run by name alone; `harness/DESIGN/deploy.md` has the command.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use edge::{
    deploy::{Deploy, Limits, Means},
    nix::binary::Nix,
    process::Spawner,
    ssh::{Destination, Ssh},
};
use libtest_mimic::Trial;
use model::rollout::{Change, Closure, PromotionId, Step};
use tempfile::TempDir;
use vms::{
    accelerator::Accelerator,
    folder::Folder,
    guest::{End, Guest},
    machine::{Boot, Disk, Format, Machine, UserNetwork},
    qemu::Qemu,
};

use crate::rig::{done, look, settings, target};

/// An emulated processor takes its time.
const LIMIT: Duration = Duration::from_secs(180);
const LIMITS: Limits = Limits {
    build: Duration::from_secs(60),
    copy: Duration::from_secs(120),
    activate: Duration::from_secs(20),
    confirm: Duration::from_secs(5),
    settle: Duration::from_secs(20),
    check: Duration::from_secs(10),
    reboot: Duration::from_secs(60),
};
/// In waits.
const STEP: Duration = Duration::from_millis(500);

pub(crate) fn trials() -> Vec<Trial> {
    let run = || {
        tokio::runtime::Runtime::new()?.block_on(a_whole_deploy());
        Ok(())
    };
    vec![Trial::test("guest::a_deploy_a_reboot_and_two_ways_back", run).with_ignored_flag(true)]
}

async fn a_whole_deploy() {
    let mut clock = Clock::start();
    let mut buoy = Buoy::afloat().await;
    let [first, second, third] = ["1", "2", "3"].map(|version| buoy.system(version));
    clock.lap("it came up");

    let to_second = Change { old: first, new: second.clone() };
    let steps = [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::Examine, Step::SetProfile];
    done(&buoy.deploy("p1").await, "buoy", &to_second, &steps).await;
    clock.lap("deployed to");
    buoy.is_on("2", &second).await;
    buoy.reboot().await;
    clock.lap("rebooted");
    buoy.is_on("2", &second).await;
    let seen = look(&buoy.deploy("p1").await, "buoy", &to_second).await;
    assert_eq!((seen.running.as_ref(), &seen.profile), (Some(&second), &second));
    assert!(seen.tried && !seen.timer, "its mark outlasts a reboot, its timer does not: {seen:?}");

    let to_third = Change { old: second.clone(), new: third.clone() };
    clock.lap("looked at");
    done(&buoy.deploy("p2").await, "buoy", &to_third, &[Step::Build, Step::Copy, Step::Activate]).await;
    assert_eq!(buoy.asks("cat /run/version").await, "3");
    buoy.until("cat /run/version", "2").await;
    clock.lap("activated, not confirmed, and back by itself");
    buoy.is_on("2", &second).await;

    let deploy = buoy.deploy("p3").await;
    let steps = [Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile];
    done(&deploy, "buoy", &to_third, &steps).await;
    buoy.is_on("3", &third).await;
    done(&deploy, "buoy", &to_third, &[Step::RollBack]).await;
    buoy.is_on("2", &second).await;
    clock.lap("deployed to and rolled back");
    assert_eq!(
        buoy.asks("systemctl is-system-running; systemctl list-timers --no-legend 'seaworthy*'").await,
        "running"
    );
}

/// The guest, and all that it is made of.
struct Buoy {
    guest: Guest,
    machine: Machine,
    qemu: Qemu,
    nix: Nix,
    // The last to go.
    place: TempDir,
}

impl Buoy {
    /// Makes its disks, on version 1, and waits until it lets us in.
    async fn afloat() -> Self {
        let place = tempfile::tempdir().unwrap();
        for key in ["key", "host-key"] {
            sh(place.path(), &format!("ssh-keygen -q -t ed25519 -N '' -C {key} -f {key}"));
        }
        let qemu = Qemu::find(&env::var_os("PATH").unwrap(), LIMIT).expect("QEMU; `ci/run test` gets it");
        let environment: BTreeMap<OsString, OsString> = env::vars_os().collect();
        let nix = Nix::find(&named(), &environment, &Spawner::new()).await.unwrap();
        let system = build(place.path(), "1");
        let machine = machine(place.path(), &system);
        let guest = start(place.path(), &qemu, &machine).await;
        let buoy = Self { guest, machine, qemu, nix, place };
        buoy.until("cat /run/version", "1").await;
        buoy
    }

    fn system(&self, version: &str) -> Closure {
        build(self.place.path(), version)
    }

    /// From inside, as by a person; QEMU's process ends with the guest's, and is started anew with the same disks.
    async fn reboot(&mut self) {
        let _cut_off = self.try_to_ask("systemctl reboot").await;
        let end = tokio::time::timeout(LIMIT, self.guest.ended()).await.unwrap();
        assert!(matches!(end, End::Restarted), "{end}");
        self.guest = start(self.place.path(), &self.qemu, &self.machine).await;
        self.until("systemctl is-system-running", "running").await;
    }

    /// Behind the port of this computer's loopback that leads to its sshd now.
    fn ssh(&self) -> Arc<Ssh> {
        let (place, port) = (self.place.path(), self.guest.port(22).unwrap());
        let key = fs::read_to_string(place.join("host-key.pub")).unwrap();
        fs::write(place.join("known_hosts"), format!("buoy {key}")).unwrap();
        let text = format!(
            "Host buoy\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias buoy\n  User root\n  IdentityFile {0}/key\n  \
             IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {0}/known_hosts\n  GlobalKnownHostsFile /dev/null\n",
            place.display()
        );
        fs::write(place.join("ssh_config"), text).unwrap();
        let settings = edge::ssh::Settings { connect: LIMIT, ..settings(place.join("ssh_config")) };
        Arc::new(Ssh::new(Spawner::new(), settings).unwrap())
    }

    async fn deploy(&self, promotion: &str) -> Deploy {
        let target = target("buoy");
        let roots = self.place.path().join("roots");
        let means =
            Means { ssh: self.ssh(), nix: self.nix.clone(), roots, who: "us".to_owned(), limits: LIMITS };
        Deploy::new(PromotionId(promotion.to_owned()), [("buoy".into(), target)].into(), means).unwrap()
    }

    async fn try_to_ask(&self, line: &str) -> Option<String> {
        let answer = self.ssh().ask(&to(), line, LIMIT).await.ok()?;
        Some(answer.out.trim_end().to_owned())
    }

    async fn asks(&self, line: &str) -> String {
        self.try_to_ask(line).await.expect("the guest answers")
    }

    /// Asks again and again until it says so.
    async fn until(&self, line: &str, expected: &str) {
        let began = Instant::now();
        let mut said = None;
        while said.as_deref() != Some(expected) {
            assert!(began.elapsed() < LIMIT, "{line}: {said:?}");
            tokio::time::sleep(STEP).await;
            said = self.try_to_ask(line).await;
        }
    }

    /// What really runs and boots, by what the guest itself has.
    async fn is_on(&self, version: &str, system: &Closure) {
        let line = "cat /run/version; readlink -f /run/current-system; dirname $(readlink -f /nix/boot/init)";
        assert_eq!(self.asks(line).await, format!("{version}\n{system}\n{system}"));
    }
}

fn to() -> Destination {
    Destination::new("buoy", None).unwrap()
}

fn named() -> PathBuf {
    PathBuf::from(env::var_os("SEAWORTHY_NIX").expect("SEAWORTHY_NIX"))
}

/// The folder of a nix that is in no store, which the guest sees at the same path.
fn tools() -> PathBuf {
    let real = fs::canonicalize(named()).unwrap();
    assert!(!real.starts_with("/nix/store"), "this test takes the nix that `ci/run test` puts in place");
    real.ancestors().nth(2).unwrap().to_owned()
}

/// As the parts of guests are shown to builds by the settings, in a sandbox.
fn nix(arguments: &[&str]) -> Command {
    let mut nix = Command::new(named());
    nix.args(["--extra-experimental-features", "nix-command"]).args(arguments);
    nix
}

fn build(place: &Path, version: &str) -> Closure {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/deployed/toplevel.nix");
    let key = fs::read_to_string(place.join("key.pub")).unwrap();
    let mut nix = nix(&["build", "--impure", "--no-link", "--print-out-paths", "--file"]);
    nix.arg(file).args(["--argstr", "version", version, "--argstr", "key", key.trim()]);
    let output = nix.args(["--argstr", "nix"]).arg(tools()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Closure(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// Its first disk has the store, the profile and what boots; the second one nix.
fn machine(place: &Path, system: &Closure) -> Machine {
    let root = format!("local?root={}", place.join("disk").display());
    let output = nix(&["copy", "--no-check-sigs", "--to", &root, &system.0]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let name = system.0.rsplit('/').next().unwrap();
    let tools = tools();
    let tools = tools.display();
    sh(
        place,
        &format!(
            "cd disk/nix && mkdir -p boot kept tools/bin var/nix/profiles && cp -p ../../host-key . && \
             ln -s ../store/{name}/init boot/init && \
             ln -s {system} var/nix/profiles/system-1-link && ln -s system-1-link var/nix/profiles/system && \
             for each in nix nix-store nix-env; do ln -s {tools}/bin/nix tools/bin/$each; done && \
             ln -s /nix/tools var/nix/profiles/default && cd ../.. && \
             mke2fs -q -t ext4 -d disk/nix disk.img 400M && \
             mksquashfs {tools} nix.img -quiet -no-progress -comp lz4"
        ),
    );
    let parameters = fs::read_to_string(Path::new(&system.0).join("kernel-params")).unwrap();
    let part = |part: &str| fs::canonicalize(Path::new(&system.0).join(part)).unwrap();
    let boot = Boot {
        kernel: part("kernel"),
        initrd: Some(part("initrd")),
        command_line: format!("{parameters} init=/nix/boot/init console=ttyS0 panic=-1 no_timer_check"),
    };
    let disk = |file: &str, read_only| Disk {
        path: place.join(file),
        format: Format::Raw,
        read_only,
        scratch: false,
        serial: file.to_owned(),
    };
    Machine {
        disks: vec![disk("disk.img", false), disk("nix.img", true)],
        user_network: Some(UserNetwork { forwards: vec![22] }),
        ..Machine::new("buoy", Accelerator::Tcg, boot)
    }
}

async fn start(place: &Path, qemu: &Qemu, machine: &Machine) -> Guest {
    Guest::start(qemu, machine, Folder::create(&place.join("g")).unwrap()).await.unwrap()
}

fn sh(folder: &Path, line: &str) {
    let output = Command::new("sh").args(["-euc", line]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Tells what each part took.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn lap(&mut self, what: &str) {
        eprintln!("{what}: {:.1?}", self.0.elapsed());
        self.0 = Instant::now();
    }
}
