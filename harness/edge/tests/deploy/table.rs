//! The table: every fault at every step, and where the machine is afterwards. In each cell the machine runs and boots one and the
//! same closure, the old or the new one, without a timer, and the promotion knows which.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use edge::{deploy::Deploy, process::Spawner, ssh::Ssh};
use judge::promote::Order;
use lab::host::Reboot;
use libtest_mimic::Trial;
use model::{
    course::Course,
    machine::MachineName,
    rollout::{Closure, Happened, Step},
};
use run::{
    BoxFuture,
    rollout::{Deployer, Told},
};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use crate::{
    promotion::{Came, came, course, go, journal},
    rig::{LIMIT, LIMITS, Rig, settings, system, system_of, trial},
    steps::runs,
};

const BOXES: &[&str] = &["a", "b", "c", "d"];
const STEPS: [Step; 9] = [
    Step::Look,
    Step::Build,
    Step::Copy,
    Step::Activate,
    Step::Confirm,
    Step::Examine,
    Step::Reboot,
    Step::SetProfile,
    Step::RollBack,
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("table::every_fault_at_every_step_ends_old_or_new", BOXES, every_fault),
        trial("table::every_trouble_of_an_activation_ends_old_or_new", &["a"], every_trouble),
    ]
}

/// What befalls the way, the machine or us, once, at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Nobody answers.
    Offline,
    /// The connection ends in the middle.
    Lost,
    /// All stands still for two seconds.
    Late,
    /// Somebody else answers.
    OtherKey,
    /// We are killed.
    Killed,
    Reboot,
    PowerCut,
    FullDisk,
    /// The new closure is gone.
    Vanished,
}

const FAULTS: [Fault; 9] = [
    Fault::Offline,
    Fault::Lost,
    Fault::Late,
    Fault::OtherKey,
    Fault::Killed,
    Fault::Reboot,
    Fault::PowerCut,
    Fault::FullDisk,
    Fault::Vanished,
];

impl Fault {
    /// What has to come out, where it does not hang on the moment in which the fault strikes.
    fn expected(self, step: Step) -> Option<Came> {
        match (self, step) {
            // What is rolled back, or fails where nothing makes good for it, ends old.
            (_, Step::RollBack) => Some(Came::Old),
            (Self::OtherKey, Step::Build) | (Self::Late, _) => Some(Came::New),
            (
                Self::OtherKey,
                Step::Copy | Step::Activate | Step::Confirm | Step::Reboot | Step::SetProfile,
            ) => Some(Came::Old),
            // Whoever could not tell asks again.
            (Self::Offline | Self::Lost | Self::OtherKey | Self::Killed | Self::FullDisk, Step::Examine) => {
                Some(Came::New)
            }
            (Self::Offline | Self::Lost | Self::Killed, Step::Reboot) => Some(Came::New),
            (Self::FullDisk, Step::Copy | Step::Activate | Step::Reboot | Step::SetProfile) => {
                Some(Came::Old)
            }
            (Self::Vanished, Step::Activate | Step::Examine | Step::Reboot | Step::SetProfile) => {
                Some(Came::Old)
            }
            (Self::Reboot | Self::PowerCut, Step::Activate | Step::Confirm) => Some(Came::Old),
            (_, Step::Look | Step::Build) => Some(Came::New),
            _ => None,
        }
    }
}

/// A deployer that is met by a fault, the first time that it takes a step.
struct Met {
    rig: Arc<Rig>,
    name: &'static str,
    inner: Arc<Deploy>,
    stranger: Arc<Deploy>,
    at: Step,
    fault: Fault,
    new: Closure,
    struck: AtomicBool,
    /// We are killed now.
    death: Notify,
}

/// Longer than a connection takes, and shorter than most steps.
const MOMENT: Duration = Duration::from_millis(450);

impl Met {
    async fn meet(&self, order: Order) -> Told {
        if order.step() != self.at || self.struck.swap(true, Ordering::SeqCst) {
            return self.inner.carry(order).await;
        }
        let (rig, name) = (&self.rig, self.name);
        match self.fault {
            Fault::OtherKey => self.stranger.carry(order).await,
            Fault::Offline => self.around("systemctl stop sshd", "systemctl start sshd", order).await,
            Fault::FullDisk => {
                let fill = "dd if=/dev/zero of=/nix/full bs=1M; dd if=/dev/zero of=/nix/fuller bs=1k; dd if=/dev/zero of=/nix/fullest bs=1";
                self.around(&format!("{{ {fill}; }} 2>/dev/null || :"), "rm -f /nix/full*", order).await
            }
            Fault::Vanished => self.around(&format!("rm -rf {}", self.new), "true", order).await,
            Fault::Lost => self.beside(order, rig.on(name, "pkill -KILL -f '[s]shd: root' || :")).await,
            Fault::Late => {
                let freeze = async {
                    rig.freeze(name, true);
                    sleep(Duration::from_secs(2)).await;
                    rig.freeze(name, false);
                    String::new()
                };
                self.beside(order, freeze).await
            }
            Fault::Reboot | Fault::PowerCut => {
                let how = if self.fault == Fault::Reboot { Reboot::Ordered } else { Reboot::PowerCut };
                let reboot = async {
                    rig.lab.host(name).unwrap().reboot(how, LIMIT).await.unwrap();
                    String::new()
                };
                self.beside(order, reboot).await
            }
            Fault::Killed => {
                let _cut_off = timeout(MOMENT, self.inner.carry(order)).await;
                self.death.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn around(&self, before: &str, after: &str, order: Order) -> Told {
        self.rig.on(self.name, before).await;
        let told = self.inner.carry(order).await;
        self.rig.on(self.name, after).await;
        told
    }

    async fn beside(&self, order: Order, fault: impl Future<Output = String>) -> Told {
        let begun = "until ls /run/seaworthy/*/begun >/dev/null 2>&1; do sleep 0.02; done";
        let fault = async {
            if self.at == Step::Activate {
                self.rig.on(self.name, begun).await;
            } else {
                sleep(MOMENT).await;
            }
            fault.await
        };
        tokio::join!(self.inner.carry(order), fault).0
    }
}

impl Deployer for Met {
    fn carry(&self, order: Order) -> BoxFuture<'_, Told> {
        Box::pin(self.meet(order))
    }
}

/// One cell, on a box that is on its old system.
async fn cell(rig: &Arc<Rig>, name: &'static str, fault: Fault, at: Step) -> Came {
    let number = format!("{fault:?}-{at}").replace(' ', "-");
    // A roll back needs something to roll back.
    let trouble = if at == Step::RollBack { "sleep 0.5; exit 4" } else { "sleep 0.5" };
    // Nor is anything rebooted without a need.
    let reboots = at == Step::Reboot;
    let version = format!("cell-{number}");
    let kernel = if reboots { "6.12" } else { "" };
    let new = system_of(&[("version", &version), ("trouble", trouble), ("kernel", kernel)]);
    let met = Arc::new(Met {
        rig: Arc::clone(rig),
        name,
        inner: rig.deploy(&number),
        stranger: rig.deploy_by(&number, "us", rig.stranger(name), LIMITS),
        at,
        fault,
        new: new.clone(),
        struck: AtomicBool::new(false),
        death: Notify::new(),
    });
    let begun = Happened::Begun { machine: MachineName::from(name), step: Step::Build };
    // A look is what a process begins with that goes on where another was cut off.
    let log = journal(name, &rig.to(&new), (at == Step::Look).then_some(begun));
    let course = Course { reboots, ..course(&[&[name]], Duration::ZERO) };
    let mut state = None;
    for _ in 0..4 {
        let deployer = Arc::<Met>::clone(&met);
        tokio::select! {
            rested = async { go(&course, deployer, &mut log.another()).await } => {
                let open = came(&rested.state, name) == Came::Open;
                state = Some(rested.state);
                if !open { break }
            }
            () = met.death.notified() => {}
        }
    }
    assert!(met.struck.load(Ordering::SeqCst), "{number} never came about: {:?}", log.entries());
    let knows = came(&state.unwrap(), name);
    let (running, boots) = rig.truth(name).await;
    let is = if running == new { Came::New } else { Came::Old };
    let whole =
        running == boots && (running == new || running == rig.old) && rig.timers(name).await.is_empty();
    assert!(
        whole && knows == is,
        "{number}: it runs {running}, boots {boots}, and passes for {knows:?}: {:#?}",
        log.entries()
    );
    assert!(
        fault.expected(at).is_none_or(|expected| expected == is),
        "{number}: {is:?}: {:#?}",
        log.entries()
    );
    is
}

async fn every_fault(rig: Rig) {
    let rig = Arc::new(rig);
    let cells = FAULTS.iter().flat_map(|fault| STEPS.iter().map(move |step| (*fault, *step)));
    let waiting = Arc::new(Mutex::new(cells.rev().collect::<Vec<_>>()));
    let done = Arc::new(Mutex::new(Vec::new()));
    let mut workers = tokio::task::JoinSet::new();
    for name in BOXES {
        let (rig, waiting, done) = (Arc::clone(&rig), Arc::clone(&waiting), Arc::clone(&done));
        workers.spawn(async move {
            loop {
                let Some((fault, step)) = waiting.lock().unwrap().pop() else { return };
                let is = cell(&rig, name, fault, step).await;
                done.lock().unwrap().push((fault, step, is));
                rig.reset(name).await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        if let Err(error) = worker {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    eprintln!("{}", drawn(&done.lock().unwrap()));
    assert_eq!(done.lock().unwrap().len(), FAULTS.len() * STEPS.len());
}

fn drawn(cells: &[(Fault, Step, Came)]) -> String {
    let mut text = String::from("| fault |");
    STEPS.iter().for_each(|step| _ = write!(text, " {step} |"));
    for fault in FAULTS {
        _ = write!(text, "\n| {fault:?} |");
        for step in STEPS {
            let is = cells.iter().find(|(of, at, _)| (*of, *at) == (fault, step)).map(|(_, _, is)| *is);
            _ = write!(text, " {} |", is.map_or("?", |is| if is == Came::New { "new" } else { "old" }));
        }
    }
    text
}

/// What an activation itself may do.
const TROUBLES: [(&str, &str, Came); 6] = [
    ("hangs", "sleep 1000", Came::Old),
    ("fails-half-way", "exit 4", Came::Old),
    ("kills-sshd", "finally() { systemctl stop sshd; pkill -KILL sshd; }", Came::Old),
    ("drops-the-network", "finally() { ip link set eth0 down; }", Came::Old),
    ("reboots", "systemd-run -q --no-block systemctl reboot; sleep 5", Came::Old),
    ("fills-the-journal", "seq 300000; seq 300000 | systemd-cat -t noise", Came::New),
];

async fn every_trouble(rig: Rig) {
    let mut text = String::from("| the activation | ends |");
    for (trouble, script, expected) in TROUBLES {
        let new = system(trouble, script, "");
        let log = journal("a", &rig.to(&new), []);
        let mut known = Came::Open;
        // Who is cut off goes on once the machine is back.
        while known == Came::Open {
            let state =
                go(&course(&[&["a"]], Duration::ZERO), rig.deploy(trouble), &mut log.another()).await.state;
            known = came(&state, "a");
        }
        assert_eq!(known, expected, "{trouble}: {:#?}", log.entries());
        let closure = if expected == Came::New { &new } else { &rig.old };
        runs(&rig, "a", closure).await;
        assert_eq!(
            (known, rig.truth("a").await),
            (expected, (closure.clone(), closure.clone())),
            "{trouble}: {:#?}",
            log.entries()
        );
        _ = write!(text, "\n| {trouble} | {} |", if known == Came::New { "new" } else { "old" });
        rig.reset("a").await;
    }
    eprintln!("{text}");
    rig.lab.down().await;
}

impl Rig {
    /// A client of ssh for which another box answers in the place of one.
    fn stranger(&self, name: &str) -> Arc<Ssh> {
        let other = BOXES.iter().find(|other| **other != name).unwrap();
        let [port, others] = [name, other].map(|name| format!("Port {}\n", self.lab.port(name).unwrap()));
        let config = std::fs::read_to_string(self.lab.ssh_config()).unwrap();
        let config = self.config(&format!("stranger-{name}"), &config.replacen(&port, &others, 1));
        Arc::new(Ssh::new(Spawner::new(), settings(config)).unwrap())
    }

    /// Lets all of a box stand still, or go on.
    fn freeze(&self, name: &str, still: bool) {
        let first = self.lab.host(name).unwrap().first_process();
        let groups = std::fs::read_to_string(format!("/proc/{first}/cgroup")).unwrap();
        let own = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let unified =
            mounts.lines().find(|line| line.contains(" cgroup2 ")).unwrap().split(' ').nth(1).unwrap();
        let group = std::path::Path::new(unified).join(own.strip_suffix("/init.scope").unwrap());
        std::fs::write(group.join("cgroup.freeze"), if still { "1" } else { "0" }).unwrap();
    }
}
