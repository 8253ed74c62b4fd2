//! Several guests and the networks between them, as one text.
//!
//! Flows in: TOML or JSON of a caller. Flows out: a [`Testbed`] that was checked, and from it guests that run, each with a
//! card in each of its networks. Must not: start anything of a text in which something is wrong.
//!
//! ```toml
//! seed = 7
//!
//! [[guests]]
//! name = "one"
//! accelerator = "tcg"
//! memory = 256
//! processors = 1
//! boot = { kernel = "/boot/vmlinuz", initrd = "/boot/initrd", command-line = "console=ttyS0" }
//!
//! [networks.lan]
//! members = { one = "52:54:00:12:01:01", two = "52:54:00:12:01:02" }
//! links = [{ between = ["one", "two"], line = { delay-ms = 20, loss = 0.01 } }]
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    folder::{Folder, NoFolder},
    guest::{Guest, StartError},
    machine::Machine,
    qemu::Qemu,
    switch::{
        OpenError, Switch,
        handle::HandleError,
        topology::{BadTopology, Network, Topology},
    },
};

/// What there is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Testbed {
    /// As in [`Topology`].
    #[serde(default)]
    pub seed: u64,
    /// The guests, each with its own name. Their `links` are left out: they come of the networks.
    pub guests: Vec<Machine>,
    /// By their names. A guest's cards are in the order of these names.
    #[serde(default)]
    pub networks: BTreeMap<String, Network>,
}

/// What is wrong with a text.
#[derive(Debug, thiserror::Error)]
pub enum BadTestbed {
    /// It is no TOML, or none of a testbed. The place is told.
    #[error("the testbed cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// It is no JSON, or none of a testbed. The place is told.
    #[error("the testbed cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// There is nobody in it.
    #[error("the testbed has no guests: name one under `guests`")]
    Empty,
    /// Two guests have one name.
    #[error("two guests have the name `{0}`: give each its own")]
    SameName(String),
    /// A guest has links of its own.
    #[error("guest `{0}` has `links` of its own: leave them out, and name it among a network's members")]
    OwnLinks(String),
    /// A network names somebody who is not there.
    #[error("network `{network}` names `{guest}`, who is none of the guests: there are {}", there.join(", "))]
    NoGuest {
        /// The network.
        network: String,
        /// The name.
        guest: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// A network makes no sense.
    #[error(transparent)]
    Topology(#[from] BadTopology),
}

/// Why it does not run. Nothing of it is left then.
#[derive(Debug, thiserror::Error)]
pub enum NotUp {
    /// It makes no sense.
    #[error(transparent)]
    Bad(#[from] BadTestbed),
    /// There is no folder for a guest or the switch.
    #[error(transparent)]
    Folder(#[from] NoFolder),
    /// The switch does not open.
    #[error(transparent)]
    Switch(#[from] OpenError),
    /// A guest does not start.
    #[error("guest `{name}` does not start")]
    Start {
        /// Its name.
        name: String,
        /// Why.
        source: StartError,
    },
    /// A guest's card does not come.
    #[error(transparent)]
    Attach(#[from] HandleError),
}

/// Guests that run, and what is between them.
#[derive(Debug)]
pub struct Running {
    /// By their names.
    pub guests: BTreeMap<String, Guest>,
    /// Their networks.
    pub switch: Switch,
    /// After what lives in it.
    _folder: Folder,
}

impl Testbed {
    /// Reads TOML.
    ///
    /// # Errors
    /// It is none of a testbed, or makes no sense.
    pub fn from_toml(text: &str) -> Result<Self, BadTestbed> {
        let testbed: Self = toml::from_str(text)?;
        testbed.check().map(|()| testbed)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// It is none of a testbed, or makes no sense.
    pub fn from_json(text: &str) -> Result<Self, BadTestbed> {
        let testbed: Self = serde_json::from_str(text)?;
        testbed.check().map(|()| testbed)
    }

    /// Looks at what its types cannot say.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), BadTestbed> {
        if self.guests.is_empty() {
            return Err(BadTestbed::Empty);
        }
        let mut names = BTreeSet::new();
        for guest in &self.guests {
            if !names.insert(&guest.name) {
                return Err(BadTestbed::SameName(guest.name.clone()));
            }
            if !guest.links.is_empty() {
                return Err(BadTestbed::OwnLinks(guest.name.clone()));
            }
        }
        for (network, Network { members, .. }) in &self.networks {
            if let Some(guest) = members.keys().find(|guest| !names.contains(guest)) {
                let (network, guest) = (network.clone(), guest.clone());
                return Err(BadTestbed::NoGuest {
                    network,
                    guest,
                    there: names.into_iter().cloned().collect(),
                });
            }
        }
        Ok(self.topology().check()?)
    }

    /// The networks alone.
    #[must_use]
    pub fn topology(&self) -> Topology {
        Topology { seed: self.seed, networks: self.networks.clone() }
    }

    /// Starts all of it, with folders below `all`, and waits until every card is in its network. The guests' systems have
    /// yet to boot.
    ///
    /// # Errors
    /// It makes no sense, or one of its guests does not start or come within `limit`.
    pub async fn start(&self, qemu: &Qemu, all: &Path, limit: Duration) -> Result<Running, NotUp> {
        self.check()?;
        let folder = Folder::create(all)?;
        let switch = Switch::open(folder.path(), &self.topology())?;
        let mut guests = BTreeMap::new();
        for machine in &self.guests {
            let machine = self.wired(machine, &switch)?;
            let guest = Guest::start(qemu, &machine, Folder::create(all)?).await;
            let guest = guest.map_err(|source| NotUp::Start { name: machine.name.clone(), source })?;
            guests.insert(machine.name, guest);
        }
        switch.all_attached(limit).await?;
        Ok(Running { guests, switch, _folder: folder })
    }

    /// A machine with a card in each of its networks.
    fn wired(&self, machine: &Machine, switch: &Switch) -> Result<Machine, HandleError> {
        let mut machine = machine.clone();
        for (name, network) in &self.networks {
            if network.members.contains_key(&machine.name)
                && let Ok(handle) = switch.network(name)
            {
                machine.links.push(handle.link(&machine.name)?);
            }
        }
        Ok(machine)
    }
}

#[cfg(test)]
mod tests {
    use super::Testbed;

    const SOUND: &str = r#"
        seed = 7
        [[guests]]
        name = "one"
        accelerator = "tcg"
        memory = 256
        processors = 1
        boot = { kernel = "/boot/vmlinuz" }
        [[guests]]
        name = "two"
        accelerator = "tcg"
        memory = 256
        processors = 1
        boot = { kernel = "/boot/vmlinuz" }
        [networks.lan]
        members = { one = "52:54:00:12:01:01", two = "52:54:00:12:01:02" }
        links = [{ between = ["one", "two"], line = { delay-ms = 20, loss = 0.5 } }]
    "#;

    /// What is said of the sound one with this in the place of that.
    #[track_caller]
    fn refused(that: &str, this: &str, words: &str) {
        assert!(SOUND.contains(that));
        let said = Testbed::from_toml(&SOUND.replace(that, this)).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let testbed = Testbed::from_toml(SOUND).unwrap();
        assert_eq!((testbed.guests.len(), testbed.networks["lan"].links[0].line.delay_ms), (2, 20));
        let json = serde_json::to_string(&testbed).unwrap();
        assert_eq!(Testbed::from_json(&json).unwrap(), testbed);
    }

    #[test]
    fn each_thing_that_is_wrong_is_told() {
        refused(
            "two = ",
            "three = ",
            "network `lan` names `three`, who is none of the guests: there are one, two",
        );
        refused(
            "between = [\"one\", \"two\"]",
            "between = [\"one\", \"six\"]",
            "names `six`, who is not among its",
        );
        refused("name = \"two\"", "name = \"one\"", "two guests have the name `one`");
        refused("loss = 0.5", "loss = 5", "loses 5, which is not between 0 and 1");
        refused("loss = 0.5", "lose = 1", "unknown field `lose`");
        refused("seed = 7", "sed = 7", "unknown field `sed`");
        refused("memory = 256", "memory = ", "TOML parse error at line 6");
        let link = "links = [{ mac = \"52:54:00:12:01:09\", socket = \"/s\" }]\nmemory = 256";
        refused("memory = 256", link, "guest `one` has `links` of its own");
        let said = Testbed::from_json("{\"guests\": []}").unwrap_err().to_string();
        assert_eq!(said, "the testbed has no guests: name one under `guests`");
        assert!(Testbed::from_json("{").unwrap_err().to_string().contains("line 1 column 1"));
    }
}
