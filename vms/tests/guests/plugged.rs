//! Network cards that are plugged in while a guest runs: so clones of one guest have cards of their own.

use vms::{
    channel::{Channel as _, backdoor::Backdoor},
    folder::Folder,
    guest::Guest,
    machine::{Card, Machine},
    snapshot::store::Store,
    switch::{
        Switch,
        handle::Handle,
        topology::{Network, Topology},
    },
};

use super::rig::{BACKDOOR, LIMIT, Rig, qemu};

async fn say(shell: &Backdoor, command: &str) -> String {
    let output = shell.run(command, LIMIT).await.unwrap();
    assert!(output.success(), "{command}: {output:?}");
    output.text()
}

/// Plugs in a card, and waits until the guest has it.
async fn plug(guest: &Guest, shell: &Backdoor, lan: &Handle, name: &str, address: &str) {
    let link = lan.link(name).unwrap();
    guest.plug(&link).await.unwrap();
    lan.attached(name, LIMIT).await.unwrap();
    let script = format!(
        "until grep -q {} /sys/class/net/eth0/address 2>/dev/null; do sleep 0.1; done\n\
         ip addr add {address}/24 dev eth0 && ip link set eth0 up",
        link.mac
    );
    say(shell, &script).await;
}

#[tokio::test]
async fn clones_of_one_guest_are_on_one_network() {
    let rig = Rig::new();
    let machine = Machine { slot: true, ..rig.machine(BACKDOOR) };
    let folder = || Folder::create(&rig.folders()).unwrap();
    let store = Store::open(&rig.path("store"), 1 << 40).unwrap();
    let guest = Guest::start_to_be_saved(&qemu(), &machine, folder()).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
    assert!(!say(&shell, "ls /sys/class/net").await.contains("eth0"), "there is no card as yet");
    let key = "7".repeat(32).parse().unwrap();
    let snapshot = store.save(&key, guest, shell, serde_json::Value::Null).await.unwrap();

    let macs = [("one", "52:54:00:12:01:01"), ("two", "52:54:00:12:01:02")];
    let members = macs.map(|(guest, mac)| (guest.to_owned(), mac.parse().unwrap()));
    let network = Network { members: members.into(), links: Vec::new() };
    let topology = Topology { seed: 0, networks: [("lan".to_owned(), network)].into() };
    let sockets = folder();
    let switch = Switch::open(sockets.path(), &topology).unwrap();
    let lan = switch.network("lan").unwrap();
    let qemu = qemu();
    let restore = || snapshot.restore(&qemu, &machine, folder(), LIMIT);
    let ((first, one), (second, two)) = tokio::try_join!(restore(), restore()).unwrap();
    tokio::join!(plug(&first, &one, &lan, "one", "10.99.0.1"), plug(&second, &two, &lan, "two", "10.99.0.2"));
    assert!(say(&one, "ping -c 3 -i 0.2 -W 3 10.99.0.2").await.contains(" 0% packet loss"));
    first.set_link(Card::Plugged, false).await.unwrap();
    let cut = two.run("ping -c 2 -i 0.2 -W 1 10.99.0.1", LIMIT).await.unwrap();
    assert!(cut.text().contains("100% packet loss"), "its cable is out: {}", cut.text());
    let again = first.plug(&lan.link("one").unwrap()).await.unwrap_err().to_string();
    assert!(again.contains("plugged"), "{again}");
}

#[tokio::test]
async fn a_machine_without_a_slot_takes_no_card() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine(BACKDOOR)).await;
    let listener = tokio::net::UnixListener::bind(rig.path("socket")).unwrap();
    let link = vms::machine::Link { mac: "52:54:00:12:01:01".into(), socket: rig.path("socket") };
    let refused = guest.plug(&link).await.unwrap_err().to_string();
    assert!(refused.contains("pluggable"), "{refused}");
    drop(listener);
}
