//! Hosts behind another: what holds for the ssh that `ProxyJump` starts, and what is told where the way does not hold.

use std::{path::PathBuf, sync::Arc, time::Duration};

use edge::ssh::Unasked;
use lab::topology::{OPERATOR, Topology};
use libtest_mimic::Trial;

use crate::{
    configured::{BEHIND, client, write},
    rig::{LIMIT, Rig, settings, to, trial},
};

pub(crate) fn trials() -> Vec<Trial> {
    let two = || Topology::of(["a", "b"]);
    vec![
        trial("a_jump_host_teaches_nothing_and_nothing_is_left_there", two(), teaches_nothing),
        trial("a_jump_host_that_does_not_let_us_through", two(), no_way),
        trial("a_jump_host_with_the_limits_of_its_own_sshd", two(), crowded),
        trial("a_configuration_with_an_odd_name", two(), odd_name),
        trial("the_configuration_at_home", two(), at_home),
    ]
}

/// Lines of `known_hosts` by their host.
fn known(rig: &Rig) -> impl Fn(&str) -> String + use<> {
    let text = std::fs::read_to_string(rig.folder.join("known_hosts")).unwrap();
    move |name| text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned()
}

/// What the user's configuration wishes for the jump host: to learn keys, to share a connection that stays, to run something.
async fn teaches_nothing(rig: Rig) {
    let (file, socket, ran) = (rig.folder.join("mine"), rig.folder.join("cm"), rig.folder.join("ran"));
    let wishes = format!(
        "Host a\n  StrictHostKeyChecking accept-new\n  UpdateHostKeys yes\n  ControlMaster auto\n  ControlPath \"{}\"\n  \
         ControlPersist 30\n  PermitLocalCommand yes\n  LocalCommand touch \"{}\"\nHost *\n  UserKnownHostsFile \"{}\"\n",
        socket.display(),
        ran.display(),
        file.display()
    );
    let ssh = client(settings(write(&rig, "jump", &format!("{wishes}{BEHIND}"))));
    let of = known(&rig);
    std::fs::write(&file, format!("{}\n", of("b"))).unwrap();
    let unknown = ssh.ask(&to("b"), "hostname", LIMIT).await;
    assert!(
        matches!(&unknown, Err(Unasked::Offline(why)) if why.contains("host key is known for a")),
        "{unknown:?}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n", of("b")));
    // The key that is known is enough, and nothing stays.
    let both = format!("{}\n{}\n", of("a"), of("b"));
    std::fs::write(&file, &both).unwrap();
    assert_eq!(ssh.ask(&to("b"), "hostname", LIMIT).await.unwrap().out, "b\n");
    assert_eq!(ssh.line(&to("b"), LIMIT).await.unwrap().ask("hostname", LIMIT).await.unwrap().out, "b\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), both);
    assert!(!socket.exists() && !ran.exists(), "something of the user's was begun");
    rig.lab.down().await;
}

/// Of the host behind it nothing is known, and the way is named.
async fn no_way(rig: Rig) {
    let ssh = client(settings(write(&rig, "jump", BEHIND)));
    let of = known(&rig);
    let key = of("b").split_once(' ').unwrap().1.to_owned();
    std::fs::write(rig.folder.join("known_hosts"), format!("a {key}\nb {key}\n")).unwrap();
    let told = async |expected: &str| {
        let fresh = ssh.ask(&to("b"), "hostname", LIMIT).await.err();
        let line = ssh.line(&to("b"), LIMIT).await.err();
        for said in [fresh, line] {
            let named = |why: &str| why.starts_with("on the way to it: ") && why.contains(expected);
            assert!(matches!(&said, Some(Unasked::Offline(why)) if named(why)), "{said:?}");
        }
    };
    told("Host key for a has changed").await;
    std::fs::write(rig.folder.join("known_hosts"), format!("{}\n{}\n", of("a"), of("b"))).unwrap();
    std::fs::write(rig.folder.join("hosts/a/authorized_keys"), "").unwrap();
    told("Permission denied (publickey)").await;
    rig.lab.down().await;
}

/// An sshd as it comes turns some away at random while many are about to log in.
async fn crowded(mut rig: Rig) {
    let a = rig.lab.host("a").unwrap();
    let line = "sed -i /MaxStartups/d /run/host/sshd_config && kill -HUP $(cat /run/sshd.pid)";
    assert_eq!(a.run(line, LIMIT).await.unwrap().status, Some(0));
    let ssh = Arc::new(client(settings(write(&rig, "jump", BEHIND))));
    rig.lab.cut(OPERATOR, "b").await.unwrap();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let ssh = Arc::clone(&ssh);
        asked.spawn(async move { ssh.ask(&to("b"), "hostname", Duration::from_secs(120)).await });
    }
    let all = asked.join_all().await;
    let lost: Vec<_> =
        all.iter().filter(|said| said.as_ref().map(|said| &*said.out).ok() != Some("b\n")).collect();
    assert!(lost.is_empty(), "{} of {}: {:?}", lost.len(), all.len(), lost.first());
    rig.lab.down().await;
}

/// Whatever ssh would make of it within a file of its own.
async fn odd_name(rig: Rig) {
    let folder: PathBuf = rig.folder.join("100%h [a] \"$HOME\" ~");
    std::fs::create_dir(&folder).unwrap();
    let given = folder.join("ssh*config");
    std::fs::copy(rig.lab.ssh_config(), &given).unwrap();
    assert_eq!(client(settings(given)).ask(&to("a"), "hostname", LIMIT).await.unwrap().out, "a\n");
    rig.lab.down().await;
}

/// Where none is named it is the user's own, and what that includes stands beside it.
async fn at_home(rig: Rig) {
    let home = rig.folder.join("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    write(&rig, "home/.ssh/config", &format!("Include more\n{BEHIND}"));
    write(
        &rig,
        "home/.ssh/more",
        "Host db\n  HostName 198.18.0.3\n  Port 22\n  HostKeyAlias b\n  ProxyJump a\n",
    );
    let mut settings = settings(rig.lab.ssh_config());
    settings.config = None;
    settings.environment.insert("HOME".into(), home.into());
    let ssh = client(settings);
    for host in ["b", "db"] {
        assert_eq!(ssh.ask(&to(host), "hostname", LIMIT).await.unwrap().out, "b\n");
    }
    rig.lab.down().await;
}
