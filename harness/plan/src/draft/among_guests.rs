//! The checks of what guests see of each other: the machines that boot here, together on one network.
//!
//! In: a definition, the network, and what is known of the machines. Out: checks, the round that they share, and a note for each
//! overlay that is not up among guests. It must not look at the computer.

use std::collections::BTreeSet;

use model::{
    fleet::{BootSource, BootTerms},
    machine::{MachineClass, MachineName},
    overlay::OverlayKind,
    plan::Note,
    round::{Guests, Round, Way},
    sighting::pair::Limits,
    suite::Part,
};

use super::{Context, Drafting, Network};
use crate::round::{Terms, draw};

/// Of what kind an overlay is that is up among guests.
const KIND: OverlayKind = OverlayKind::Wireguard;

/// Why an overlay of this kind is not up among guests; `None` where it is.
fn lacking(kind: OverlayKind) -> Option<&'static str> {
    match kind {
        OverlayKind::Wireguard => None,
        OverlayKind::Yggdrasil => Some(
            "an address of Yggdrasil follows from its key, and no key of the fleet's is in a guest: `seaworthy mesh probe` asks the \
             machines themselves",
        ),
        OverlayKind::Zerotier => Some(
            "ZeroTier needs its roots on the internet, and guests reach nobody there: `seaworthy mesh probe` asks the machines \
             themselves",
        ),
    }
}

impl Drafting<'_> {
    /// Of two at least. Who is on no such overlay is there as well, and must not get in.
    pub(super) fn among_guests(&mut self, context: Context<'_>, network: &Network<'_>, limits: Limits) {
        for mesh in &network.matrix.meshes {
            let Some(reason) = lacking(mesh.overlay.kind) else { continue };
            let note = Note::OverlayNotUp { overlay: mesh.overlay.name.clone(), reason: reason.to_owned() };
            self.notes.extend(Some(note).filter(|note| !self.notes.contains(note)));
        }
        let members = |name: &MachineName| {
            let mut meshes = network.matrix.meshes.iter().filter(|mesh| mesh.overlay.kind == KIND);
            meshes.any(|mesh| mesh.overlay.members.contains_key(name))
        };
        let machines: Vec<(MachineName, Option<String>)> =
            self.nixos().map(|name| (name.clone(), self.unable(name))).collect();
        let guests: BTreeSet<MachineName> =
            machines.iter().filter(|(_, unable)| unable.is_none()).map(|(name, _)| name.clone()).collect();
        if guests.iter().filter(|name| members(name)).count() < 2 {
            return self.none(context, "no two machines that boot here are on a WireGuard network");
        }
        let round = self.round.take().unwrap_or_else(|| self.round_of(network, guests));
        self.keys.meet(&round);
        let together = round.guests.as_ref().map(Guests::together);
        for (machine, unable) in machines {
            let is_asked = round.pairs(&machine).next().is_some();
            if !is_asked && !members(&machine) {
                continue;
            }
            let way = together.filter(|_| unable.is_none()).map(|together| Way::Guest { together });
            let mut view = self.sight.view(&[Part::Machines].into(), context.suite.stage, Some(&machine));
            view.skip = view.skip.or(unable);
            self.probe(context, machine, way, among(limits), view);
        }
        self.round = Some(round);
    }

    fn nixos(&self) -> impl Iterator<Item = &MachineName> {
        let known = self.names.machines();
        let is_nixos =
            |name: &&MachineName| known.get(*name).is_some_and(|traits| traits.class == MachineClass::Nixos);
        self.header.machines.iter().filter(is_nixos)
    }

    /// Why a machine is no guest that can be asked.
    fn unable(&self, machine: &MachineName) -> Option<String> {
        let no_shell = || format!("what is booted of `{machine}` has no shell that could be asked");
        let source = self.source(machine);
        let can = source.as_ref().is_some_and(BootSource::is_configuration);
        self.foreign(machine).or_else(|| (!can).then(no_shell))
    }

    fn round_of(&self, network: &Network<'_>, machines: BTreeSet<MachineName>) -> Round {
        // The same ones each time, so that evidence stands.
        let usual = Terms::usual(&machines, 0);
        let terms = Terms { alone: true, overlay: network.overlay, kind: Some(KIND), ..usual };
        let round = draw(network.matrix, &terms);
        let BootTerms { limit, size, .. } = self.inputs.fleet.fleet.boot;
        Round { guests: Some(Guests { machines, each: size, limit }), ..round }
    }
}

/// How well an emulated guest answers says nothing of the machine.
fn among(limits: Limits) -> Limits {
    Limits { loss: 100, latency: None, ..limits }
}
