//! A network that runs, in the hands of whoever tests with it.
//!
//! Flows in: names of guests, faults. Flows out: where guests connect to, whether they are there, what became of their
//! frames. Must not: wait without a limit.
//!
//! Faults do not hide each other: a line that is cut stays cut when a partition is healed. Each is so when the call
//! returns, for frames that wait in the switch as well; what was written to a guest's socket is the guest's.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{
    fabric::Fabric,
    line::Line,
    port::Attachment,
    statistics::{Sent, Statistics},
    topology::Network,
    wires::Wires,
};
use crate::machine::Link;

/// One network of a switch. Clones are the same one; when the switch is dropped, nothing reaches it any more.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) network: Network,
    /// By port.
    pub(super) sockets: Vec<PathBuf>,
    pub(super) wires: Wires,
}

/// Why something cannot be done in a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HandleError {
    /// There is no such guest.
    #[error("network `{network}` has no guest `{guest}`: its members are {}", members.join(", "))]
    NoGuest {
        /// The network.
        network: String,
        /// The name.
        guest: String,
        /// Those who are there.
        members: Vec<String>,
    },
    /// A line leads from a guest to itself.
    #[error("a line leads from `{0}` to itself: name two guests")]
    ToItself(String),
    /// A share is no share.
    #[error("a line cannot lose {0} of its frames: say a share from 0 to 1")]
    Loss(f64),
    /// A guest is on two sides.
    #[error("`{0}` is named twice in a partition: put it on one side")]
    Twice(String),
    /// A guest did not come.
    #[error("`{guest}` did not come to network `{network}` in {} s: was it started with this link?", limit.as_secs_f32())]
    OutOfTime {
        /// The network.
        network: String,
        /// The guest.
        guest: String,
        /// How long it had.
        limit: Duration,
    },
}

impl Handle {
    /// The network's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What a guest's machine needs among its `links`.
    ///
    /// # Errors
    /// There is no such guest.
    pub fn link(&self, guest: &str) -> Result<Link, HandleError> {
        let port = self.port(guest)?;
        let mac = self.shared.network.members[guest].to_string();
        Ok(Link { mac, socket: self.shared.sockets[port].clone() })
    }

    /// Whether a guest is there, and why not.
    ///
    /// # Errors
    /// There is no such guest.
    pub fn attachment(&self, guest: &str) -> Result<Attachment, HandleError> {
        let attachment = self.shared.wires.attachment(self.port(guest)?);
        let attachment = attachment.borrow().clone();
        Ok(attachment)
    }

    /// Waits until a guest is there. QEMU 7.2 starts without a word where nobody listens, with a card that is dead: a
    /// guest that was waited for has one that lives. Before the next guest of a name is waited for, see the last one
    /// [`Handle::gone`].
    ///
    /// # Errors
    /// There is no such guest, or it does not come within `limit`.
    pub async fn attached(&self, guest: &str, limit: Duration) -> Result<(), HandleError> {
        self.wait(guest, limit, |attachment| *attachment == Attachment::There).await.map(drop)
    }

    /// Waits until a guest is there no more, and tells why.
    ///
    /// # Errors
    /// There is no such guest, or it has not gone within `limit`.
    pub async fn gone(&self, guest: &str, limit: Duration) -> Result<Attachment, HandleError> {
        self.wait(guest, limit, |attachment| matches!(attachment, Attachment::Gone(_))).await
    }

    async fn wait(
        &self,
        guest: &str,
        limit: Duration,
        is_so: impl FnMut(&Attachment) -> bool,
    ) -> Result<Attachment, HandleError> {
        let mut attachment = self.shared.wires.attachment(self.port(guest)?);
        let (network, guest) = (self.shared.name.clone(), guest.to_owned());
        // The sender lives as long as this handle.
        match timeout(limit, attachment.wait_for(is_so)).await {
            Ok(Ok(attachment)) => Ok(attachment.clone()),
            _ => Err(HandleError::OutOfTime { network, guest, limit }),
        }
    }

    /// What befalls frames from one guest to another, not those in the other direction. Frames that are on their way
    /// arrive no later than ones that are sent now.
    ///
    /// # Errors
    /// There is no such guest, or the line is impossible.
    pub fn set(&self, from: &str, to: &str, line: Line) -> Result<(), HandleError> {
        self.set_all(&[self.way(from, to)?], line)
    }

    /// What befalls frames between two guests, in both directions.
    ///
    /// # Errors
    /// There is no such guest, or the line is impossible.
    pub fn set_both(&self, one: &str, other: &str, line: Line) -> Result<(), HandleError> {
        self.set_all(&[self.way(one, other)?, self.way(other, one)?], line)
    }

    fn set_all(&self, ways: &[(usize, usize)], line: Line) -> Result<(), HandleError> {
        if !line.is_sound() {
            return Err(HandleError::Loss(line.loss));
        }
        let set = |fabric: &mut Fabric, now| {
            ways.iter().for_each(|(from, to)| fabric.set_line(now, *from, *to, line));
        };
        self.shared.wires.change(set);
        Ok(())
    }

    /// The line from one guest to another, as it was set last.
    ///
    /// # Errors
    /// There is no such guest.
    pub fn line(&self, from: &str, to: &str) -> Result<Line, HandleError> {
        let (from, to) = self.way(from, to)?;
        Ok(self.shared.wires.fabric().line(from, to))
    }

    /// Divides the guests: nothing passes from one side to another. Those who are not named are a side of their own. It
    /// takes the place of the partition that was there before.
    ///
    /// # Errors
    /// There is no such guest, or it is on two sides.
    pub fn partition(&self, sides: &[&[&str]]) -> Result<(), HandleError> {
        let mut side_of = vec![0; self.shared.network.members.len()];
        for (number, side) in sides.iter().enumerate() {
            for guest in *side {
                let side = &mut side_of[self.port(guest)?];
                if *side != 0 {
                    return Err(HandleError::Twice((*guest).to_owned()));
                }
                *side = number + 1;
            }
        }
        self.shared.wires.change(|fabric, now| fabric.partition(now, &side_of));
        Ok(())
    }

    /// Ends a partition.
    pub fn heal(&self) {
        let one_side = vec![0; self.shared.network.members.len()];
        self.shared.wires.change(|fabric, now| fabric.partition(now, &one_side));
    }

    /// Lets nothing come from a guest or to it. The guest's card knows nothing of it; [`crate::guest::Guest::set_link`]
    /// pulls the cable.
    ///
    /// # Errors
    /// There is no such guest.
    pub fn down(&self, guest: &str) -> Result<(), HandleError> {
        self.set_down(guest, true)
    }

    /// Ends what [`Handle::down`] began.
    ///
    /// # Errors
    /// There is no such guest.
    pub fn up(&self, guest: &str) -> Result<(), HandleError> {
        self.set_down(guest, false)
    }

    fn set_down(&self, guest: &str, down: bool) -> Result<(), HandleError> {
        let port = self.port(guest)?;
        self.shared.wires.change(|fabric, now| fabric.set_down(now, port, down));
        Ok(())
    }

    /// Ends every fault: all ports are up, there is no partition, and the lines are those of the topology.
    pub fn clear(&self) {
        self.shared.wires.change(Fabric::clear);
    }

    /// What became of all frames as yet.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let fabric = self.shared.wires.fabric();
        let members = || self.shared.network.members.keys().cloned().enumerate();
        let guests = members().map(|(port, guest)| -> (String, Sent) { (guest, fabric.sent(port)) });
        let pairs = members().map(|(from, guest)| {
            let others = members().filter(|(to, _)| *to != from);
            (guest, others.map(|(to, other)| (other, fabric.traffic(from, to))).collect())
        });
        Statistics { guests: guests.collect(), pairs: pairs.collect() }
    }

    fn way(&self, from: &str, to: &str) -> Result<(usize, usize), HandleError> {
        let way = (self.port(from)?, self.port(to)?);
        if way.0 == way.1 { Err(HandleError::ToItself(from.to_owned())) } else { Ok(way) }
    }

    fn port(&self, guest: &str) -> Result<usize, HandleError> {
        let Shared { name, network, .. } = &*self.shared;
        network.members.keys().position(|member| member == guest).ok_or_else(|| HandleError::NoGuest {
            network: name.clone(),
            guest: guest.to_owned(),
            members: network.members.keys().cloned().collect(),
        })
    }
}
