//! The matrix as JSON.
//!
//! In: an extract. Out: what serde writes, pair by pair: a large fleet's document is never in memory as a whole. It must not
//! change a name or a meaning without changing the version.

use std::collections::BTreeMap;

use model::{
    machine::MachineName,
    matrix::{Mesh, Pair},
    overlay::{Member, OverlayKind},
    reach::{Probe, Reach},
};
use serde::{Serialize, Serializer};

use super::{Extract, VERSION, counts::Counts};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    tool: &'a str,
    fleet: &'a str,
    machines: &'a [MachineName],
    overlays: Vec<Overlay<'a>>,
}

#[derive(Serialize)]
struct Overlay<'a> {
    name: &'a str,
    kind: OverlayKind,
    members: &'a BTreeMap<MachineName, Member>,
    counts: Counts,
    #[serde(serialize_with = "pairs")]
    pairs: (Extract<'a>, &'a Mesh),
}

#[derive(Serialize)]
struct Told<'a> {
    from: &'a MachineName,
    to: &'a MachineName,
    reach: Reach,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<Instead>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<&'a Probe>,
}

#[derive(Serialize)]
struct Instead {
    reach: Reach,
    why: String,
}

impl<'a> Document<'a> {
    pub(super) fn of(extract: &Extract<'a>) -> Self {
        let overlay = |mesh: &'a Mesh| Overlay {
            name: &mesh.overlay.name,
            kind: mesh.overlay.kind,
            members: &mesh.overlay.members,
            counts: Counts::of(extract.pairs(mesh)),
            pairs: (*extract, mesh),
        };
        Self {
            version: VERSION,
            tool: extract.tool,
            fleet: extract.fleet,
            machines: &extract.matrix.machines,
            overlays: extract.meshes().map(overlay).collect(),
        }
    }
}

fn pairs<S: Serializer>((extract, mesh): &(Extract<'_>, &Mesh), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(extract.pairs(mesh).map(told))
}

fn told(pair: Pair<'_>) -> Told<'_> {
    Told {
        from: pair.from,
        to: pair.to,
        reach: pair.reach(),
        why: pair.why(),
        instead: pair.instead().map(|(reach, why)| Instead { reach, why }),
        probe: pair.expectation.probe.as_deref(),
    }
}
