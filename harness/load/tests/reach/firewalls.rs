//! Firewalls that a property makes up.

use model::{matrix::Pair, reach::Reach};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What one says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) enable: bool,
    ping: bool,
    ssh: bool,
    udp: bool,
    trusted: bool,
}

pub(crate) fn rules() -> impl Strategy<Value = Rules> {
    let mostly = || prop::bool::weighted(0.7);
    let rules = (mostly(), any::<bool>(), any::<bool>(), mostly(), prop::bool::weighted(0.2));
    rules.prop_map(|(enable, ping, ssh, udp, trusted)| Rules { enable, ping, ssh, udp, trusted })
}

impl Rules {
    pub(crate) fn fact(self) -> Value {
        let ports = |open: bool, port: u16| if open { vec![port] } else { Vec::new() };
        json!({
            "enable": self.enable,
            "allowPing": self.ping,
            "allowedTCPPorts": ports(self.ssh, 22),
            "allowedUDPPorts": ports(self.udp, 51820),
            "trustedInterfaces": if self.trusted { vec!["lo", "wg"] } else { vec!["lo"] },
        })
    }

    /// The same with one thing closed.
    pub(crate) fn closed(self, which: usize) -> Self {
        match which {
            0 => Self { enable: true, ..self },
            1 => Self { ping: false, ..self },
            2 => Self { ssh: false, ..self },
            3 => Self { udp: false, ..self },
            _ => Self { trusted: false, ..self },
        }
    }
}

/// How open a pair is, and how much is let in where it is open.
pub(crate) fn rank(pair: Pair<'_>) -> (u8, usize) {
    let probe = pair.expectation.probe.as_ref();
    let asked = probe.map_or(0, |probe| probe.ping.len() + probe.tcp.len());
    match pair.reach() {
        Reach::Must => (2, asked),
        Reach::Unknown => (1, 0),
        Reach::MustNot => (0, 0),
    }
}
