//! Hosts, their network and their sshd.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use lab::{
    lab::{Lab, UpError},
    probe::Plane,
    topology::{Overlay, Topology},
};
use libtest_mimic::Trial;

use crate::rig::{LIMIT, Rig, out, processes, ssh, tools, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str| format!("plain::{name}");
    vec![
        trial(&of("everybody_reaches_everybody"), Overlay::None, everybody_reaches_everybody),
        trial(&of("a_host_has_namespaces_of_its_own"), Overlay::None, a_host_has_namespaces_of_its_own),
        trial(&of("ssh_leads_to_each_host_and_knows_its_key"), Overlay::None, ssh_leads_to_each_host),
        trial(&of("a_certificate_is_enough_to_know_a_host"), Overlay::None, a_certificate_is_enough),
        trial(&of("no_packet_leaves"), Overlay::None, no_packet_leaves),
        trial(&of("nothing_is_left"), Overlay::None, nothing_is_left),
        trial(&of("nothing_is_left_when_the_owner_is_killed"), Overlay::None, nothing_is_left_when_killed),
        trial(&of("a_folder_has_one_lab"), Overlay::None, a_folder_has_one_lab),
        trial(&of("a_command_that_takes_too_long_is_ended"), Overlay::None, a_command_is_ended),
    ]
}

async fn everybody_reaches_everybody(rig: Rig) {
    let lab = rig.up(Topology::of(["a", "b", "c"])).await;
    for plane in [Plane::Plain, Plane::Plain6] {
        let reach = lab.reach(&[], plane, LIMIT).await.unwrap();
        assert!(reach.is_whole(), "{plane:?}: {:?}", reach.missing());
    }
    let ping = lab.host("a").unwrap().run("ping -c 1 -W 5 b && ping -6 -c 1 -W 5 c", LIMIT).await.unwrap();
    assert_eq!(ping.status, Some(0), "{ping:?}");
    lab.down().await;
}

async fn a_host_has_namespaces_of_its_own(rig: Rig) {
    let lab = rig.up(Topology::of(["a", "b"])).await;
    let (a, b) = (lab.host("a").unwrap(), lab.host("b").unwrap());
    let ran =
        a.run("hostname; pwd; echo of-a >/tmp/x; echo of-a >/run/x; echo of-a >~/x", LIMIT).await.unwrap();
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), "a\n/root\n"), "{ran:?}");
    let ran = b.run("cat /tmp/x /run/x ~/x", LIMIT).await.unwrap();
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    let ran = b.run("ls /sys >/dev/null; ps -e -o comm= | sort -u", LIMIT).await.unwrap();
    assert_eq!(ran.out, "ps\nsh\nsleep\nsort\nsshd\n", "{ran:?}");
    // What a host writes at home stays in the lab's folder.
    assert_eq!(fs::read_to_string(rig.folder().join("hosts/a/home/x")).unwrap(), "of-a\n");
    lab.down().await;
}

async fn ssh_leads_to_each_host(rig: Rig) {
    let lab = rig.up(Topology::of(["a", "b"])).await;
    for name in ["a", "b"] {
        let said = ssh(&lab, name, "hostname; exit 7").await;
        assert_eq!((said.status.code(), out(&said)), (Some(7), format!("{name}\n")));
    }
    // Behind a's door stands somebody whose key is not b's.
    let port = format!("Port {}\n", lab.port("b").unwrap());
    let config = fs::read_to_string(lab.ssh_config()).unwrap();
    fs::write(lab.ssh_config(), config.replace(&port, &format!("Port {}\n", lab.port("a").unwrap())))
        .unwrap();
    let said = ssh(&lab, "b", "hostname").await;
    assert_eq!(said.status.code(), Some(255), "{}", out(&said));
    lab.down().await;
}

async fn a_certificate_is_enough(rig: Rig) {
    let lab = rig.up(Topology { certificates: true, ..Topology::of(["a"]) }).await;
    let known = fs::read_to_string(rig.folder().join("known_hosts")).unwrap();
    assert!(known.starts_with("@cert-authority * ") && known.lines().count() == 1, "{known}");
    let said = ssh(&lab, "a", "hostname").await;
    assert_eq!(out(&said), "a\n");
    lab.down().await;
}

/// Nobody is sent anything: there is no way to lead it along.
async fn no_packet_leaves(rig: Rig) {
    let lab = rig.up(Topology::of(["a"])).await;
    let a = lab.host("a").unwrap();
    let devices = a.run("ls /proc/sys/net/ipv4/conf", LIMIT).await.unwrap().out;
    assert_eq!(devices.split_whitespace().collect::<Vec<_>>(), ["all", "default", "eth0", "lo"]);
    let way = a.run("ip route get 192.0.2.1; ip -6 route get 2001:db9::1", LIMIT).await.unwrap();
    assert!(way.status != Some(0) && way.out.is_empty(), "{way:?}");
    let hub = lab.hub_first_process().to_string();
    let hub =
        Command::new("nsenter").args(["--target", &hub, "--net", "ip", "-br", "link"]).output().unwrap();
    let hub = out(&hub);
    let mut devices: Vec<_> = hub.lines().filter_map(|line| line.split(['@', ' ']).next()).collect();
    devices.retain(|device| !is_everywhere(device));
    devices.sort_unstable();
    assert_eq!(devices, ["h1", "h2", "lo"], "{hub}");
    lab.down().await;
}

/// Devices that a kernel puts into each new namespace, down.
fn is_everywhere(device: &str) -> bool {
    ["ifb", "tunl", "gre", "gretap", "erspan", "sit", "ip_vti", "ip6", "dummy"]
        .iter()
        .any(|it| device.starts_with(it))
}

/// Nor is anything, while it is up, to be seen in the computer's own network.
async fn nothing_is_left(rig: Rig) {
    let network = || out(&Command::new("ip").args(["-o", "address"]).output().unwrap());
    let mounts = || fs::read_to_string("/proc/self/mounts").unwrap();
    let before = (network(), mounts());
    let lab = rig.up(Topology::of(["a", "b"])).await;
    let folder = rig.folder().display().to_string();
    assert!(processes(&folder) > 0);
    assert_eq!((network(), mounts()), before);
    lab.down().await;
    assert_eq!(processes(&folder), 0);
    assert_eq!((network(), mounts()), before);
    assert!(!rig.folder().exists());
}

/// kill -9. Nobody is there to clean up: what was up ends by itself, and the folder is swept by the next.
async fn nothing_is_left_when_killed(rig: Rig) {
    let folder = rig.folder().display().to_string();
    let this = std::env::current_exe().unwrap();
    let mut owner = Command::new(this).arg("hold-a-lab").arg(&folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(owner.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "up\n");
    assert!(processes(&folder) > 1);
    owner.kill().unwrap();
    owner.wait().unwrap();
    let end = Instant::now() + LIMIT;
    while processes(&folder) > 0 {
        assert!(Instant::now() < end, "processes are left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(rig.folder().join("hosts/b").exists());
    let lab = rig.up(Topology::of(["a"])).await;
    assert!(!rig.folder().join("hosts/b").exists());
    lab.down().await;
}

async fn a_folder_has_one_lab(rig: Rig) {
    let lab = rig.up(Topology::of(["a"])).await;
    let second = Lab::up(Topology::of(["b"]), &rig.folder(), tools(Overlay::None).unwrap()).await;
    assert!(matches!(second, Err(UpError::Folder(_))), "{second:?}");
    let first = lab.host("a").unwrap().run("hostname", LIMIT).await.unwrap();
    assert_eq!(first.out, "a\n");
    lab.down().await;
}

async fn a_command_is_ended(rig: Rig) {
    let lab = rig.up(Topology::of(["a"])).await;
    let a = lab.host("a").unwrap();
    let late = a.run("sleep 4711", Duration::from_millis(200)).await.unwrap_err();
    assert!(late.to_string().contains("longer than 200ms"), "{late}");
    let left = a.run("ps -e -o args= | grep -c '[s]leep 4711'", LIMIT).await.unwrap();
    assert_eq!(left.out, "0\n");
    lab.down().await;
}
