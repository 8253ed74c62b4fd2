//! Commands in a guest, over SSH.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use vms::{
    channel::{
        Channel as _, ChannelError,
        ssh::Access,
        wait::{wait_for_file, wait_for_port},
    },
    machine::{Machine, UserNetwork},
};

use super::rig::{LIMIT, Rig, on_path};

fn key(rig: &Rig, name: &str) -> (PathBuf, String) {
    let path = rig.path(name);
    let words = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"];
    let status = Command::new("ssh-keygen").args(words).arg(&path).status().unwrap();
    assert!(status.success(), "{status}");
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    (path, public)
}

/// A guest's SSH server, that has this host key and lets in who has that key.
fn server(host: &str, user: &str) -> String {
    let sshd = on_path("sshd").unwrap();
    format!(
        "ip link set lo up; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up
mkdir -p /etc /root /run/sshd
echo root:x:0:0::/root:/bin/sh >/etc/passwd
echo sshd:x:100:100::/run/sshd:/bin/false >>/etc/passwd
echo 'root:*:1::::::' >/etc/shadow
umask 077
echo '{host}' >/etc/host
echo '{user}' >/etc/keys
{} -e -h /etc/host -f /dev/null -o AuthorizedKeysFile=/etc/keys -o StrictModes=no
",
        sshd.display()
    )
}

#[tokio::test]
async fn a_guest_does_what_it_is_told_over_ssh() {
    let rig = Rig::new();
    let ((host, host_key), (user, user_key)) = (key(&rig, "host"), key(&rig, "user"));
    let script = server(&fs::read_to_string(host).unwrap(), &user_key);
    let network = UserNetwork { forwards: vec![22] };
    let machine =
        Machine { user_network: Some(network), backdoor: false, ..rig.machine_with(&script, &["sshd"]) };
    let guest = rig.start(&machine).await;
    let program = on_path("ssh").unwrap();
    let access = Access { program, user: "root".into(), key: user, host_key, port: 22 };
    let began = Instant::now();
    let ssh = guest.ssh(&access, LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
    println!("let in after {:?}", began.elapsed());

    let output = ssh.run("uname -s; echo \"it's\" >&2; exit 255", LIMIT).await.unwrap();
    assert_eq!((output.status, output.text(), output.complaints()), (255, "Linux".into(), "it's".into()));
    let before = Instant::now();
    assert_eq!(ssh.run("sleep 1000 & echo done", LIMIT).await.unwrap().text(), "done");
    println!("a command took {:?}", before.elapsed());
    assert!(before.elapsed() < Duration::from_secs(20), "what holds standard output open holds nobody up");
    let late = ssh.run("echo begun; sleep 1000", Duration::from_secs(1)).await;
    assert!(matches!(late, Err(ChannelError::OutOfTime { .. })), "{late:?}");
    let large = ssh.run("head -c 70000000 /dev/zero", LIMIT).await;
    assert!(matches!(large, Err(ChannelError::TooLarge { bytes: 70_000_000, .. })));

    let file: Vec<u8> = (0..4_194_304_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let before = Instant::now();
    ssh.put("/tmp/a file", &file, 0o750).await.unwrap();
    println!("4 MiB went in {:?}", before.elapsed());
    assert_eq!(ssh.run("stat -c %a '/tmp/a file'; ls /tmp", LIMIT).await.unwrap().text(), "750\na file");
    assert!(ssh.get("/tmp/a file").await.unwrap() == file, "the file comes back as it went");
    ssh.put("/tmp/empty", b"", 0o600).await.unwrap();
    assert_eq!(ssh.get("/tmp/empty").await.unwrap(), b"");
    let nowhere = ssh.put("/no/such/folder", &file, 0o600).await.unwrap_err().to_string();
    assert!(nowhere.starts_with("cannot write /no/such/folder in the guest: "), "{nowhere}");
    let nothing = ssh.get("/no/such/file").await.unwrap_err().to_string();
    assert!(nothing.starts_with("cannot read /no/such/file in the guest: "), "{nothing}");

    ssh.run("(sleep 1; touch /tmp/it) &", LIMIT).await.unwrap();
    wait_for_file(&ssh, "/tmp/it", LIMIT).await.unwrap();
    wait_for_port(&ssh, 22, LIMIT).await.unwrap();

    guest.kill().await;
    let closed = ssh.run("true", LIMIT).await;
    assert!(matches!(closed, Err(ChannelError::Closed { .. })), "{closed:?}");
}

#[tokio::test]
async fn who_is_not_who_was_expected_is_refused() {
    let rig = Rig::new();
    let ((host, host_key), (user, user_key)) = (key(&rig, "host"), key(&rig, "user"));
    let (stranger, strangers_key) = key(&rig, "stranger");
    let script = server(&fs::read_to_string(host).unwrap(), &user_key);
    let network = UserNetwork { forwards: vec![22, 23] };
    let machine = Machine { user_network: Some(network), ..rig.machine_with(&script, &["sshd"]) };
    let guest = rig.start(&machine).await;
    let program = on_path("ssh").unwrap();
    let good = Access { program, user: "root".into(), key: user, host_key, port: 22 };
    for (access, words) in [
        (Access { host_key: strangers_key, ..good.clone() }, "Host key verification failed"),
        (Access { key: stranger, ..good.clone() }, "Permission denied"),
    ] {
        let error = guest.ssh(&access, LIMIT).await.unwrap_err();
        assert!(matches!(&error, ChannelError::Refused { said, .. } if said.contains(words)), "{error}");
    }
    let error = guest.ssh(&Access { port: 24, ..good.clone() }, LIMIT).await.unwrap_err();
    assert!(matches!(error, ChannelError::NotThere { .. }), "{error}");
    let error = guest.ssh(&Access { port: 23, ..good }, Duration::from_secs(1)).await.unwrap_err();
    assert!(error.to_string().starts_with("the guest did not open its ssh in 1 s"), "{error}");
}
