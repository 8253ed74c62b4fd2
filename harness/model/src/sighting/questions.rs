//! What one machine is asked to look at.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use crate::{
    host_name::{HostName, NotAName},
    overlay::OverlayKind,
    reach::Probe,
};

/// Everything that one machine looks at, all at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// Addresses to which echo requests are sent.
    pub pings: BTreeSet<IpAddr>,
    /// Where connections are opened, and closed again at once.
    pub knocks: BTreeSet<SocketAddr>,
    /// Names to resolve.
    pub names: BTreeSet<HostName>,
    /// Daemons to ask about themselves.
    pub daemons: BTreeSet<OverlayKind>,
    /// How many echo requests each address gets, 1 to 1000. Who answers none of the first few gets no more, and the system's
    /// own program sends five at most.
    pub count: u16,
    /// The time between two of them while no answer comes; the next follows an answer sooner.
    pub interval: Duration,
    /// How long answers are waited for after the last one was sent.
    pub wait: Duration,
    /// When it ends whatever is missing.
    pub limit: Duration,
    /// Whether to find how large packets may be.
    pub mtu: bool,
}

impl Default for Questions {
    /// Of thirty echoes, one way in ten lost is seen, and one that was lost by chance can be told from it.
    fn default() -> Self {
        Self {
            pings: BTreeSet::new(),
            knocks: BTreeSet::new(),
            names: BTreeSet::new(),
            daemons: BTreeSet::new(),
            count: 30,
            interval: Duration::from_millis(200),
            wait: Duration::from_secs(2),
            limit: Duration::from_secs(20),
            mtu: true,
        }
    }
}

impl Questions {
    /// Asks what an expectation is shown by.
    pub fn add(&mut self, probe: &Probe) {
        self.pings.extend(&probe.ping);
        self.knocks.extend(&probe.tcp);
    }

    /// Asks where a name leads.
    ///
    /// # Errors
    /// It is no name of a host; a shell is never shown it.
    pub fn resolve(&mut self, name: &str) -> Result<(), NotAName> {
        self.names.insert(name.parse()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_shown_nothing_but_names() {
        let mut questions = Questions::default();
        for bad in ["", "-a", "a b", "$(reboot)", "a;b", "a\nb", "é", "'"] {
            assert_eq!(questions.resolve(bad), Err(NotAName(bad.to_owned())));
        }
        questions.resolve("db-1.example_net.org").unwrap();
        assert_eq!(questions.names.len(), 1);
    }
}
