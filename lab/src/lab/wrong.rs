//! Faults: begun and undone while the lab is up.
//!
//! Flows in: a [`Fault`]. Flows out: the same lab, wrong in just this way. Must not: forget how to undo it.

use super::{Lab, LabError, slow, start::taken};
use crate::{
    fault::{Daemon, Fault},
    folder::NoFolder,
    keys::{self, Validity},
    overlay::{self, Peer},
    process::RunError,
    rules::{self, Rule},
    topology::{OPERATOR, Overlay},
};

impl Lab {
    /// Begins a fault. It holds until it is undone.
    ///
    /// # Errors
    /// It names nobody, makes no sense in this lab, is there already, or a program fails.
    pub async fn begin(&mut self, fault: Fault) -> Result<(), LabError> {
        self.check(&fault)?;
        if self.faults.contains(&fault) {
            return Err(LabError::Already(fault));
        }
        self.set(&fault, true).await
    }

    /// Undoes a fault that was begun.
    ///
    /// # Errors
    /// It is not there, or a program fails.
    pub async fn undo(&mut self, fault: &Fault) -> Result<(), LabError> {
        if !self.faults.contains(fault) {
            return Err(LabError::NotThere(fault.clone()));
        }
        self.set(fault, false).await
    }

    /// Undoes all faults, the last one first.
    ///
    /// # Errors
    /// A program fails; the faults that are left are still told.
    pub async fn restore(&mut self) -> Result<(), LabError> {
        while let Some(fault) = self.faults.last().cloned() {
            self.set(&fault, false).await?;
        }
        Ok(())
    }

    /// No packet passes between two hosts any more.
    ///
    /// # Errors
    /// As [`Lab::begin`].
    pub async fn cut(&mut self, a: &str, b: &str) -> Result<(), LabError> {
        self.begin(Fault::Cut { from: a.to_owned(), to: b.to_owned(), one_way: false }).await
    }

    fn check(&self, fault: &Fault) -> Result<(), LabError> {
        let names = fault.hosts();
        names.iter().try_for_each(|name| self.host(name).map(drop))?;
        let refuse = |why: &str| Err(LabError::NoSense(format!("{fault}: {why}")));
        let outsider = |name: &str| self.topology.hosts.get(name).is_some_and(|host| host.outsider);
        let lacks_overlay = self.topology.overlay == Overlay::None;
        match fault {
            Fault::Cut { from, to, .. } | Fault::Lose { from, to, .. } | Fault::Delay { from, to, .. }
                if from == to =>
            {
                refuse("name two hosts")
            }
            Fault::Delay { by, .. } if !slow::BY.contains(by) => refuse("between 1 ms and 10 s can be added"),
            Fault::Delay { from, to, .. } if self.is_slow(from, to) => {
                refuse("the line between them is slow already")
            }
            Fault::SameAddress { host, of } if host == of => refuse("name two hosts"),
            Fault::Lose { percent, .. } if !(1..=100).contains(percent) => {
                refuse("between 1 and 100 in a hundred can be lost")
            }
            Fault::Stop { daemon: Daemon::Overlay, .. } | Fault::Revoke { .. } | Fault::Admit { .. }
                if lacks_overlay =>
            {
                refuse("this lab has no overlay")
            }
            Fault::Expire { .. } if !self.topology.certificates => {
                refuse("this lab's host keys have no certificates")
            }
            Fault::Revoke { host } if outsider(host) => refuse("it is an outsider, and accepted by nobody"),
            Fault::Revoke { host } if self.topology.controller() == Some(host) => {
                refuse("it is the controller, which admits itself")
            }
            Fault::Admit { host } if !outsider(host) => refuse("it is a member already"),
            Fault::Cut { .. } | Fault::Lose { .. } | Fault::Delay { .. } => Ok(()),
            _ if names.contains(&OPERATOR) => refuse("nothing runs on the operator's side"),
            _ => Ok(()),
        }
    }

    /// A fault is on the list before it begins, and until it is undone: what fails half-way can still be undone.
    async fn set(&mut self, fault: &Fault, wrong: bool) -> Result<(), LabError> {
        if wrong {
            self.faults.push(fault.clone());
        }
        match fault {
            Fault::Cut { .. } | Fault::Lose { .. } => {
                let gone = (!wrong).then_some(fault);
                self.rule(gone).await?;
            }
            Fault::Delay { from, to, .. } => self.slow(from, to, wrong).await?,
            Fault::Stop { host, daemon } => {
                let verb = if wrong { "stop" } else { "start" };
                self.host(host)?.has_to(&format!("sh /run/host/{}.sh {verb}", daemon.as_str())).await?;
            }
            Fault::Revoke { host } => self.accept(host, !wrong).await?,
            Fault::Admit { host } => self.accept(host, wrong).await?,
            Fault::Expire { host } => {
                self.certify(host, if wrong { Validity::Expired } else { Validity::Always }).await?;
            }
            Fault::SameAddress { host, of } => self.claim(host, of, wrong).await?,
        }
        if !wrong {
            self.faults.retain(|known| known != fault);
        }
        Ok(())
    }

    /// Writes the hub's rules for all faults of lines but one.
    async fn rule(&self, without: Option<&Fault>) -> Result<(), LabError> {
        let mut rules = Vec::new();
        for fault in self.faults.iter().filter(|fault| Some(*fault) != without) {
            let (from, to, lost, one_way) = match fault {
                Fault::Cut { from, to, one_way } => (from, to, 100, *one_way),
                Fault::Lose { from, to, percent } => (from, to, *percent, false),
                _ => continue,
            };
            let (from, to) = (self.host(from)?.seat(), self.host(to)?.seat());
            rules.push(Rule { from, to, lost });
            if !one_way {
                rules.push(Rule { from: to, to: from, lost });
            }
        }
        let text = rules::table(&rules);
        Ok(self.namespaces.in_hub(&self.tools, &self.tools.nft, &["-f", "-"], &text).await?)
    }

    async fn accept(&mut self, name: &str, accepted: bool) -> Result<(), LabError> {
        if accepted {
            self.accepted.insert(name.to_owned());
        } else {
            self.accepted.remove(name);
        }
        for name in self.write_overlay()? {
            self.host(&name)?.has_to("sh /run/host/overlay.sh change").await?;
        }
        Ok(())
    }

    /// Writes what the overlay's daemons read, and tells whose changed.
    pub(super) fn write_overlay(&self) -> Result<Vec<String>, NoFolder> {
        let mut changed = Vec::new();
        for host in self.hosts() {
            let Some(me) = &host.identity else { continue };
            let peers = taken(&self.topology, &self.accepted, host.name()).into_iter();
            let peers = peers.filter_map(|name| {
                let peer = self.hosts.get(name)?;
                Some(Peer { seat: &peer.seat, identity: peer.identity.as_ref()? })
            });
            let peers: Vec<_> = peers.collect();
            let open = !self.accepted.contains(host.name());
            let text = overlay::configuration(self.topology.overlay, me, &peers, open);
            let file = format!("hosts/{}/overlay.conf", host.name());
            if self.folder.read(&file) != text {
                self.folder.write(&file, &text, 0o600)?;
                changed.push(host.name().to_owned());
            }
        }
        Ok(changed)
    }

    async fn certify(&self, name: &str, validity: Validity) -> Result<(), LabError> {
        let path = |file: &str| self.folder.path().join(file);
        let key = path(&format!("hosts/{name}/key"));
        keys::sign(&self.tools, &path("authority"), &key, name, validity).await?;
        Ok(self.host(name)?.has_to("sh /run/host/sshd.sh stop; sh /run/host/sshd.sh start").await?)
    }

    async fn claim(&self, name: &str, of: &str, wrong: bool) -> Result<(), LabError> {
        let (thief, owner) = (self.host(name)?, self.host(of)?.seat());
        let verb = if wrong { "add" } else { "delete" };
        for (address, length) in owner.plain().into_iter().zip([32, 128]) {
            thief.has_to(&format!("ip address {verb} {address}/{length} dev eth0")).await?;
        }
        self.way(owner, if wrong { &thief.seat.link } else { &owner.link }).await?;
        Ok(())
    }

    /// Leads a host's addresses to the cable of somebody.
    async fn way(&self, owner: &crate::addresses::Seat, link: &str) -> Result<(), RunError> {
        let text = format!(
            "route replace {}/32 dev {link}\nroute delete {}/128\nroute add {}/128 dev {link}\n",
            owner.v4, owner.v6, owner.v6
        );
        self.namespaces.in_hub(&self.tools, &self.tools.ip, &["-batch", "-"], &text).await
    }
}
