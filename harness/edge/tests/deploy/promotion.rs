//! A promotion of boxes, carried out by the engine's own loop.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use judge::promote::{Host, Phase, Proofs, State};
use model::{
    course::{Course, Leg},
    machine::MachineName,
    rollout::{Change, Entry, Happened},
};
use run::{
    Clock as _, HostClock,
    rollout::{Deployer, Errand, Log, Ports, Rested, promote},
};
use testkit::rollout::MemoryLog;
use tokio::sync::mpsc;

/// Waves that each wait for the one before, and soak for so long. What is proven is not these tests' business.
pub(crate) fn course(waves: &[&[&str]], soak: Duration) -> Course {
    let leg = |(index, names): (usize, &&[&str])| Leg {
        name: format!("wave-{index}"),
        machines: names.iter().map(|name| MachineName::from(*name)).collect(),
        before: (0..index).collect(),
        soak,
        approvals: None,
    };
    Course { waves: waves.iter().enumerate().map(leg).collect(), ..Course::default() }
}

/// The first entry of a journal.
pub(crate) fn started(changes: &BTreeMap<MachineName, Change>) -> Entry {
    Entry {
        at: HostClock::start().now().wall,
        what: Happened::Started { changes: changes.clone(), back: false },
    }
}

/// A journal in memory of one machine's promotion, with more that happened.
pub(crate) fn journal(name: &str, change: &Change, more: impl IntoIterator<Item = Happened>) -> MemoryLog {
    let first = started(&BTreeMap::from([(MachineName::from(name), change.clone())]));
    let more = more.into_iter().map(|what| Entry { at: first.at, what }).collect::<Vec<_>>();
    MemoryLog::new([first].into_iter().chain(more).collect())
}

/// Goes as far as it can, and waits for soaks.
pub(crate) async fn go(course: &Course, deployer: Arc<dyn Deployer>, log: &mut dyn Log) -> Rested {
    let proofs = Proofs::default();
    let (clock, mut interrupts) = (HostClock::start(), mpsc::channel(1).1);
    let errand = Errand { course, proofs: &proofs, patient: true };
    let ports = Ports { deployer, clock: &clock, log, interrupts: &mut interrupts };
    promote(errand, ports).await.unwrap()
}

/// Where a machine has come to, as far as the promotion knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    Old,
    New,
    /// Nobody knows yet.
    Open,
}

pub(crate) fn came(state: &State, name: &str) -> Came {
    match &state.machines()[&MachineName::from(name)] {
        Host { phase: Phase::Settled { .. }, doubt: false, .. } => Came::New,
        Host {
            phase: Phase::Back | Phase::Waiting | Phase::Built | Phase::Copied,
            doubt: false,
            begun: None,
            ..
        } => Came::Old,
        _ => Came::Open,
    }
}
