//! A guest's shell, for a person.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    time::timeout,
};
use vms::channel::terminal::{Left, Size};

use super::rig::{LIMIT, Rig};

const SIZE: Size = Size { rows: 30, columns: 90 };

/// What is typed, what is seen, and how it is left.
async fn session(typed: &str) -> (String, Left) {
    let rig = Rig::new();
    let (_guest, shell) = rig.shell().await;
    let terminal = shell.into_terminal(SIZE, "dumb").await.unwrap();
    let (mut keyboard, input) = duplex(1 << 16);
    let (output, mut screen) = duplex(1 << 20);
    keyboard.write_all(typed.as_bytes()).await.unwrap();
    let left = timeout(LIMIT, terminal.join(input, output)).await.expect("it ends").unwrap();
    let mut seen = String::new();
    screen.read_to_string(&mut seen).await.unwrap();
    (seen, left)
}

#[tokio::test]
async fn a_person_has_a_terminal_and_its_status() {
    let (seen, left) = session("stty size; echo $TERM $((6 * 7)) | tr d D; exit 3\r").await;
    assert_eq!(left, Left::Ended(3), "{seen}");
    for expected in ["30 90\r\n", "\r\nDumb 42\r\n", "stty size; echo"] {
        assert!(seen.contains(expected), "{expected:?} is not in {seen:?}");
    }
    assert!(!seen.contains("vms"), "what ends it is not shown: {seen:?}");
}

#[tokio::test]
async fn a_person_may_leave_while_something_runs() {
    let before = std::time::Instant::now();
    let (_, left) = session("sleep 1000\r\x01x").await;
    assert_eq!(left, Left::Away);
    assert!(before.elapsed() < Duration::from_secs(50));
}

#[tokio::test]
async fn a_guest_that_goes_ends_it() {
    let (seen, left) = session("poweroff -f\r").await;
    assert_eq!(left, Left::Gone, "{seen}");
}
