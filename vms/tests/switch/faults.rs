//! Faults that are set and cleared while guests speak.

use std::time::Duration;

use tokio::time::Instant;
use vms::switch::{
    handle::HandleError,
    line::Line,
    topology::{Link, Network},
};

use super::{Lan, network};

#[tokio::test]
async fn a_cut_is_in_one_direction_and_for_one_pair() {
    let mut lan = Lan::of(network(&["a", "b", "c"])).await;
    lan.handle.set("a", "b", Line::CUT).unwrap();
    assert_eq!((lan.handle.line("a", "b"), lan.handle.line("b", "a")), (Ok(Line::CUT), Ok(Line::default())));
    lan.say_and_wait("a", 1).await;
    assert_eq!(lan.hear("c").await, 1);
    lan.say_and_wait("b", 2).await;
    assert_eq!((lan.hear("a").await, lan.hear("c").await), (2, 2));
    lan.handle.set_both("a", "b", Line::default()).unwrap();
    lan.say("a", 3).await;
    assert_eq!(lan.hear("b").await, 3, "it did not hear the first");
    let pair = lan.handle.statistics().pairs["a"]["b"];
    assert_eq!((pair.sent, pair.delivered, pair.bytes, pair.dropped.cut), (2, 1, 60, 1));
}

#[tokio::test]
async fn a_partition_divides_and_heals() {
    let mut lan = Lan::of(network(&["a", "b", "c", "d"])).await;
    lan.handle.partition(&[&["a", "b"]]).unwrap();
    lan.say_and_wait("a", 1).await;
    lan.say_and_wait("c", 2).await;
    assert_eq!((lan.hear("b").await, lan.hear("d").await), (1, 2));
    lan.handle.partition(&[&["a"], &["b", "c"]]).unwrap();
    lan.say_and_wait("b", 3).await;
    assert_eq!(lan.hear("c").await, 3);
    lan.handle.set_both("a", "b", Line::CUT).unwrap();
    lan.handle.heal();
    lan.say_and_wait("b", 4).await;
    assert_eq!((lan.hear("d").await, lan.hear("c").await), (4, 4));
    lan.handle.clear();
    lan.say("b", 5).await;
    assert_eq!(lan.hear("a").await, 5);
}

#[tokio::test]
async fn a_port_that_is_down_is_silent_and_deaf() {
    let mut lan = Lan::of(network(&["a", "b", "c"])).await;
    lan.handle.down("a").unwrap();
    lan.say_and_wait("a", 1).await;
    lan.say_and_wait("b", 2).await;
    assert_eq!(lan.hear("c").await, 2);
    lan.handle.up("a").unwrap();
    lan.say("b", 3).await;
    assert_eq!(lan.hear("a").await, 3);
    let pairs = lan.handle.statistics().pairs;
    assert_eq!((pairs["a"]["b"].dropped.down, pairs["b"]["a"].dropped.down), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_hour_late_is_an_hour_late() {
    let mut lan = Lan::of(network(&["a", "b", "c"])).await;
    lan.handle.set("a", "b", Line::delayed(3_600_000)).unwrap();
    let began = Instant::now();
    lan.say("a", 1).await;
    lan.nic("c").receiving.receive().await.unwrap();
    let heard = lan.nic("b").receiving.receive().await.unwrap();
    assert_eq!(super::number(&heard.unwrap()), 1);
    let (hour, took) = (Duration::from_secs(3600), began.elapsed());
    assert!(took >= hour && took < hour + Duration::from_millis(100), "{took:?}");
}

#[tokio::test]
async fn a_line_that_gets_better_is_better_at_once() {
    let mut lan = Lan::of(network(&["a", "b"])).await;
    lan.handle.set("a", "b", Line::delayed(3_600_000)).unwrap();
    lan.say_and_wait("a", 1).await;
    lan.handle.set("a", "b", Line::default()).unwrap();
    assert_eq!(lan.hear("b").await, 1);
}

#[tokio::test]
async fn the_same_seed_loses_the_same_frames() {
    let heard_of = async || {
        let mut lan = Lan::of(network(&["a", "b"])).await;
        lan.handle.set("a", "b", Line::lossy(0.5)).unwrap();
        for number in 0..100 {
            lan.say_and_wait("a", number).await;
        }
        lan.handle.clear();
        lan.say("a", 100).await;
        let mut heard = vec![lan.hear("b").await];
        while heard.last() != Some(&100) {
            heard.push(lan.hear("b").await);
        }
        assert_eq!(lan.handle.statistics().pairs["a"]["b"].dropped.loss, 101 - heard.len() as u64);
        heard
    };
    let first = heard_of().await;
    assert!((20..80).contains(&first.len()), "{first:?}");
    assert_eq!(first, heard_of().await);
}

#[tokio::test]
async fn lines_begin_as_the_topology_says_and_come_back_to_it() {
    let link = Link { between: ["b".into(), "a".into()], line: Line::CUT };
    let mut lan = Lan::of(Network { links: vec![link], ..network(&["a", "b", "c"]) }).await;
    lan.say_and_wait("a", 1).await;
    lan.handle.set_both("a", "b", Line::default()).unwrap();
    lan.say_and_wait("a", 2).await;
    assert_eq!(lan.hear("b").await, 2);
    lan.handle.clear();
    let lines = (lan.handle.line("a", "b"), lan.handle.line("b", "a"), lan.handle.line("a", "c"));
    assert_eq!(lines, (Ok(Line::CUT), Ok(Line::CUT), Ok(Line::default())));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let lan = Lan::of(network(&["a", "b"])).await;
    let said = lan.handle.set("a", "a", Line::CUT).unwrap_err().to_string();
    assert_eq!(said, "a line leads from `a` to itself: name two guests");
    for loss in [-0.1, 1.1, f64::NAN] {
        let refused = lan.handle.set("a", "b", Line::lossy(loss));
        assert!(matches!(refused, Err(HandleError::Loss(_))), "{refused:?}");
    }
    let said = lan.handle.partition(&[&["a"], &["b", "a"]]).unwrap_err().to_string();
    assert_eq!(said, "`a` is named twice in a partition: put it on one side");
    assert!(lan.handle.partition(&[&["c"]]).is_err() && lan.handle.down("c").is_err());
    assert_eq!(lan.handle.line("a", "b"), Ok(Line::default()));
}
