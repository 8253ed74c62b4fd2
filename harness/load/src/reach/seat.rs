//! One machine's part in one overlay.
//!
//! Flows in: what its configuration comes to. Flows out: whether it takes part, and what is asked of it.
//! Must not: know another machine.

use std::{net::IpAddr, sync::Arc};

use model::{
    reach::Probe,
    reason::{Reason, Who},
};

use super::{
    firewall::Doors,
    known::{Known, Told},
};

/// A machine on an overlay, or beside it.
pub(super) struct Seat {
    /// Whether the inventory has it in a role.
    pub(super) member: bool,
    pub(super) standing: Standing,
    /// On the overlay, sorted.
    pub(super) addresses: Vec<IpAddr>,
    /// What answers there; `None` where nothing can be asked.
    pub(super) open: Option<Arc<Probe>>,
    /// What would, if nothing were closed.
    pub(super) everything: Option<Arc<Probe>>,
}

/// Whether it takes part, by its own configuration.
pub(super) enum Standing {
    Ready,
    /// It does not.
    Cannot(Why),
    /// Nobody can tell.
    Unclear(Why),
}

/// A reason that is about one machine, as soon as it is said about which.
pub(super) type Why = fn(Who) -> Reason;

impl Seat {
    /// A machine in no role. One whose configuration joins all the same may get in.
    pub(super) fn beside(joins: bool) -> Self {
        let standing = if joins { Standing::Unclear(Reason::Uninvited) } else { Standing::Ready };
        Self { member: false, standing, addresses: Vec::new(), open: None, everything: None }
    }

    /// A machine in a role. On which interface it is asked is what the firewall's rules go by.
    pub(super) fn of(
        known: &Known<'_>,
        index: usize,
        standing: Standing,
        mut addresses: Vec<IpAddr>,
        interface: &str,
    ) -> Self {
        addresses.sort_unstable();
        addresses.dedup();
        let doors = Doors::of(known.fact(index, "firewall"), known.fact(index, "sshd"), interface);
        let asked = |probe: Probe| (!addresses.is_empty()).then(|| Arc::new(probe));
        let pings = || Probe { ping: addresses.clone(), tcp: Vec::new() };
        let open = doors.as_ref().and_then(|doors| asked(doors.open(&addresses)));
        let everything = asked(doors.as_ref().map_or_else(pings, |doors| doors.everything(&addresses)));
        let standing = match standing {
            Standing::Ready if addresses.is_empty() => Standing::Unclear(Reason::NoAddress),
            Standing::Ready if doors.is_none() => Standing::Unclear(Reason::NotEvaluated),
            other => other,
        };
        Self { member: true, standing, addresses, open, everything }
    }

    /// What is asked of it by one that must get through: what its firewall lets in, or all of it where that is nothing.
    pub(super) fn wanted(&self) -> Option<Arc<Probe>> {
        if self.is_closed() { self.everything.clone() } else { self.open.clone() }
    }

    /// Whether it has nothing to do with the overlay.
    pub(super) fn is_stranger(&self) -> bool {
        !self.member && matches!(self.standing, Standing::Ready)
    }

    /// Whether it has addresses, and lets in nothing that is asked there.
    pub(super) fn is_closed(&self) -> bool {
        self.open.as_ref().is_some_and(|probe| probe.is_empty())
    }
}

/// A fact that has to be there, or why nobody can tell without it.
pub(super) fn needed(told: Told<'_>) -> Result<&serde_json::Value, Why> {
    match told {
        Told::Is(value) => Ok(value),
        Told::Nothing => Err(Reason::NotTold),
        Told::NotEvaluated => Err(Reason::NotEvaluated),
    }
}
