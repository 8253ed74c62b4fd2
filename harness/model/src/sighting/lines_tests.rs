//! What probers say, and what they must not be able to break.

use proptest::prelude::*;

use super::*;

fn seen(lines: &str) -> Sighting {
    read(&format!("{VERSION}\n{lines}\nend\n")).unwrap()
}

#[test]
fn an_answer_is_read() {
    let seen = seen(
        "prober perl\nicmp 4 raw\nicmp 6 none\naddress 198.18.0.2\nheard 198.18.0.3\nping 198.18.0.3 450\n\
         ping 198.18.0.3 lost\nping fd00::2 unsent Network is unreachable\ntcp 198.18.0.3:22 open 120\n\
         tcp [fd00::2]:22 unreachable\ntcp 198.18.0.4:22 other odd words\nmtu 198.18.0.3 1420 1500\n\
         mtu 198.18.0.4 none 1500\nname b 198.18.0.3 fe80::1%eth0\nname c nowhere\nname d late",
    );
    let b: IpAddr = "198.18.0.3".parse().unwrap();
    assert_eq!((seen.icmp4, seen.icmp6), (Icmp::Raw, Icmp::None));
    assert_eq!(seen.echoes[&b].answers, [Some(Duration::from_micros(450)), None]);
    assert_eq!(seen.echoes[&"fd00::2".parse().unwrap()].unsent.as_deref(), Some("Network is unreachable"));
    assert_eq!(seen.knocks[&"198.18.0.3:22".parse().unwrap()], Knock::Open(Some(Duration::from_micros(120))));
    assert_eq!(seen.knocks[&"[fd00::2]:22".parse().unwrap()], Knock::Unreachable);
    assert_eq!(seen.knocks[&"198.18.0.4:22".parse().unwrap()], Knock::Other("odd words".to_owned()));
    assert_eq!(seen.mtus[&b], PathMtu { passed: Some(1420), interface: 1500 });
    assert_eq!(seen.names["b"], Resolved::To([b].into()));
    assert_eq!((&seen.names["c"], &seen.names["d"]), (&Resolved::Nowhere, &Resolved::Late));
    assert_eq!(seen.wireguard, Daemon::Unasked);
}

#[test]
fn the_words_of_ping_are_read_whoever_made_it() {
    let seen = seen(
        "said 198.18.0.3 3 64 bytes from 198.18.0.3: icmp_seq=1 ttl=64 time=0.042 ms\n\
         said 198.18.0.3 3 64 bytes from 198.18.0.3: icmp_seq=1 ttl=64 time=0.042 ms (DUP!)\n\
         said 198.18.0.3 3 64 bytes from 198.18.0.3: seq=1 ttl=64 time=1.500 ms\n\
         said 198.18.0.4 2 ping: connect: Network is unreachable",
    );
    let b = &seen.echoes[&"198.18.0.3".parse().unwrap()];
    assert_eq!((b.worst(), b.answers.iter().flatten().count()), (Some(Duration::from_micros(1500)), 2));
    assert_eq!(seen.echoes[&"198.18.0.4".parse().unwrap()].answers, [None, None]);
}

#[test]
fn a_daemon_that_gives_no_answer_is_told_by_its_kind() {
    let wireguard = |line: &str| seen(&format!("wireguard {line}")).wireguard;
    assert_eq!(wireguard("absent"), Daemon::Absent);
    assert_eq!(wireguard("failed 137 "), Daemon::Late);
    assert!(matches!(wireguard("failed 1 Unable to access: Operation not permitted"), Daemon::Denied(_)));
    assert!(matches!(wireguard("failed 1 Cannot connect"), Daemon::Failed(_)));
    assert!(matches!(wireguard("something else"), Daemon::Unreadable(_)));
    let zerotier = seen("zerotier failed 2 authtoken.secret not found or readable").zerotier;
    assert!(matches!(zerotier, Daemon::Denied(_)), "{zerotier:?}");
    let zerotier = seen("zerotier info {}\nzerotier networks []\nzerotier peers []").zerotier;
    assert!(matches!(zerotier, Daemon::Unreadable(_)), "{zerotier:?}");
}

#[test]
fn wireguard_tells_the_age_of_handshakes() {
    let lines = "wireguard now 1000\nwireguard interface wg0 PUB 51820\n\
        wireguard peer wg0 KEY 198.18.0.3:51820 fd00::3/128,10.0.0.0/8 970 1 2 off\n\
        wireguard peer wg0 NEW (none) (none) 0 0 0 off";
    let seen = seen(lines);
    let said = seen.wireguard.said().unwrap();
    assert_eq!(said.interfaces, [("wg0".to_owned(), "PUB".to_owned())]);
    assert_eq!(said.peers[0].handshake, Some(Duration::from_secs(30)));
    assert_eq!(said.peers[0].allowed.len(), 2);
    assert_eq!(
        (&said.peers[1].handshake, &said.peers[1].endpoint, said.peers[1].allowed.len()),
        (&None, &None, 0)
    );
}

#[test]
fn what_is_cut_short_or_strange_is_no_sighting() {
    assert_eq!(read(""), Err(Unread::Version));
    assert_eq!(read("sighting 2\nend\n"), Err(Unread::Version));
    assert_eq!(read(&format!("{VERSION}\nprober perl\n")), Err(Unread::Short));
    for odd in
        ["news", "ping x 1", "tcp 1.2.3.4 open", "mtu 1.2.3.4 1", "name a", "icmp 4 magic", "said 1.2.3.4 9"]
    {
        let text = format!("{VERSION}\n{odd}\nend\n");
        assert_eq!(read(&text), Err(Unread::Line(odd.to_owned())));
    }
}

/// Lines that are nearly right.
fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "ping|said|tcp|mtu|name|heard|icmp|address|wireguard|yggdrasil|zerotier|failed|absent|peer|interface|now",
        "[0-9]{1,20}|time=[0-9.e-]{1,9}|198\\.18\\.0\\.[0-9]|fd00::[0-9]|\\[::1\\]:22|self|peers|info|networks",
        "\\PC{0,12}",
        Just(r#"{"peers":[{"up":true}]}"#.to_owned()),
    ];
    prop::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn nothing_that_is_said_breaks_the_reader(lines in prop::collection::vec(line(), 0..12)) {
        let text = format!("{VERSION}\n{}\nend\n", lines.join("\n"));
        match read(&text) {
            Ok(_) | Err(Unread::Line(_) | Unread::Short) => {}
            Err(Unread::Version) => prop_assert!(false, "it begins as it should"),
        }
    }

    #[test]
    fn no_text_at_all_breaks_it(text in "\\PC{0,200}") {
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn every_answer_that_came_is_counted(times in prop::collection::vec(prop::option::of(0u64..10_000_000), 1..40)) {
        let lines: Vec<_> = times
            .iter()
            .map(|time| format!("ping 198.18.0.3 {}", time.map_or("lost".to_owned(), |time| time.to_string())))
            .collect();
        let seen = seen(&lines.join("\n"));
        let echoes = &seen.echoes[&"198.18.0.3".parse().unwrap()];
        prop_assert_eq!(echoes.answers.len(), times.len());
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap();
        prop_assert_eq!(echoes.worst().map(micros), times.iter().flatten().max().copied());
    }
}
