//! What a look at the network is in numbers: of each pair, and of the machine over all of them.
//!
//! Flows in: a round, and what one of its machines saw. Flows out: measurements. Must not: judge; tell a number of what did not
//! answer.

use std::{net::IpAddr, time::Duration};

use super::{Sighting, outlook::Outlook};
use crate::{
    machine::MachineName,
    measurement::{Finite, Measurement, Metric, Unit},
    overlay::OverlayKind,
    reach::Reach,
    round::Round,
};

/// The time until an answer, the one in the middle; of a machine, the middle of its pairs'.
const LATENCY: &str = "mesh/latency";
/// The longest time until an answer.
const WORST: &str = "mesh/latency-worst";
/// Echoes lost in a hundred.
const LOSS: &str = "mesh/loss";
/// The largest packet that came back whole; of a machine, the least of its pairs'.
const MTU: &str = "mesh/mtu";
/// The age of the oldest handshake of WireGuard, of those that there were.
const HANDSHAKE: &str = "mesh/handshake";

/// The numbers of one machine: nothing of one that did not look. Only those that must be reached are measured.
#[must_use]
pub fn measurements(round: &Round, machine: &MachineName, outlook: &Outlook) -> Vec<Measurement> {
    let Outlook::Seen(seen) = outlook else { return Vec::new() };
    let mut all = Vec::new();
    let must = round.pairs(machine).filter(|pair| pair.reach() == Reach::Must);
    let asked = must.flat_map(|pair| {
        let pings = pair.expectation.probe.iter().flat_map(|probe| probe.ping.iter().copied());
        pings.map(move |address| (format!("{} over {}", pair.to, pair.overlay.name), address))
    });
    let ways: Vec<Way> = asked.filter_map(|(to, address)| Way::of(to, seen, address)).collect();
    for (metric, unit, pick, sum) in COLUMNS {
        let numbers: Vec<(&String, f64)> =
            ways.iter().filter_map(|way| Some((&way.to, pick(way)?))).collect();
        all.extend(
            sum(numbers.iter().map(|(_, number)| *number).collect())
                .and_then(|it| one(metric, None, it, unit)),
        );
        all.extend(
            numbers.into_iter().filter_map(|(to, number)| one(metric, Some(to.clone()), number, unit)),
        );
    }
    all.extend(handshakes(round, machine, seen));
    all
}

/// One way that works.
struct Way {
    to: String,
    median: Option<Duration>,
    worst: Option<Duration>,
    loss: u32,
    mtu: Option<u32>,
}

impl Way {
    fn of(to: String, seen: &Sighting, address: IpAddr) -> Option<Self> {
        let echoes = seen.echoes.get(&address).filter(|echoes| echoes.answered())?;
        let mtu = seen.mtus.get(&address).and_then(|mtu| mtu.passed);
        Some(Self { to, median: echoes.median(), worst: echoes.worst(), loss: echoes.loss(), mtu })
    }
}

type Column = (&'static str, Unit, fn(&Way) -> Option<f64>, fn(Vec<f64>) -> Option<f64>);

const COLUMNS: [Column; 4] = [
    (LATENCY, Unit::Seconds, |way| Some(way.median?.as_secs_f64()), middle),
    (WORST, Unit::Seconds, |way| Some(way.worst?.as_secs_f64()), most),
    (LOSS, Unit::Percent, |way| Some(way.loss.into()), most),
    (MTU, Unit::Bytes, |way| Some(way.mtu?.into()), least),
];

fn middle(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

fn most(numbers: Vec<f64>) -> Option<f64> {
    numbers.into_iter().max_by(f64::total_cmp)
}

fn least(numbers: Vec<f64>) -> Option<f64> {
    numbers.into_iter().min_by(f64::total_cmp)
}

fn handshakes(round: &Round, machine: &MachineName, seen: &Sighting) -> Option<Measurement> {
    let mut nets = round.nets.iter().filter(|net| net.overlay.kind == OverlayKind::Wireguard);
    let net = nets.find(|net| net.run.contains(machine))?;
    let oldest = seen.wireguard.said()?.peers.iter().filter_map(|peer| peer.handshake).max()?;
    one(HANDSHAKE, Some(net.overlay.name.clone()), oldest.as_secs_f64(), Unit::Seconds)
}

fn one(metric: &str, of: Option<String>, value: f64, unit: Unit) -> Option<Measurement> {
    Some(Measurement {
        metric: Metric::try_from(metric).ok()?,
        of,
        value: Finite::try_from(value).ok()?,
        unit,
    })
}
