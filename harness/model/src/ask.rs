//! What a fleet's owner asks of machines that were booted as guests, beyond what is asked of all of them.

use serde::{Deserialize, Serialize};

use crate::{
    machine::{MachineClass, MachineName},
    resolved::ResolvedMachine,
};

/// One `[[boot.asks]]` entry. Where it names neither machines nor tags, it is asked of every NixOS machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Of these machines.
    pub machines: Option<Vec<MachineName>>,
    /// Of those that carry one of these tags.
    pub tags: Option<Vec<String>>,
    /// What.
    pub what: Asked,
}

impl Ask {
    /// Whether it is asked of a machine. Only NixOS has what boots.
    #[must_use]
    pub fn is_of(&self, name: &MachineName, machine: &ResolvedMachine) -> bool {
        let named = self.machines.as_ref().map(|names| names.contains(name));
        let carries = self.tags.as_ref().map(|tags| tags.iter().any(|tag| machine.tags.contains(tag)));
        let every = named.is_none() && carries.is_none();
        machine.class == MachineClass::Nixos && (every || named == Some(true) || carries == Some(true))
    }
}

/// What is asked, as the facts document holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// A unit of systemd is active.
    Unit {
        /// Its name; `nginx` is `nginx.service`.
        unit: String,
    },
    /// Somebody waits at a port of an address that others can reach.
    Port {
        /// The port.
        port: u16,
        /// `tcp` or `udp`.
        protocol: Protocol,
    },
    /// A file or folder is there.
    File {
        /// Its path.
        file: String,
        /// The user's name that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// The group's name that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// Who may do what, in octal: `0640`.
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<String>,
    },
    /// A command, run as root by a shell, succeeds.
    Command {
        /// The command.
        command: String,
        /// A part of what it prints on its standard output.
        #[serde(skip_serializing_if = "Option::is_none")]
        contains: Option<String>,
    },
    /// An HTTP server answers, asked from inside the guest.
    Http {
        /// The URL.
        http: String,
        /// The status that it answers with.
        status: u16,
        /// A part of the body that it answers with.
        #[serde(skip_serializing_if = "Option::is_none")]
        contains: Option<String>,
    },
}

/// What a port is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
}
