//! Guests on a network of ours: Linux speaks over it, and feels its faults.

use std::time::Duration;

use vms::{
    channel::{Channel as _, backdoor::Backdoor},
    folder::Folder,
    guest::Guest,
    machine::Machine,
    switch::{
        Switch,
        handle::Handle,
        line::Line,
        port::{Attachment, Gone},
        topology::{Network, Topology},
    },
    testbed::Testbed,
};

use super::rig::{BACKDOOR, LIMIT, Rig, qemu};

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

#[tokio::test]
async fn three_guests_of_one_text_meet_as_it_says() {
    let rig = Rig::new();
    let (mut guests, mut members) = (String::new(), Vec::new());
    for (name, number) in [("one", 1), ("two", 2), ("three", 3)] {
        let address = format!("ip addr add 10.99.0.{number}/24 dev eth0; ip link set eth0 up\n{BACKDOOR}");
        let machine = rig.machine(&address);
        guests += &format!(
            "[[guests]]\nname = \"{name}\"\naccelerator = \"tcg\"\nmemory = 256\nprocessors = 1\nbackdoor = true\n\
             boot = {{ kernel = {:?}, initrd = {:?}, command-line = {:?} }}\n",
            machine.boot.kernel,
            machine.boot.initrd.unwrap(),
            machine.boot.command_line
        );
        members.push(format!("{name} = \"52:54:00:12:01:0{number}\""));
    }
    let text = format!(
        "{guests}[networks.lan]\nmembers = {{ {} }}\nlinks = [\n\
         {{ between = [\"one\", \"two\"], line = {{ cut = true }} }},\n\
         {{ between = [\"three\", \"two\"], line = {{ delay-ms = 50 }} }},\n]\n",
        members.join(", ")
    );
    let testbed = Testbed::from_toml(&text).unwrap();
    let running = testbed.start(&qemu(), &rig.folders(), LIMIT).await.unwrap();
    assert_eq!(running.guests.len(), 3);
    let shell = async |name: &str| {
        running.guests[name].backdoor(LIMIT).await.unwrap_or_else(|error| panic!("{error}"))
    };
    let (one, two, three) = tokio::join!(shell("one"), shell("two"), shell("three"));

    assert_eq!(ping(&one, "10.99.0.2").await, None, "that line is cut");
    assert!(ping(&one, "10.99.0.3").await.expect("it answers") < 50.0);
    assert!(ping(&two, "10.99.0.3").await.expect("it answers late") >= 100.0);
    let lan = running.switch.network("lan").unwrap();
    lan.set_both("one", "two", Line::default()).unwrap();
    assert!(ping(&one, "10.99.0.2").await.is_some(), "it is mended");
    drop((one, two, three, running));
    rig.assert_no_qemu();
}

#[tokio::test]
async fn a_testbed_of_which_a_guest_does_not_start_leaves_nothing() {
    let rig = Rig::new();
    let good = rig.machine("");
    let mut bad = Machine { name: "bad".into(), ..good.clone() };
    bad.boot.kernel = rig.path("absent");
    let testbed = Testbed { seed: 0, guests: vec![good, bad], networks: Default::default() };
    let error = testbed.start(&qemu(), &rig.folders(), LIMIT).await.unwrap_err();
    assert_eq!(error.to_string(), "guest `bad` does not start");
    rig.assert_no_qemu();
    let left = std::fs::read_dir(rig.folders()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["changing"]);
}
