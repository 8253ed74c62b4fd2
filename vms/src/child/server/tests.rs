//! What is promised of servers: their end is told, with what they complained of, and none is left behind.

use std::{path::Path, time::Duration};

use tokio::time::timeout;

use super::{Ended, Server};

const LIMIT: Duration = Duration::from_secs(10);

fn start(script: &str) -> Server {
    Server::start(Path::new("/bin/sh"), &["-c".into(), script.into()]).unwrap()
}

async fn ended(server: &Server) -> Ended {
    timeout(LIMIT, server.ended()).await.unwrap()
}

#[tokio::test]
async fn an_end_is_told_with_the_last_complaints() {
    let server = start("for n in $(seq 200); do echo $n >&2; done; echo unseen; exit 3");
    let Ended { status, complaints } = ended(&server).await;
    assert_eq!(status.and_then(|status| status.code()), Some(3));
    assert_eq!((complaints.len(), complaints[0].as_str(), complaints[99].as_str()), (100, "101", "200"));
    assert_eq!(ended(&server).await.complaints.len(), 100, "whoever asks later is told the same");
}

#[tokio::test]
async fn what_it_started_goes_with_it() {
    // Whoever holds standard error open holds up nothing.
    for (script, kill) in [("sleep 1000 & exit 0", false), ("sleep 1000 & wait", true)] {
        let server = start(script);
        if kill {
            server.kill();
        }
        let began = tokio::time::Instant::now();
        assert_eq!(ended(&server).await.status.is_some_and(|status| status.success()), !kill);
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn what_left_its_group_is_not_waited_for() {
    let server = start("setsid sleep 5 & echo word >&2; sleep 0.2; exit 0");
    let began = tokio::time::Instant::now();
    assert_eq!(ended(&server).await.complaints, ["word"]);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_dropped_one_is_killed() {
    let server = start("sleep 1000");
    let ended = server.ended();
    drop(server);
    let status = timeout(LIMIT, ended).await.unwrap().status;
    assert!(status.is_some_and(|status| !status.success()), "{status:?}");
}

#[tokio::test]
async fn what_has_ended_can_be_killed_any_number_of_times() {
    let server = start("exit 0");
    ended(&server).await;
    server.kill();
    server.kill();
}
