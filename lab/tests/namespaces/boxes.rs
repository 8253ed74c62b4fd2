//! Boxes: hosts whose first process is systemd, with disks of their own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use lab::{
    fault::{Daemon, Fault},
    host::{Host, Reboot},
    lab::LabError,
    topology::Topology,
};
use libtest_mimic::Trial;

use crate::rig::{LIMIT, Rig, box_trial, out, processes, ssh};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("boxes::{name}");
    vec![
        box_trial(&of("units_timers_and_transient_units_run"), units_run),
        box_trial(&of("ssh_leads_to_a_box_and_faults_hold_for_it"), ssh_leads_to_a_box),
        box_trial(&of("a_disk_outlasts_a_reboot_and_a_power_cut"), a_disk_outlasts_a_reboot),
        box_trial(&of("what_is_linked_in_boot_is_booted"), what_is_linked_is_booted),
        box_trial(&of("what_is_powered_off_stays_off"), what_is_powered_off_stays_off),
        box_trial(&of("nothing_of_the_computer_can_be_written"), nothing_can_be_written),
        box_trial(&of("eight_are_up_with_hosts_beside_them"), eight_are_up),
        box_trial(&of("nothing_is_left"), nothing_is_left),
        box_trial(&of("nothing_is_left_when_the_owner_is_killed"), nothing_is_left_when_killed),
    ]
}

fn one() -> Topology {
    Topology::of_boxes(["a"], Vec::new())
}

/// What a command that has to succeed writes.
#[track_caller]
fn said<'a>(host: &'a Host, line: &'a str) -> impl Future<Output = String> + 'a {
    let from = std::panic::Location::caller();
    async move {
        let ran = host.run(line, LIMIT).await.unwrap();
        assert_eq!(ran.status, Some(0), "{from}: {ran:?}");
        ran.out.trim_end().to_owned()
    }
}

async fn units_run(rig: Rig) {
    let lab = rig.up(one()).await;
    let a = lab.host("a").unwrap();
    assert_eq!(said(a, "systemctl is-system-running --wait").await, "running");
    assert_eq!(
        said(a, "cat /proc/1/comm; hostname; ls /").await,
        "systemd\na\nbin\nboot\ndev\netc\nlib\nlib64\nnix\nproc\nroot\nrun\nsbin\nsys\ntmp\nusr\nvar"
    );
    // A unit of a file.
    let unit = "[Service]\nType=oneshot\nExecStart=/bin/sh -c \"echo unit >/run/said\"";
    said(
        a,
        &format!(
            "printf '{unit}\\n' >/run/systemd/system/x.service; systemctl daemon-reload; systemctl start x"
        ),
    )
    .await;
    assert_eq!(said(a, "cat /run/said").await, "unit");
    // A timer without a file, and the journal.
    let timer = "systemd-run -q --on-active=50ms --timer-property=AccuracySec=1ms --unit=later";
    said(a, &format!("mkfifo /run/later; {timer} sh -c 'echo told; echo later >/run/later'")).await;
    assert_eq!(said(a, "cat /run/later").await, "later");
    assert_eq!(
        said(a, "journalctl -q --sync; journalctl -q -o cat -u later.service | grep -x told").await,
        "told"
    );
    // It goes on without whoever began it.
    said(
        a,
        "systemd-run -q --unit=on --no-block sh -c 'read _ </run/later; echo on >/run/on; echo >/run/later'",
    )
    .await;
    assert_eq!(said(a, "echo >/run/later; read _ </run/later; cat /run/on").await, "on");
    lab.down().await;
}

async fn ssh_leads_to_a_box(rig: Rig) {
    let mut lab = rig.up(one()).await;
    let by_ssh = ssh(&lab, "a", "hostname; exit 7").await;
    assert_eq!((by_ssh.status.code(), out(&by_ssh)), (Some(7), "a\n".to_owned()));
    let no_sshd = Fault::Stop { host: "a".into(), daemon: Daemon::Sshd };
    for fault in [no_sshd, Fault::Cut { from: "operator".into(), to: "a".into(), one_way: false }] {
        lab.begin(fault).await.unwrap();
        assert_eq!(ssh(&lab, "a", "true").await.status.code(), Some(255));
        lab.restore().await.unwrap();
        assert_eq!(ssh(&lab, "a", "true").await.status.code(), Some(0));
    }
    lab.down().await;
}

async fn a_disk_outlasts_a_reboot(rig: Rig) {
    let lab = rig.up(one()).await;
    let a = lab.host("a").unwrap();
    for (how, number) in [(Reboot::Ordered, "2"), (Reboot::PowerCut, "3")] {
        said(a, "for f in /etc /var /nix /root /boot /run /tmp; do echo kept >$f/x; done").await;
        a.reboot(how, LIMIT).await.unwrap();
        assert_eq!(a.boots().to_string(), number);
        let kept = said(
            a,
            "for f in /etc /var /nix /root /boot /run /tmp; do cat $f/x || echo gone; done 2>/dev/null",
        )
        .await;
        assert_eq!(kept, "kept\nkept\nkept\nkept\nkept\ngone\ngone", "{how:?}");
        assert_eq!(out(&ssh(&lab, "a", "hostname").await), "a\n");
    }
    lab.down().await;
}

async fn what_is_linked_is_booted(rig: Rig) {
    let lab = rig.up(one()).await;
    let a = lab.host("a").unwrap();
    let init = "#!/bin/sh\necho mine >/run/booted\nexec /usr/lib/systemd/systemd";
    said(a, &format!("printf '{init}\\n' >/nix/init; chmod +x /nix/init; ln -s /nix/init /boot/init")).await;
    a.reboot(Reboot::Ordered, LIMIT).await.unwrap();
    assert_eq!(said(a, "cat /run/booted").await, "mine");
    lab.down().await;
}

async fn what_is_powered_off_stays_off(rig: Rig) {
    let lab = rig.up(one()).await;
    let a = lab.host("a").unwrap();
    said(a, "systemd-run -q --no-block systemctl poweroff").await;
    let late = a.booted(1, Duration::from_secs(3)).await.unwrap_err();
    assert!(late.to_string().contains("the boot of a took longer"), "{late}");
    assert_eq!(ssh(&lab, "a", "true").await.status.code(), Some(255));
    lab.down().await;
}

async fn nothing_can_be_written(rig: Rig) {
    let shown = tempfile::tempdir().unwrap();
    fs::write(shown.path().join("x"), "shown").unwrap();
    let lab = rig.up(Topology::of_boxes(["a"], vec![shown.path().to_owned()])).await;
    let a = lab.host("a").unwrap();
    assert_eq!(said(a, &format!("cat {}/x", shown.path().display())).await, "shown");
    for file in [
        &format!("{}/x", shown.path().display()),
        "/usr/x",
        "/proc/sys/kernel/panic",
        "/sys/kernel/uevent_seqnum",
    ] {
        let ran = a.run(&format!("echo 1 >{file}"), LIMIT).await.unwrap();
        assert!(ran.status != Some(0) && ran.err.contains("Read-only"), "{file}: {ran:?}");
    }
    // Its control groups and its processes are its own.
    assert_eq!(said(a, "cat /proc/1/cgroup | grep ^0::; ls /proc | grep -cx 1").await, "0::/init.scope\n1");
    lab.down().await;
}

async fn eight_are_up(rig: Rig) {
    let mut topology = Topology::of_boxes((1..=8).map(|number| format!("b{number}")), Vec::new());
    topology.hosts.insert("plain".into(), lab::topology::Host::default());
    let lab = rig.up(topology).await;
    for host in lab.hosts().filter(|host| host.name() != "plain") {
        assert_eq!(said(host, "systemctl is-system-running --wait").await, "running", "{}", host.name());
    }
    let refused = lab.host("plain").unwrap().reboot(Reboot::Ordered, LIMIT).await.unwrap_err();
    assert!(refused.to_string().contains("no box"), "{refused}");
    assert!(matches!(lab.host("c"), Err(LabError::NoHost { .. })));
    lab.down().await;
}

/// The control group of a lab, as the computer sees it.
fn group(folder: &Path) -> PathBuf {
    let number = fs::read_to_string(folder.join("hosts/a/number")).unwrap();
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", number.trim())).unwrap();
    let of_box = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap();
    let of_lab = Path::new(of_box)
        .ancestors()
        .find(|path| path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with("lab.")));
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let unified = mounts.lines().find(|line| line.contains(" cgroup2 ")).unwrap();
    Path::new(unified.split(' ').nth(1).unwrap()).join(of_lab.unwrap())
}

async fn nothing_is_left(rig: Rig) {
    let mounts = || fs::read_to_string("/proc/self/mounts").unwrap();
    let before = mounts();
    let lab = rig.up(one()).await;
    let folder = rig.folder().display().to_string();
    let group = group(&rig.folder());
    assert_eq!((mounts(), group.exists()), (before.clone(), true));
    lab.down().await;
    assert_eq!((mounts(), group.exists(), processes(&folder)), (before, false, 0));
    assert!(!rig.folder().exists());
}

async fn nothing_is_left_when_killed(rig: Rig) {
    let folder = rig.folder().display().to_string();
    let this = std::env::current_exe().unwrap();
    let mut owner =
        Command::new(this).args(["hold-a-lab", &folder, "boxes"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let group = group(&rig.folder());
    assert_eq!((said.as_str(), group.exists()), ("up\n", true));
    owner.kill().unwrap();
    owner.wait().unwrap();
    let end = Instant::now() + LIMIT;
    while processes(&folder) > 0 || group.exists() {
        assert!(Instant::now() < end, "processes or control groups are left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
