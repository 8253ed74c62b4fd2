//! The console of a guest that floods it.

use std::time::Duration;

use vms::{guest::NoPicture, machine::Machine};

use super::rig::Rig;

#[tokio::test]
async fn a_flood_is_read_and_only_its_end_is_kept() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("yes 'a flood of words' >/dev/ttyS0")).await;
    // An emulated guest on a busy computer takes its time to boot, and then floods all the same.
    let flooded = async {
        while guest.console().written().lines <= 2000 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let flooded = tokio::time::timeout(Duration::from_secs(120), flooded).await;
    assert!(flooded.is_ok(), "{:?}", guest.console().written());
    assert!(guest.console().last_lines(usize::MAX).len() <= 1000);
    let last = guest.console().last_lines(1).remove(0);
    assert_eq!(last.text, "a flood of words");
    assert!(last.number > 1000 && last.at > Duration::from_secs(1), "{last:?}");
}

#[tokio::test]
async fn a_screen_gives_a_picture() {
    let rig = Rig::new();
    let blind = rig.start(&rig.machine("")).await;
    let none = blind.screenshot().await.unwrap_err();
    assert!(matches!(none, NoPicture::Take(_)), "{none:?}");
    drop(blind);
    let guest = rig.start(&Machine { screen: true, ..rig.machine("echo ready") }).await;
    let mut lines = guest.console().follow(100);
    while !lines.recv().await.unwrap().text.contains("ready") {}
    let picture = guest.screenshot().await.unwrap();
    // As the PNG specification has it: a signature, then the width and the height.
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture.ends_with(b"IEND\xaeB`\x82"));
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert!(number(16) >= 640 && number(20) >= 400, "{} by {}", number(16), number(20));
    // What the firmware and the kernel wrote is more than one colour.
    assert!(picture.len() > 1000, "{} bytes", picture.len());
}
