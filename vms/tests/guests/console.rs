//! The console of a guest that floods it.

use std::time::Duration;

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
