//! Lines that are slow: their packets are led to the relay, and from there go on as if they had just come.
//!
//! Flows in: pairs of hosts. Flows out: rules of the hub's routing, and what the relay is told. Must not: lead a packet to
//! the relay twice: a rule is for those that come in by the sender's own cable.

use std::{net::IpAddr, ops::RangeInclusive, time::Duration};

use super::{Lab, LabError};
use crate::{
    addresses::{RELAY, Seat},
    fault::Fault,
    relay::{Lines, Relay},
    socket::Network,
};

/// How much longer a line may take.
pub(super) const BY: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(10);

/// The table of routes that leads to the relay.
const TABLE: u32 = 100;

impl Lab {
    /// Whether packets between two are held back now.
    pub(super) fn is_slow(&self, a: &str, b: &str) -> bool {
        self.faults.iter().any(|fault| {
            matches!(fault, Fault::Delay { from, to, .. } if [from, to] == [a, b] || [from, to] == [b, a])
        })
    }

    /// Has the packets between two held back as the faults say, or no longer.
    pub(super) async fn slow(&mut self, from: &String, to: &String, wrong: bool) -> Result<(), LabError> {
        let pair = [self.host(from)?.seat().clone(), self.host(to)?.seat().clone()];
        if self.relay.is_none() {
            self.relay = Some(Relay::start(&Network::of(self.namespaces.hub)?)?);
            let way = format!("route add default dev {RELAY} table {TABLE}\n");
            self.lead([way.clone(), way]).await?;
        }
        let lines = self.lines((!wrong).then_some([from, to]))?;
        let none = lines.is_empty();
        // What is still led there when it is no longer to be held passes at once.
        if let Some(relay) = &self.relay {
            relay.set(lines);
        }
        let verb = if wrong { "add" } else { "delete" };
        let rule = |from: &Seat, [source, target]: [IpAddr; 2]| {
            format!("rule {verb} iif {} from {source} to {target} lookup {TABLE}\n", from.link)
        };
        let [a, b] = pair.each_ref();
        let both = |at: [IpAddr; 2]| rule(a, at) + &rule(b, [at[1], at[0]]);
        self.lead([both([a.v4.into(), b.v4.into()]), both([a.v6.into(), b.v6.into()])]).await?;
        if none {
            self.relay = None;
        }
        Ok(())
    }

    /// What the relay is to be told: all faults of this kind, but that between two.
    fn lines(&self, without: Option<[&String; 2]>) -> Result<Lines, LabError> {
        let mut lines = Lines::new();
        for fault in &self.faults {
            let Fault::Delay { from, to, by } = fault else { continue };
            if without == Some([from, to]) {
                continue;
            }
            let ends = self.host(from)?.seat().plain().into_iter().zip(self.host(to)?.seat().plain());
            lines.extend(ends.flat_map(|(a, b)| [((a, b), *by), ((b, a), *by)]));
        }
        Ok(lines)
    }

    /// Carries out lines of `ip`, those for IPv4 and those for IPv6.
    async fn lead(&self, [v4, v6]: [String; 2]) -> Result<(), LabError> {
        let ip = &self.tools.ip;
        self.namespaces.in_hub(&self.tools, ip, &["-batch", "-"], &v4).await?;
        Ok(self.namespaces.in_hub(&self.tools, ip, &["-6", "-batch", "-"], &v6).await?)
    }
}
