//! Guests on a network of ours: Linux speaks over it, and feels its faults.

use std::time::Duration;

use vms::{
    channel::{Channel as _, backdoor::Backdoor},
    folder::Folder,
    guest::Guest,
    switch::{
        Switch,
        handle::Handle,
        line::Line,
        port::{Attachment, Gone},
        topology::{Network, Topology},
    },
};

use super::rig::{BACKDOOR, LIMIT, Rig};

/// A guest with a card in the network and this address.
async fn guest(rig: &Rig, network: &Handle, name: &str, address: &str) -> (Guest, Backdoor) {
    let mut machine = rig.machine(BACKDOOR);
    machine.links = vec![network.link(name).unwrap()];
    let guest = rig.start(&machine).await;
    network.attached(name, LIMIT).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
    let script = format!(
        "ip addr add {address}/24 dev eth0 && ip link set eth0 up && cat /sys/class/net/eth0/address"
    );
    let mac = shell.run(&script, LIMIT).await.unwrap();
    assert_eq!((mac.status, mac.text()), (0, machine.links[0].mac.clone()), "{}", mac.complaints());
    (guest, shell)
}

/// The shortest round trip of three, in ms, if each came back.
async fn ping(shell: &Backdoor, address: &str) -> Option<f64> {
    let said = shell.run(&format!("ping -c 3 -i 0.2 -W 3 {address}"), LIMIT).await.unwrap().text();
    let shortest = said.split("min/avg/max = ").nth(1).and_then(|times| times.split('/').next());
    let shortest = shortest.map(|shortest| shortest.parse().unwrap());
    assert_eq!(shortest.is_some(), !said.contains("100% packet loss"), "{said}");
    shortest.filter(|_| said.contains(" 0% packet loss"))
}

#[tokio::test]
async fn guests_speak_and_feel_faults() {
    const ONE: &str = "10.99.0.1";
    const TWO: &str = "10.99.0.2";
    let rig = Rig::new();
    let folder = Folder::create(&rig.folders()).unwrap();
    let macs = [("one", "52:54:00:12:01:01"), ("two", "52:54:00:12:01:02")];
    let members = macs.map(|(guest, mac)| (guest.to_owned(), mac.parse().unwrap()));
    let network = Network { members: members.into(), links: Vec::new() };
    let topology = Topology { seed: 0, networks: [("lan".to_owned(), network)].into() };
    let switch = Switch::open(folder.path(), &topology).unwrap();
    let lan = switch.network("lan").unwrap();
    let ((_first, one), (second, two)) =
        tokio::join!(guest(&rig, &lan, "one", ONE), guest(&rig, &lan, "two", TWO));

    let quick = ping(&one, TWO).await.expect("it answers");
    assert!(ping(&two, ONE).await.is_some());

    lan.set("one", "two", Line::CUT).unwrap();
    assert_eq!(tokio::join!(ping(&one, TWO), ping(&two, ONE)), (None, None));
    assert!(lan.statistics().pairs["one"]["two"].dropped.cut >= 3);
    lan.clear();
    assert!(ping(&one, TWO).await.is_some(), "it is healed");

    lan.set("two", "one", Line::delayed(50)).unwrap();
    let slow = ping(&one, TWO).await.expect("it answers late");
    println!("a round trip took {quick} ms, and {slow} ms with a delay of 50 ms");
    assert!(slow >= 50.0 && quick < 50.0, "{quick} and {slow} ms");

    // A guest that comes again finds its place.
    second.kill().await;
    assert_eq!(lan.gone("two", LIMIT).await.unwrap(), Attachment::Gone(Gone::Left));
    assert_eq!(ping(&one, TWO).await, None);
    drop((second, two));
    let (_second, two) = guest(&rig, &lan, "two", TWO).await;
    lan.clear();
    assert!(ping(&two, ONE).await.is_some() && ping(&one, TWO).await.is_some());
    let large = two.run(&format!("ping -c 2 -i 0.2 -s 1400 {ONE}"), Duration::from_secs(30)).await.unwrap();
    assert!(large.text().contains(" 0% packet loss"), "{}", large.text());
}
