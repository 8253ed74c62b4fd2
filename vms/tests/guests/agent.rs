//! Commands in a guest, over QEMU's guest agent.

use std::time::{Duration, Instant};

use vms::{
    channel::{Channel as _, ChannelError},
    machine::Machine,
};

use super::rig::{LIMIT, Rig};

/// udev would give the port its name.
const AGENT: &str = "\
for port in /sys/class/virtio-ports/*; do
    if [ \"$(cat $port/name 2>/dev/null)\" = org.qemu.guest_agent.0 ]; then port=/dev/${port##*/}; break; fi
done
mkdir -p /var/run; PATH=$PATH:/usr/sbin:/usr/bin qemu-ga --method virtio-serial --path $port --statedir /run
";

#[tokio::test]
async fn a_guest_does_what_its_agent_is_told() {
    let rig = Rig::new();
    let machine = Machine { agent: true, backdoor: false, ..rig.machine_with(AGENT, &["qemu-ga"]) };
    let guest = rig.start(&machine).await;
    assert!(guest.backdoor(LIMIT).await.is_err(), "it has none");
    let agent = guest.agent(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));

    let output = agent.run("uname -s; echo \"it's\" >&2; exit 3", LIMIT).await.unwrap();
    assert_eq!((output.status, output.text(), output.complaints()), (3, "Linux".into(), "it's".into()));
    let before = Instant::now();
    assert_eq!(agent.run("sleep 1000 & echo done", LIMIT).await.unwrap().text(), "done");
    assert!(before.elapsed() < Duration::from_secs(20), "what holds standard output open holds nobody up");
    let late = agent.run("echo begun; sleep 1000", Duration::from_secs(1)).await;
    assert!(matches!(late, Err(ChannelError::OutOfTime { .. })), "{late:?}");
    let output = agent.run("seq 1 1000000 | head -c 4194304", LIMIT).await.unwrap();
    assert_eq!(output.stdout.len(), 4 << 20);
    let large = agent.run("head -c 17000000 /dev/zero", LIMIT).await;
    assert!(matches!(large, Err(ChannelError::TooLarge { .. })), "{large:?}");

    let file: Vec<u8> = (0..600_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    agent.put("/tmp/a file", &file, 0o750).await.unwrap();
    assert_eq!(agent.run("stat -c %a '/tmp/a file'; ls /tmp", LIMIT).await.unwrap().text(), "750\na file");
    assert!(agent.get("/tmp/a file").await.unwrap() == file, "the file comes back as it went");
    agent.put("/tmp/empty", b"", 0o600).await.unwrap();
    assert_eq!(agent.get("/tmp/empty").await.unwrap(), b"");
    for (error, words) in [
        (
            agent.put("/no/such/folder", &file, 0o600).await.unwrap_err(),
            "cannot write /no/such/folder in the guest: ",
        ),
        (agent.get("/no/such/file").await.unwrap_err(), "cannot read /no/such/file in the guest: "),
    ] {
        assert!(error.to_string().starts_with(words), "{error}");
    }
    guest.kill().await;
    let closed = agent.run("true", LIMIT).await;
    assert!(matches!(closed, Err(ChannelError::Closed { .. })), "{closed:?}");
}
