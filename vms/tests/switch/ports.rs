//! Guests that come, go, come again, read nothing, and write what cannot be read.

use std::{io::Write as _, net::Shutdown, os::unix::net::UnixStream, time::Duration};

use vms::switch::{
    Switch,
    frame::Malformed,
    mac::Mac,
    nic::Nic,
    port::{Attachment, Gone},
    topology::Topology,
};

use super::{LIMIT, Lan, frame, network};

#[tokio::test]
async fn what_cannot_be_read_closes_that_port_only() {
    let mut lan = Lan::of(network(&["a", "b", "c"])).await;
    let cases = [
        (&[0, 0, 0, 0][..], Malformed::Empty, "a frame of 0 bytes was announced"),
        (
            &[0, 1, 0, 1],
            Malformed::TooLong(65_537),
            "a frame of 65537 bytes was announced, at most 65536 are taken",
        ),
        (
            &[0, 0, 0, 60, 1],
            Malformed::CutOff { there: 5 },
            "the stream ended within a frame, after 5 of its bytes",
        ),
    ];
    for (bytes, malformed, said) in cases {
        lan.say("a", 1).await;
        assert_eq!(lan.hear("b").await, 1);
        let mut bad = lan.nics.remove("a").unwrap();
        bad.sending.send_bytes(bytes).await.unwrap();
        if matches!(malformed, Malformed::CutOff { .. }) {
            drop(bad);
        } else {
            assert_eq!(bad.receiving.receive().await.unwrap(), None, "it is closed");
        }
        let gone = lan.handle.gone("a", LIMIT).await.unwrap();
        assert_eq!(gone, Attachment::Gone(Gone::Malformed(malformed)));
        let Attachment::Gone(gone) = gone else { panic!("{gone:?}") };
        assert_eq!(gone.to_string(), format!("its connection was closed, for {said}"));
        lan.say("c", 2).await;
        assert_eq!(lan.hear("b").await, 2);
        lan.come("a").await;
        assert_eq!(lan.handle.attachment("a").unwrap(), Attachment::There);
        assert_eq!(lan.hear("c").await, 1);
    }
}

#[tokio::test]
async fn a_guest_comes_goes_and_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let topology = Topology { seed: 0, networks: [("lan".to_owned(), network(&["a", "b"]))].into() };
    let switch = Switch::open(folder.path(), &topology).unwrap();
    let handle = switch.network("lan").unwrap();
    assert_eq!(handle.attachment("a").unwrap(), Attachment::Awaited);
    let late = switch.all_attached(Duration::from_millis(10)).await.unwrap_err().to_string();
    assert_eq!(late, "`a` did not come to network `lan` in 0.01 s: was it started with this link?");
    drop((handle, switch));

    let mut lan = Lan::of(network(&["a", "b"])).await;
    lan.switch.all_attached(LIMIT).await.unwrap();
    drop(lan.nics.remove("b"));
    assert_eq!(lan.handle.gone("b", LIMIT).await.unwrap(), Attachment::Gone(Gone::Left));
    lan.say_and_wait("a", 1).await;
    assert_eq!(lan.handle.statistics().pairs["a"]["b"].dropped.absent, 1);
    lan.come("b").await;
    lan.say("a", 2).await;
    assert_eq!(lan.hear("b").await, 2);
}

#[tokio::test]
async fn what_a_guest_said_before_it_left_is_heard() {
    let mut lan = Lan::of(network(&["a", "b"])).await;
    // It leaves without reading what is there for it, so that its connection breaks rather than ends.
    lan.say_and_wait("b", 0).await;
    for number in 1..100 {
        lan.say("a", number).await;
    }
    drop(lan.nics.remove("a"));
    for number in 1..100 {
        assert_eq!(lan.hear("b").await, number);
    }
    assert_eq!(lan.handle.gone("a", LIMIT).await.unwrap(), Attachment::Gone(Gone::Left));
}

#[tokio::test]
async fn a_guest_that_takes_nothing_is_still_heard() {
    let mut lan = Lan::of(network(&["a", "b"])).await;
    drop(lan.nics.remove("a"));
    lan.handle.gone("a", LIMIT).await.unwrap();
    let mut stream = UnixStream::connect(lan.handle.link("a").unwrap().socket).unwrap();
    stream.shutdown(Shutdown::Read).unwrap();
    lan.handle.attached("a", LIMIT).await.unwrap();
    lan.say("b", 1).await;
    // It is written in vain before the next frame is read.
    while lan.handle.statistics().pairs["b"]["a"].delivered == 0 {
        tokio::task::yield_now().await;
    }
    let mut bytes = Vec::new();
    frame(Mac::BROADCAST, lan.mac("a"), 2, 60).encode(&mut bytes);
    stream.write_all(&bytes).unwrap();
    assert_eq!(lan.hear("b").await, 2);
    assert_eq!(lan.handle.attachment("a").unwrap(), Attachment::There);
}

#[tokio::test]
async fn a_guest_that_does_not_read_holds_nobody_up() {
    let mut lan = Lan::of(network(&["a", "b", "mute"])).await;
    let frames: Vec<_> = (0..100).map(|number| frame(Mac::BROADCAST, lan.mac("a"), number, 1000)).collect();
    for _ in 0..50 {
        lan.nic("a").sending.send(&frames).await.unwrap();
        for number in 0..100 {
            assert_eq!(lan.hear("b").await, number);
        }
    }
    let pairs = &lan.handle.statistics().pairs["a"];
    assert_eq!((pairs["b"].delivered, pairs["b"].dropped.total()), (5_000, 0));
    assert!(pairs["mute"].dropped.full > 0 && pairs["mute"].waiting > 900, "{:?}", pairs["mute"]);
    assert_eq!(lan.hear("mute").await, 0, "it gets what there was room for");
}

#[tokio::test]
async fn a_switch_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let topology = Topology { seed: 0, networks: [("lan".to_owned(), network(&["a", "b"]))].into() };
    let switch = Switch::open(folder.path(), &topology).unwrap();
    let second = Switch::open(folder.path(), &topology).unwrap_err().to_string();
    let socket = switch.network("lan").unwrap().link("a").unwrap().socket;
    assert_eq!(
        second,
        format!(
            "cannot listen at {}: does another switch use the folder, or is its path too long?",
            socket.display()
        )
    );
    let mut nic = Nic::connect(&socket).await.unwrap();
    drop(switch);
    let closed = tokio::time::timeout(LIMIT, nic.receiving.receive()).await.unwrap();
    assert!(!matches!(closed, Ok(Some(_))), "{closed:?}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    Switch::open(folder.path(), &topology).unwrap();
}

#[tokio::test]
async fn names_that_are_not_there_are_told() {
    let lan = Lan::of(network(&["a", "b"])).await;
    let said = lan.switch.network("wan").unwrap_err().to_string();
    assert_eq!(said, "there is no network `wan`: there are lan");
    let said = lan.handle.link("c").unwrap_err().to_string();
    assert_eq!(said, "network `lan` has no guest `c`: its members are a, b");
    let mut bad = network(&["a", "b"]);
    bad.members.insert("c".into(), Mac::BROADCAST);
    let topology = Topology { seed: 0, networks: [("lan".to_owned(), bad)].into() };
    let folder = tempfile::tempdir().unwrap();
    assert!(Switch::open(folder.path(), &topology).is_err());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
