//! How guests end, and that nothing of them is left.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use vms::{
    channel::Channel as _,
    guest::{End, PowerDownError},
};

use super::rig::{LIMIT, POWER_BUTTON, Rig, ended};

#[tokio::test]
async fn a_kernel_that_panics_is_told_by_its_own_words() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("exit 1")).await;
    let end = ended(&guest).await;
    let End::Panicked { said: Some(said) } = end else { panic!("{end:?}") };
    assert!(said.contains("Attempted to kill init!"), "{said}");
    let closed = guest.backdoor(LIMIT).await.unwrap_err().to_string();
    assert!(closed.contains("closed its backdoor") && closed.contains("Kernel panic"), "{closed}");
}

#[tokio::test]
async fn a_guest_that_ends_by_itself_is_told_as_it_does() {
    let rig = Rig::new();
    let off = rig.start(&rig.machine("sleep 1; poweroff -f")).await;
    let restart = rig.start(&rig.machine("sleep 1; reboot -f")).await;
    assert_eq!(off.end(), None);
    assert_eq!((ended(&off).await, ended(&restart).await), (End::SwitchedOff, End::Restarted));
    assert_eq!(off.end(), Some(End::SwitchedOff));
    assert_eq!(off.kill().await, End::SwitchedOff, "what has ended cannot be killed");
}

#[tokio::test]
async fn a_power_button_is_heeded_or_not() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine(&format!("{POWER_BUTTON}echo ready"))).await;
    let deaf = rig.start(&rig.machine("echo ready")).await;
    for guest in [&guest, &deaf] {
        let mut lines = guest.console().follow(100);
        while !lines.recv().await.unwrap().text.contains("ready") {}
    }
    assert_eq!(guest.power_down(LIMIT).await.unwrap(), End::SwitchedOff);
    let refused = deaf.power_down(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(refused, PowerDownError::StillRuns(_)), "{refused:?}");
    assert_eq!(deaf.kill().await, End::Killed);
}

#[tokio::test]
async fn a_qemu_that_dies_is_told_with_its_status() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("")).await;
    let qemus = rig.qemus();
    Command::new("kill").arg("-ABRT").args(qemus.iter().map(u32::to_string)).status().unwrap();
    let end = ended(&guest).await;
    assert!(matches!(&end, End::Died { status: Some(status), .. } if !status.success()), "{end:?}");
    assert!(end.to_string().contains("signal: 6"), "{end}");
}

#[tokio::test]
async fn a_stopped_guest_stands_still() {
    let rig = Rig::new();
    let (guest, shell) = rig.shell().await;
    guest.stop().await.unwrap();
    assert!(guest.stands_still());
    let answer = shell.run("echo on", LIMIT);
    tokio::pin!(answer);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut answer).await.is_err());
    guest.cont().await.unwrap();
    assert_eq!(answer.await.unwrap().text(), "on");
    assert!(!guest.stands_still());
}

#[tokio::test]
async fn a_dropped_guest_leaves_nothing() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("")).await;
    let folder = guest.folder().to_owned();
    assert!(folder.exists() && rig.qemus().len() == 1);
    drop(guest);
    rig.assert_no_qemu();
    assert!(!folder.exists());
}

/// Set for the owner: this same test, started again as a process of its own that can be killed.
const OWNER: &str = "SEAWORTHY_TEST_OWNS_A_GUEST";

#[tokio::test]
async fn a_killed_owner_leaves_no_qemu_and_its_folder_only_until_the_next_start() {
    let rig = Rig::new();
    if let Some(folders) = std::env::var_os(OWNER) {
        let machine = rig.machine("");
        let folder = vms::folder::Folder::create(folders.as_ref()).unwrap();
        let guest = vms::guest::Guest::start(&super::rig::qemu(), &machine, folder).await.unwrap();
        println!("\nfolder {}", guest.folder().display());
        tokio::time::sleep(Duration::from_secs(1000)).await;
    }
    let name = "ends::a_killed_owner_leaves_no_qemu_and_its_folder_only_until_the_next_start";
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(OWNER, rig.folders())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let folder = lines.filter_map(|line| line.strip_prefix("folder ").map(str::to_owned)).next().unwrap();
    assert_eq!(rig.qemus().len(), 1);
    owner.kill().unwrap();
    owner.wait().unwrap();
    let began = Instant::now();
    rig.assert_no_qemu();
    println!("QEMU was gone after {:?}", began.elapsed());
    assert!(std::path::Path::new(&folder).exists(), "nobody was there to remove it");
    let next = vms::folder::Folder::create(&rig.folders()).unwrap();
    assert!(!std::path::Path::new(&folder).exists() && next.path().exists());
}
