//! kill -9 of whoever promotes, at any moment; another goes on from the journal.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use edge::{
    deploy::{Deploy, Means},
    nix::binary::Nix,
    process::Spawner,
    promotions::PromotionJournal,
    ssh::Ssh,
    state::State as Folder,
};
use judge::promote::State;
use libtest_mimic::Trial;
use model::{
    machine::MachineName,
    rollout::{Change, PromotionId},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    promotion::{Came, came, course, go, started},
    rig::{LIMITS, Rig, settings, system, target, trial},
};

const BOXES: &[&str] = &["a", "b", "c"];

pub(crate) fn trials() -> Vec<Trial> {
    let all = trial("kills::two_hundred", BOXES, |rig| killed(rig, 200));
    // It takes minutes: `cargo test -p edge --test deploy -- --ignored kills::two_hundred`.
    vec![trial("kills::a_few", BOXES, |rig| killed(rig, 8)), all.with_ignored_flag(true)]
}

/// The process that is killed: goes on with a promotion whose job is told in a file.
pub(crate) fn promote(job: &Path) -> ExitCode {
    let job: Value = serde_json::from_slice(&std::fs::read(job).unwrap()).unwrap();
    let text = |key: &str| job[key].as_str().unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let spawner = Spawner::new();
        let environment = std::env::vars_os().collect();
        let nix = Nix::find(&PathBuf::from(text("nix")), &environment, &spawner).await.unwrap();
        let ssh = Arc::new(Ssh::new(spawner, settings(text("ssh").into())).unwrap());
        let target = |name: &&str| (MachineName::from(*name), target(name));
        let means = Means { ssh, nix, roots: text("roots").into(), who: "us".to_owned(), limits: LIMITS };
        let promotion = PromotionId(text("promotion"));
        let deploy = Deploy::new(promotion.clone(), BOXES.iter().map(target).collect(), means).unwrap();
        let folder = Folder::open(&PathBuf::from(text("state"))).unwrap();
        let mut journal = PromotionJournal::open(&folder, &promotion).unwrap();
        go(&course(&[BOXES], Duration::ZERO), Arc::new(deploy), &mut journal).await;
    });
    ExitCode::SUCCESS
}

/// Promotions, one after the other, until so many processes were killed.
async fn killed(rig: Rig, kills: u32) {
    let folder = rig.path("state");
    let state = Folder::open(&folder).unwrap();
    let systems = [system("one", "", ""), system("two", "sleep 0.5", "")];
    let (mut left, mut tally) = (kills, BTreeMap::<&str, u32>::new());
    for number in 0.. {
        if left == 0 {
            break;
        }
        let mut changes = BTreeMap::new();
        for name in BOXES {
            let old = rig.truth(name).await.0;
            let new = systems.iter().find(|new| **new != old).unwrap().clone();
            changes.insert(MachineName::from(*name), Change { old, new });
        }
        let before = count(&rig).await;
        let journal = PromotionJournal::create(&state, &started(&changes), None).unwrap();
        let job = job(&rig, &folder, journal.promotion());
        left -= run_until_it_ends(&job, left, number).await;
        let mut journal = PromotionJournal::open(&state, journal.promotion()).unwrap();
        let known = State::of(&journal.entries().unwrap());
        for (name, change) in &changes {
            let name = name.as_str();
            let truth = rig.truth(name).await;
            let is = match came(&known, name) {
                Came::Old => (change.old.clone(), change.old.clone()),
                Came::New => (change.new.clone(), change.new.clone()),
                Came::Open => panic!("{name} is neither old nor new: {:?}", known.machines()),
            };
            assert_eq!((&truth, rig.timers(name).await.as_str()), (&is, ""), "{name} in promotion {number}");
            *tally.entry(if truth.0 == change.new { "new" } else { "old" }).or_default() += 1;
        }
        for (name, after) in count(&rig).await {
            let new = format!("test {}", changes[&MachineName::from(name.as_str())].new);
            let times = |lines: &[String]| lines.iter().filter(|line| **line == new).count();
            assert!(times(&after) - times(&before[&name]) <= 1, "{name} was activated twice: {after:?}");
        }
    }
    eprintln!("{kills} killed; machines that came out: {tally:?}");
    rig.lab.down().await;
}

/// What was ever activated on each box.
async fn count(rig: &Rig) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for name in BOXES {
        let lines = rig.on(name, "cat /root/switched").await;
        all.insert((*name).to_owned(), lines.lines().map(str::to_owned).collect());
    }
    all
}

fn job(rig: &Rig, state: &Path, promotion: &PromotionId) -> PathBuf {
    let nix = PathBuf::from(std::env::var_os("SEAWORTHY_NIX").unwrap());
    let job = json!({
        "nix": nix, "ssh": rig.lab.ssh_config(), "roots": rig.path("roots"), "state": state, "promotion": promotion.0,
    });
    rig.config(&format!("job-{promotion}"), &job.to_string())
}

/// Kills the process again and again, at most so often; how often it was.
async fn run_until_it_ends(job: &Path, most: u32, seed: u32) -> u32 {
    let (mut killed, this) = (0, std::env::current_exe().unwrap());
    loop {
        let mut process =
            Command::new(&this).arg("promote-for-a-test").arg(job).stdout(Stdio::null()).spawn().unwrap();
        // Spread over everything that a promotion does, and not the same in any two.
        let length = Duration::from_millis(150 + u64::from((seed * 977 + killed * 613) % 2900));
        let end = Instant::now() + length;
        let lives = killed >= most.min(8);
        while process.try_wait().unwrap().is_none() {
            if !lives && Instant::now() >= end {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
        match process.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success());
                return killed;
            }
            None => {
                process.kill().unwrap();
                process.wait().unwrap();
                killed += 1;
                // Sometimes nobody goes on before the timers have gone off.
                if killed % 5 == 0 {
                    sleep(LIMITS.window()).await;
                }
            }
        }
    }
}
