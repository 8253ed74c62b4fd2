//! The backdoor's own half, against shells of this computer, and against what is no shell.

use std::{path::Path, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::UnixStream};

use super::{Backdoor, Channel as _, ChannelError};
use crate::channel::stand_in::{LIMIT, StandIn};

const NO_PROGRAMS: &str = "/nonexistent";

const SHELLS: [&str; 3] = ["sh", "bash --norc", "busybox sh"];

#[tokio::test]
async fn every_shell_will_do() {
    for shell in SHELLS {
        let (_guest, shell) = StandIn::open(shell, Path::new(NO_PROGRAMS)).await;
        let command = "printf 'a\\0b'; printf '%s\\n' \"it's\n! \\$HOME `echo x`\" >&2; exit 200";
        let output = shell.run(command, LIMIT).await.unwrap();
        assert_eq!((output.status, output.stdout.as_slice()), (200, &b"a\0b"[..]));
        assert_eq!(output.complaints(), "it's\n! $HOME x");
        let output = shell.run("cat; echo end", LIMIT).await.unwrap();
        assert_eq!(output.text(), "end", "there is nothing to read");
        assert_eq!(shell.run("kill -9 $$", LIMIT).await.unwrap().status, 137);
        assert_eq!(shell.run("'", LIMIT).await.unwrap().status, 2, "what is no command is one that fails");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's").to_string_lossy().into_owned();
        let file = vec![b'\n'; 200_000];
        shell.put(&path, &file, 0o604).await.unwrap();
        assert!(shell.get(&path).await.unwrap() == file);
        let none = shell.put("/no/such/folder", &file, 0o600).await;
        assert!(matches!(none, Err(ChannelError::File { .. })), "{none:?}");
        assert!(shell.run("true", LIMIT).await.unwrap().success());
    }
}

#[tokio::test]
async fn a_guest_that_goes_is_told_at_once() {
    let (guest, shell) = StandIn::open("sh", Path::new(NO_PROGRAMS)).await;
    let (gone, ()) = tokio::join!(shell.run("sleep 5", LIMIT), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(guest);
    });
    assert!(matches!(gone, Err(ChannelError::Closed { .. })), "{gone:?}");
}

/// What is no shell: it says `says` at once, and then nothing.
fn deaf(says: Vec<u8>) -> (tokio::task::JoinHandle<UnixStream>, UnixStream) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let speaking = tokio::spawn(async move {
        theirs.write_all(&says).await.unwrap();
        theirs
    });
    (speaking, ours)
}

#[tokio::test]
async fn a_flood_that_opens_nothing_is_told() {
    let (_guest, stream) = deaf(b"no shell here\n".repeat(500_000));
    let error = Backdoor::open(stream, Duration::from_secs(3)).await.unwrap_err().to_string();
    assert_eq!(error, "the guest did not open its backdoor in 3 s, and wrote 7000000 bytes to it");
}

#[tokio::test(start_paused = true)]
async fn a_shell_that_opens_and_never_answers_is_told() {
    let (_guest, stream) = deaf(b"Spawning backdoor root shell...\nlogin: ".to_vec());
    let error = Backdoor::open(stream, LIMIT).await.unwrap_err().to_string();
    assert!(error.starts_with("the guest did not open its backdoor in 20 s"), "{error}");
}

#[tokio::test]
async fn a_guest_that_closes_without_a_word_is_told() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    let error = Backdoor::open(ours, LIMIT).await.unwrap_err();
    assert!(matches!(error, ChannelError::Closed { .. }), "{error:?}");
}

#[tokio::test]
async fn a_shell_that_hangs_is_told_with_what_it_wrote_instead() {
    let (_guest, shell) = StandIn::open("sh", Path::new(NO_PROGRAMS)).await;
    // The shell itself is away for a while, as if the guest were.
    let script = |number: &str| format!("echo {number}; echo else; cat >/dev/null");
    tokio::time::pause();
    let hangs = shell.exchange("hangs", Duration::from_secs(1), script, String::new()).await;
    let Err(ChannelError::Mute { limit, bytes, .. }) = hangs else { panic!("{hangs:?}") };
    assert_eq!(limit, Duration::from_secs(11));
    assert!(bytes <= 25, "{bytes}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_whole_is_asked_for_again() {
    let (_guest, shell) = StandIn::open("sh", Path::new(NO_PROGRAMS)).await;
    // Its pieces are there, and the first time none of them arrives.
    let script = |number: &str| {
        format!(
            "d=/tmp/{number}; mkdir $d; seq 1000 >$d/o; echo oh >$d/e; echo {number} 0 3893 3; echo {number}."
        )
    };
    let output = shell.exchange("again", LIMIT, script, String::new()).await.unwrap();
    assert_eq!(
        (output.stdout.len(), output.text().lines().last(), output.complaints()),
        (3893, Some("1000"), "oh".into())
    );
    let large = shell.run("head -c 100000000 /dev/zero", LIMIT).await;
    assert!(matches!(large, Err(ChannelError::TooLarge { bytes: 100_000_000, .. })), "{large:?}");
    assert_eq!(shell.run("echo on", LIMIT).await.unwrap().text(), "on");
}
