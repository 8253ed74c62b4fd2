//! The console of a guest that floods it.

use std::time::Duration;

use super::rig::Rig;

#[tokio::test]
async fn a_flood_is_read_and_only_its_end_is_kept() {
    let rig = Rig::new();
    let guest = rig.start(&rig.machine("yes 'a flood of words' >/dev/ttyS0")).await;
    let before = guest.console().written().bytes;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let written = guest.console().written();
    println!("{} bytes in 6 s", written.bytes - before);
    assert!(written.lines > 1000, "{written:?}");
    assert!(guest.console().last_lines(usize::MAX).len() <= 1000);
    let last = guest.console().last_lines(1).remove(0);
    assert_eq!(last.text, "a flood of words");
    assert!(last.number > 1000 && last.at > Duration::from_secs(1), "{last:?}");
}
