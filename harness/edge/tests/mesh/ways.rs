//! ssh itself: what a host does to us, each told apart by type.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use edge::{
    process::Spawner,
    ssh::{Ssh, Unasked},
};
use lab::{
    fault::{Daemon, Fault},
    topology::{OPERATOR, Topology},
};
use libtest_mimic::Trial;
use model::sighting::outlook::Distrust;

use crate::rig::{LIMIT, Rig, settings, to, trial};

const SHORT: Duration = Duration::from_secs(3);

pub(crate) fn trials() -> Vec<Trial> {
    let two = || Topology::of(["a", "b"]);
    vec![
        trial("a_script_is_answered_fresh_and_over_a_line", two(), answered),
        trial("a_shell_with_a_banner", two(), banner),
        trial("a_host_that_is_offline", two(), offline),
        trial("keys_that_are_unknown_changed_and_revoked", two(), keys),
        trial("a_user_who_may_not_enter", two(), denied),
        trial("a_script_that_hangs_ends_at_its_limit", two(), hangs),
        trial("a_host_that_lets_us_in_and_hangs", two(), hangs_within),
        trial("a_host_that_is_lost_after_it_let_us_in", two(), lost_within),
        trial("a_line_that_dies", two(), dies),
        trial("a_configuration_that_ssh_refuses", two(), refused),
    ]
}

async fn answered(rig: Rig) {
    let script = "echo \"it is $(hostname)\"; cat; exit 3";
    let fresh = rig.ssh.ask(&to("a"), &format!("{{ {script}; }} </dev/null"), LIMIT).await.unwrap();
    assert_eq!((fresh.out.as_str(), fresh.code), ("it is a\n", 3));
    let line = rig.ssh.line(&to("b"), LIMIT).await.unwrap();
    for _ in 0..12 {
        let over = line.ask("hostname; false", LIMIT).await.unwrap();
        assert_eq!((over.out.as_str(), over.code), ("b\n", 1));
    }
    // Nothing of a script is on a list of arguments.
    let asked = line.ask("tr '\\0' ' ' </proc/*/cmdline; : hidden", LIMIT).await.unwrap();
    assert!(!asked.out.contains("hidden"), "{}", asked.out);
    rig.lab.down().await;
}

async fn banner(rig: Rig) {
    let loud = "exec 2>&1; echo 'Welcome! begin end 0'; echo 'Permission denied (publickey).' >&2\n";
    // bash reads its own file also when ssh starts it; the lab's shell reads what ENV names, when it is asked to.
    let home = rig.folder.join("hosts/a/home");
    std::fs::write(home.join(".bashrc"), loud).unwrap();
    std::fs::write(home.join(".profile"), loud).unwrap();
    let passwd = rig.folder.join("hosts/a/etc/passwd");
    let text = std::fs::read_to_string(&passwd).unwrap().replace(":/root:/bin/sh", ":/root:/bin/bash");
    std::fs::write(&passwd, text).unwrap();
    let answer = rig.ssh.ask(&to("a"), "echo quiet", LIMIT).await.unwrap();
    assert_eq!((answer.out.as_str(), answer.code), ("quiet\n", 0));
    // The banner was really there.
    let config = rig.lab.ssh_config();
    let shown =
        tokio::process::Command::new("ssh").arg("-F").arg(config).args(["a", "true"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Welcome!"));
    rig.lab.down().await;
}

async fn offline(mut rig: Rig) {
    rig.lab.begin(Fault::Stop { host: "a".into(), daemon: Daemon::Sshd }).await.unwrap();
    rig.lab.begin(Fault::Cut { from: OPERATOR.into(), to: "b".into(), one_way: false }).await.unwrap();
    for host in ["a", "b"] {
        let fresh = rig.ssh.ask(&to(host), "true", Duration::from_secs(15)).await;
        assert!(matches!(fresh, Err(Unasked::Offline(_))), "{host}: {fresh:?}");
        let line = rig.ssh.line(&to(host), Duration::from_secs(15)).await.err();
        assert!(matches!(line, Some(Unasked::Offline(_))), "{host}: {line:?}");
    }
    // Before ssh gives up, we do.
    let late = rig.ssh.ask(&to("b"), "true", Duration::from_millis(500)).await;
    assert!(matches!(late, Err(Unasked::Offline(_))), "{late:?}");
    rig.lab.down().await;
}

async fn keys(rig: Rig) {
    let file = rig.folder.join("known_hosts");
    let known = std::fs::read_to_string(&file).unwrap();
    let line = |name: &str| known.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let (a, b) = (line("a "), line("b "));
    let cases = [
        (b.clone(), Distrust::Unknown),
        (format!("a {}", b.split_once(' ').unwrap().1), Distrust::Changed),
        (format!("{a}\n@revoked {a}"), Distrust::Revoked),
    ];
    for (text, expected) in cases {
        std::fs::write(&file, format!("{text}\n")).unwrap();
        let fresh = rig.ssh.ask(&to("a"), "true", LIMIT).await;
        assert!(
            matches!(&fresh, Err(Unasked::Distrusted { what, .. }) if *what == expected),
            "{expected:?}: {fresh:?}"
        );
        let line = rig.ssh.line(&to("a"), LIMIT).await.err();
        assert!(matches!(&line, Some(Unasked::Distrusted { what, .. }) if *what == expected), "{line:?}");
        // Nothing was learnt.
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{text}\n"));
    }
    rig.lab.down().await;
}

async fn denied(rig: Rig) {
    std::fs::write(rig.folder.join("hosts/a/authorized_keys"), "").unwrap();
    let fresh = rig.ssh.ask(&to("a"), "true", LIMIT).await;
    assert!(matches!(fresh, Err(Unasked::Denied(_))), "{fresh:?}");
    rig.lab.down().await;
}

async fn hangs(rig: Rig) {
    let fresh = rig.ssh.ask(&to("a"), "echo begun; sleep 600", SHORT).await;
    assert!(matches!(fresh, Err(Unasked::TimedOut(SHORT))), "{fresh:?}");
    let line = rig.ssh.line(&to("a"), LIMIT).await.unwrap();
    let over = line.ask("sleep 600", SHORT).await;
    assert!(matches!(over, Err(Unasked::TimedOut(SHORT))), "{over:?}");
    // The line is still good.
    assert_eq!(line.ask("echo on", LIMIT).await.unwrap().out, "on\n");
    rig.lab.down().await;
}

/// Whoever logs in to `a` gets this shell.
async fn shell(rig: &Rig, text: &str) {
    let line = format!(
        "printf '#!/bin/sh\\n{text}\\n' >/run/host/shell; chmod 755 /run/host/shell; \
         sed 's|:/root:/bin/sh|:/root:/run/host/shell|' /etc/passwd >/tmp/passwd; cat /tmp/passwd >/etc/passwd"
    );
    let ran = rig.lab.host("a").unwrap().run(&line, LIMIT).await.unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.err);
}

/// As one whose disk is gone.
async fn hangs_within(rig: Rig) {
    shell(&rig, "exec sleep 600").await;
    let fresh = rig.ssh.ask(&to("a"), "true", SHORT).await;
    assert!(matches!(fresh, Err(Unasked::TimedOut(SHORT))), "{fresh:?}");
    let line = rig.ssh.line(&to("a"), LIMIT).await.unwrap();
    let over = line.ask("true", SHORT).await;
    assert!(matches!(over, Err(Unasked::TimedOut(SHORT))), "{over:?}");
    rig.lab.down().await;
}

/// ssh notices by itself, and says nothing of it at this level.
async fn lost_within(mut rig: Rig) {
    shell(&rig, "echo >/run/host/there; exec sleep 600").await;
    let ssh = std::sync::Arc::clone(&rig.ssh);
    let asked = tokio::spawn(async move { ssh.ask(&to("a"), "true", LIMIT).await });
    let there = "until [ -e /run/host/there ]; do sleep 0.01; done";
    assert_eq!(rig.lab.host("a").unwrap().run(there, LIMIT).await.unwrap().status, Some(0));
    rig.lab.cut(OPERATOR, "a").await.unwrap();
    let lost = asked.await.unwrap();
    assert!(matches!(&lost, Err(Unasked::Lost(why)) if why == "nothing more was heard of it"), "{lost:?}");
    let outlook = model::sighting::outlook::Outlook::from(lost.unwrap_err());
    assert!(matches!(outlook, model::sighting::outlook::Outlook::Offline(_)), "{outlook:?}");
    rig.lab.down().await;
}

async fn dies(rig: Rig) {
    let line = rig.ssh.line(&to("a"), LIMIT).await.unwrap();
    let lost = line.ask("echo begun; kill -9 $(cut -d' ' -f4 /proc/$PPID/stat)", LIMIT).await;
    assert!(matches!(lost, Err(Unasked::Lost(_))), "{lost:?}");
    let lost = line.ask("true", LIMIT).await;
    assert!(matches!(lost, Err(Unasked::Lost(_))), "{lost:?}");
    rig.lab.down().await;
}

async fn refused(rig: Rig) {
    let file = rig.folder.join("odd_config");
    std::fs::write(&file, "Host *\n  NoSuchThing yes\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ssh = Ssh::new(Spawner::new(), settings(file)).unwrap();
    let asked = ssh.ask(&to("a"), "true", LIMIT).await;
    assert!(matches!(asked, Err(Unasked::Refused(_))), "{asked:?}");
    rig.lab.down().await;
}
