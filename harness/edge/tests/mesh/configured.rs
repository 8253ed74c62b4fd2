//! ssh as owners of fleets configure it: files that include others, agents, jump hosts, and an authority for host keys.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use edge::{
    process::Spawner,
    ssh::{Settings, Ssh, Unasked},
};
use lab::topology::{OPERATOR, Topology};
use libtest_mimic::Trial;
use model::sighting::outlook::Distrust;
use tokio::process::Command;

use crate::rig::{LIMIT, Rig, settings, to, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let two = || Topology::of(["a", "b"]);
    vec![
        trial("a_configuration_that_includes_and_matches", two(), includes),
        trial("a_key_that_only_an_agent_holds", two(), agent),
        trial("a_host_behind_another", two(), jump),
        trial("a_jump_host_that_hangs", two(), jump_hangs),
        trial("certificates_of_host_keys", Topology { certificates: true, ..two() }, certificates),
    ]
}

/// A file beside the lab's configuration, which is in it as `LAB`.
pub(crate) fn write(rig: &Rig, name: &str, text: &str) -> PathBuf {
    let file = rig.folder.join(name);
    std::fs::write(&file, text.replace("LAB", &rig.lab.ssh_config().display().to_string())).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file
}

pub(crate) fn client(settings: Settings) -> Ssh {
    Ssh::new(Spawner::new(), settings).unwrap()
}

async fn includes(rig: Rig) {
    let port = rig.lab.port("b").unwrap();
    let own = format!(
        "Match originalhost db exec \"test %n = db\"\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias b\n\
         Host *\n  User nobody\nInclude LAB\n"
    );
    let included = write(&rig, "included", &own);
    // What the user's file asks for, and we do not want: to learn keys, to ask, to share, to run something else there.
    let wishes = "StrictHostKeyChecking accept-new\n  BatchMode no\n  ControlMaster auto\n  \
        ControlPath /nowhere/%C\n  RemoteCommand false\n  RequestTTY force\n";
    let config = write(
        &rig,
        "own",
        &format!("Host db\n  User root\n  {wishes}Match all\nInclude {}\n", included.display()),
    );
    let ssh = client(settings(config));
    let answer = ssh.ask(&to("db"), "hostname", LIMIT).await.unwrap();
    assert_eq!(answer.out, "b\n");
    let line = ssh.line(&to("db"), LIMIT).await.unwrap();
    assert_eq!(line.ask("hostname", LIMIT).await.unwrap().out, "b\n");
    // The user of all others holds for them: nobody may enter.
    let other = ssh.ask(&to("a"), "hostname", LIMIT).await;
    assert!(matches!(other, Err(Unasked::Denied(_))), "{other:?}");
    rig.lab.down().await;
}

async fn agent(rig: Rig) {
    let lab = std::fs::read_to_string(rig.lab.ssh_config()).unwrap();
    let key = rig.folder.join("operator");
    let text = lab
        .replace(&format!("IdentityFile \"{}\"", key.display()), "IdentityFile none")
        .replace("  IdentitiesOnly yes\n  IdentityAgent none\n", "");
    let mut settings = settings(write(&rig, "with-agent", &text));
    let without = client(settings.clone()).ask(&to("a"), "hostname", LIMIT).await;
    assert!(matches!(without, Err(Unasked::Denied(_))), "{without:?}");
    let socket = rig.folder.join("agent");
    let mut running =
        Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).kill_on_drop(true).spawn().unwrap();
    let end = Instant::now() + LIMIT;
    while !socket.exists() {
        assert!(Instant::now() < end, "the agent does not listen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let added =
        Command::new("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket).status().await.unwrap();
    assert!(added.success());
    settings.environment.insert("SSH_AUTH_SOCK".into(), socket.into());
    let ssh = client(settings);
    assert_eq!(ssh.ask(&to("a"), "hostname", LIMIT).await.unwrap().out, "a\n");
    // The key stays here: the host is not lent the agent.
    let asked = ssh.ask(&to("a"), "echo \"agent: $SSH_AUTH_SOCK\"", LIMIT).await.unwrap();
    assert_eq!(asked.out, "agent: \n");
    running.kill().await.unwrap();
    rig.lab.down().await;
}

/// `b` as it is met from `a`.
pub(crate) const BEHIND: &str =
    "Host b\n  HostName 198.18.0.3\n  Port 22\n  HostKeyAlias b\n  ProxyJump a\nMatch all\nInclude LAB\n";

async fn jump(mut rig: Rig) {
    let ssh = client(settings(write(&rig, "jump", BEHIND)));
    rig.lab.cut(OPERATOR, "b").await.unwrap();
    let answer = ssh.ask(&to("b"), "hostname; echo $SSH_CONNECTION", LIMIT).await.unwrap();
    assert!(answer.out.starts_with("b\n198.18.0.2 "), "{}", answer.out);
    let line = ssh.line(&to("b"), LIMIT).await.unwrap();
    assert_eq!(line.ask("hostname", LIMIT).await.unwrap().out, "b\n");
    // One behind another that is offline is offline too.
    rig.lab.cut("a", "b").await.unwrap();
    let cut = ssh.ask(&to("b"), "hostname", LIMIT).await;
    assert!(matches!(cut, Err(Unasked::Offline(_))), "{cut:?}");
    // Another key behind the jump host is not taken for the host's.
    rig.lab.restore().await.unwrap();
    let known = rig.folder.join("known_hosts");
    let text = std::fs::read_to_string(&known).unwrap();
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap();
    std::fs::write(&known, format!("a {}\nb {}\n", of("a"), of("a"))).unwrap();
    let changed = ssh.ask(&to("b"), "hostname", LIMIT).await;
    assert!(matches!(&changed, Err(Unasked::Distrusted { what: Distrust::Changed, .. })), "{changed:?}");
    rig.lab.down().await;
}

/// It takes connections and says nothing. Before the limit of ssh comes our deadline.
async fn jump_hangs(rig: Rig) {
    let mut settings = settings(write(&rig, "jump", BEHIND));
    settings.connect = Duration::from_secs(60);
    settings.sockets = rig.folder.join("s");
    std::fs::create_dir(&settings.sockets).unwrap();
    let all = settings.sockets.clone();
    let ssh = client(settings);
    let a = rig.lab.host("a").unwrap();
    assert_eq!(a.run("kill -STOP $(cat /run/sshd.pid)", LIMIT).await.unwrap().status, Some(0));
    for over_a_line in [false, true] {
        let (began, limit) = (Instant::now(), Duration::from_secs(2));
        let ended = if over_a_line {
            ssh.line(&to("b"), limit).await.err()
        } else {
            ssh.ask(&to("b"), "hostname", limit).await.err()
        };
        assert!(matches!(ended, Some(Unasked::Offline(_))), "{ended:?}");
        // It was waited for, and no longer than was said.
        let took = began.elapsed();
        assert!((limit..Duration::from_secs(10)).contains(&took), "{took:?}");
    }
    // Neither ssh is left, nor the one that it started.
    let end = Instant::now() + LIMIT;
    while running(&all) > 0 {
        assert!(Instant::now() < end, "a client is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.lab.down().await;
}

/// Processes whose arguments name a folder.
fn running(folder: &Path) -> usize {
    let name = folder.display().to_string();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&name)).count()
}

/// One that the authority signed is enough; one that is wrong in any way is not.
async fn certificates(rig: Rig) {
    let file = |name: &str| rig.folder.join(name).display().to_string();
    let (key, authority) = (file("hosts/a/key.pub"), file("authority"));
    let sign = async |arguments: &[&str]| {
        let signed = Command::new("ssh-keygen").arg("-q").args(arguments).arg(&key).output().await.unwrap();
        assert!(signed.status.success(), "{arguments:?}: {signed:?}");
        let restart = "sh /run/host/sshd.sh stop; sh /run/host/sshd.sh start";
        assert_eq!(rig.lab.host("a").unwrap().run(restart, LIMIT).await.unwrap().status, Some(0));
        rig.ssh.ask(&to("a"), "hostname", LIMIT).await
    };
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file("other"));
    assert!(keygen.status().await.unwrap().success());
    let good = ["-h", "-I", "a", "-n", "a,a.example.org", "-s", &authority];
    assert_eq!(sign(&good).await.unwrap().out, "a\n");
    let other = file("other");
    let bad: [(&str, &[&str]); 5] = [
        ("of another authority", &["-h", "-I", "a", "-n", "a", "-s", &other]),
        ("for another name", &["-h", "-I", "a", "-n", "b", "-s", &authority]),
        ("of a user", &["-I", "a", "-n", "a", "-s", &authority]),
        ("that ran out", &["-h", "-I", "a", "-n", "a", "-V", "20200101:20200102", "-s", &authority]),
        ("that is not valid yet", &["-h", "-I", "a", "-n", "a", "-V", "20990101:20990102", "-s", &authority]),
    ];
    for (which, arguments) in bad {
        let said = sign(arguments).await;
        assert!(matches!(&said, Err(Unasked::Distrusted { .. })), "one {which}: {said:?}");
    }
    // A key that is revoked is not saved by its certificate.
    let known = rig.folder.join("known_hosts");
    let text = std::fs::read_to_string(&known).unwrap();
    let revoked = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&known, format!("{text}@revoked * {revoked}")).unwrap();
    let said = sign(&good).await;
    assert!(matches!(&said, Err(Unasked::Distrusted { what: Distrust::Revoked, .. })), "{said:?}");
    // Nor is one that another authority signed by an authority that is revoked.
    let authority = std::fs::read_to_string(file("authority.pub")).unwrap();
    std::fs::write(&known, format!("{text}@revoked * {authority}")).unwrap();
    let said = sign(&good).await;
    assert!(matches!(&said, Err(Unasked::Distrusted { what: Distrust::Revoked, .. })), "{said:?}");
    rig.lab.down().await;
}
