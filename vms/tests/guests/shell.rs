//! Commands in a guest, over the backdoor.

use std::time::{Duration, Instant};

use vms::channel::{
    Channel as _, ChannelError,
    wait::{WaitError, wait_for_file, wait_for_port},
};

use super::rig::{BACKDOOR, LIMIT, Rig};

#[tokio::test]
async fn a_guest_does_what_it_is_told() {
    let rig = Rig::new();
    let (guest, shell) = rig.shell().await;

    let output = shell.run("uname -s; echo \"it's\" >&2; exit 3", LIMIT).await.unwrap();
    assert_eq!((output.status, output.text(), output.complaints()), (3, "Linux".into(), "it's".into()));

    let before = Instant::now();
    let output = shell.run("sleep 1000 & echo done", LIMIT).await.unwrap();
    assert_eq!(output.text(), "done");
    assert!(before.elapsed() < Duration::from_secs(20), "what holds standard output open holds nobody up");

    let late = shell.run("echo begun; sleep 1000", Duration::from_secs(1)).await;
    assert!(matches!(late, Err(ChannelError::OutOfTime { .. })), "{late:?}");
    let stubborn = shell.run("trap '' TERM; while :; do sleep 1; done", Duration::from_secs(1)).await;
    assert!(matches!(stubborn, Err(ChannelError::OutOfTime { .. })), "{stubborn:?}");

    let stray = "(while :; do echo \"<1>stray\" >/dev/hvc0; printf x >/dev/hvc0; sleep 0.02; done) & echo $!";
    let writer = shell.run(stray, LIMIT).await.unwrap().text();
    for number in 0..5 {
        let output = shell.run(&format!("echo {number}"), LIMIT).await.unwrap();
        assert_eq!(output.text(), number.to_string());
    }
    shell.run(&format!("kill {writer}"), LIMIT).await.unwrap();

    // A caller that goes away leaves the shell to the next one.
    let gone = tokio::time::timeout(Duration::from_millis(50), shell.run("sleep 1; echo old", LIMIT)).await;
    assert!(gone.is_err());
    assert_eq!(shell.run("echo new", LIMIT).await.unwrap().text(), "new");

    assert!(guest.backdoor(LIMIT).await.is_err(), "it can be had once");
    shell.run("poweroff -f &", LIMIT).await.ok();
    assert_eq!(super::rig::ended(&guest).await.to_string(), "the guest switched itself off");
    let closed = shell.run("true", LIMIT).await;
    assert!(matches!(closed, Err(ChannelError::Closed { .. })), "{closed:?}");
}

#[tokio::test]
async fn large_outputs_and_files_come_whole() {
    let rig = Rig::new();
    let (_guest, shell) = rig.shell().await;
    let before = Instant::now();
    let output = shell.run("seq 1 1000000 | head -c 4194304", LIMIT).await.unwrap();
    println!("4 MiB took {:?}", before.elapsed());
    let expected: String = (1..).map(|n| format!("{n}\n")).take(700_000).collect();
    assert_eq!(output.stdout.len(), 4 << 20);
    assert!(expected.as_bytes().starts_with(&output.stdout));

    let file: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let before = Instant::now();
    shell.put("/tmp/a file", &file, 0o750).await.unwrap();
    println!("a file of 300 kB took {:?}", before.elapsed());
    assert_eq!(shell.run("stat -c %a '/tmp/a file'", LIMIT).await.unwrap().text(), "750");
    assert!(shell.get("/tmp/a file").await.unwrap() == file, "the file comes back as it went");
    shell.put("/tmp/empty", b"", 0o600).await.unwrap();
    assert_eq!(shell.get("/tmp/empty").await.unwrap(), b"");

    let nowhere = shell.put("/no/such/folder", &file, 0o600).await.unwrap_err();
    assert!(nowhere.to_string().starts_with("cannot write /no/such/folder in the guest: "), "{nowhere}");
    let nothing = shell.get("/no/such/file").await.unwrap_err();
    assert!(nothing.to_string().starts_with("cannot read /no/such/file in the guest: "), "{nothing}");
    // Nothing is left but the folder of this very command.
    let left = shell.run("ls /run | wc -l; ls /tmp", LIMIT).await.unwrap();
    assert_eq!(left.text(), "1\na file\nempty");
}

/// QEMU drops what a console writes while nobody reads.
#[tokio::test]
async fn what_qemu_drops_is_asked_for_again() {
    let rig = Rig::new();
    let (_guest, shell) = rig.shell().await;
    let stall = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        // This thread is the only one that reads.
        std::thread::sleep(Duration::from_millis(500));
    };
    let (output, ()) = tokio::join!(shell.run("seq 1 1000000 | head -c 1048576", LIMIT), stall);
    let expected: String = (1..).map(|n| format!("{n}\n")).take(200_000).collect();
    let output = output.unwrap();
    assert_eq!(output.stdout.len(), 1 << 20);
    assert!(expected.as_bytes().starts_with(&output.stdout));
}

#[tokio::test]
async fn what_is_waited_for_is_told_when_it_is_there() {
    let rig = Rig::new();
    let (_guest, shell) = rig.shell().await;
    shell.run("ip link set lo up; (sleep 1; touch /tmp/it; nc -l -p 8080) &", LIMIT).await.unwrap();
    wait_for_file(&shell, "/tmp/it", LIMIT).await.unwrap();
    wait_for_port(&shell, 8080, LIMIT).await.unwrap();
    let never = wait_for_port(&shell, 8081, Duration::from_secs(1)).await;
    assert!(matches!(never, Err(WaitError::OutOfTime { .. })), "{never:?}");
}

#[tokio::test]
async fn a_guest_that_never_speaks_is_told_with_its_console() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("echo only the console")).await;
    let mut lines = guest.console().follow(100);
    while !lines.recv().await.unwrap().text.contains("only the console") {}
    let silent = guest.backdoor(Duration::from_secs(1)).await.unwrap_err().to_string();
    assert!(
        silent.starts_with("the guest did not open its backdoor in 1 s, and wrote 0 bytes to it"),
        "{silent}"
    );
    assert!(silent.contains("only the console"), "{silent}");
}

#[tokio::test]
async fn two_guests_are_two() {
    let rig = Rig::new();
    let ((_one, first), (_two, second)) = tokio::join!(rig.shell(), rig.shell());
    first.run("echo first >/tmp/me", LIMIT).await.unwrap();
    second.run("echo second >/tmp/me", LIMIT).await.unwrap();
    let (one, two) = tokio::join!(first.get("/tmp/me"), second.get("/tmp/me"));
    assert_eq!((one.unwrap().as_slice(), two.unwrap().as_slice()), (&b"first\n"[..], &b"second\n"[..]));
}

#[tokio::test]
async fn a_port_leads_in() {
    use tokio::io::AsyncReadExt as _;
    let rig = Rig::new();
    let mut machine = rig.machine(BACKDOOR);
    machine.user_network = Some(vms::machine::UserNetwork { forwards: vec![7] });
    let guest = rig.start(&machine).await;
    let shell = guest.backdoor(LIMIT).await.unwrap();
    let script = "ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; (echo hello | nc -l -p 7) & true";
    assert!(shell.run(script, LIMIT).await.unwrap().success());
    wait_for_port(&shell, 7, LIMIT).await.unwrap();
    let port = guest.port(7).unwrap();
    assert_eq!(guest.port(8), None);
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "hello\n");
    guest.set_link(vms::machine::Card::User, false).await.unwrap();
    let carrier = "while [ \"$(cat /sys/class/net/eth0/carrier)\" = 1 ]; do sleep 0.05; done";
    assert!(shell.run(carrier, Duration::from_secs(10)).await.unwrap().success());
}
