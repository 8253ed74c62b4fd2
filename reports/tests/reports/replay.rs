//! A report made again from a journal is the same report.

use model::{event::Event, plan::Plan};
use reports::{Look, Report, json, junit, markdown, plan, terminal};

use crate::story::{Story, everything};

fn bytes(report: &Report<'_>) -> Vec<Vec<u8>> {
    let look = Look { color: true, ..Look::default() };
    let (mut as_json, mut as_junit) = (Vec::new(), Vec::new());
    json::write(report, &mut as_json).expect("memory");
    junit::write(report, &mut as_junit).expect("memory");
    vec![
        terminal::render(report, look).into_bytes(),
        markdown::render(report, markdown::LIMIT).into_bytes(),
        plan::render(report.plan, look, true).into_bytes(),
        as_json,
        as_junit,
    ]
}

#[test]
fn a_replayed_record_gives_the_same_bytes() {
    let live = everything();
    let lines: Vec<String> =
        live.events.iter().map(|event| serde_json::to_string(event).expect("an event")).collect();
    let events: Vec<Event> = lines.iter().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let text = serde_json::to_string(&live.plan).expect("a plan");
    let plan: Plan = serde_json::from_str(&text).expect("a plan");
    let replayed = Story { plan, events, decision: live.decision.clone() };
    assert_eq!(live.render(bytes), replayed.render(bytes));
}

#[test]
fn a_record_that_differs_gives_other_bytes() {
    let (live, mut other) = (everything(), everything());
    other.events.remove(1);
    let (live, other) = (live.render(bytes), other.render(bytes));
    assert!(live.iter().zip(&other).enumerate().all(|(at, (live, other))| at == 2 || live != other));
}
