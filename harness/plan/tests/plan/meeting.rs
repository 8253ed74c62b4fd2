//! What is asked of guests that meet each other.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    check::Question,
    digest::Digest,
    machine::{MachineClass, MachineName},
    matrix::{Matrix, Mesh, directed},
    overlay::{Member, Overlay, OverlayKind},
    plan::{Note, Plan},
    reach::{Expectation, Probe},
    reason::{Reason, Who},
    sighting::pair::Limits,
    stage::Stage,
    suite::{CheckDefinition, Kind, Part, Scope},
    survey::MachineSurvey,
};
use serde_json::json;

use crate::sample::{Sample, of_fleet, policy, sample, suite};

const MACHINES: [&str; 5] = ["a", "b", "far", "mac", "out"];

/// An overlay of these; whoever is on it must reach all others on it, and nobody else does.
fn mesh(name: &str, kind: OverlayKind, on: &[&str]) -> Mesh {
    let members: BTreeMap<_, _> =
        on.iter().map(|name| (MachineName::from(*name), Member::default())).collect();
    let expectation = |(from, to): (usize, usize)| {
        let is_on = |at: usize| on.contains(&MACHINES[at]);
        let probe = Arc::new(Probe { ping: vec![format!("fd00::{to:x}").parse().unwrap()], tcp: Vec::new() });
        let reason = match (is_on(from), is_on(to)) {
            (true, true) => Reason::Members,
            (false, _) => Reason::Outsider(Who::From),
            (_, false) => Reason::Outsider(Who::To),
        };
        Expectation { reason, probe: is_on(to).then_some(probe) }
    };
    let expectations = directed(MACHINES.len()).map(expectation).collect();
    Mesh { overlay: Overlay { name: name.to_owned(), kind, members }, expectations }
}

/// `a` and `b` on a WireGuard network with a Mac and one that is built elsewhere, and `out`, which is not on it; beside it ZeroTier.
fn harbour() -> Sample {
    let reach =
        CheckDefinition { kind: Kind::Probe(Limits::default()), ..policy("reach", Scope::Machine, &[]) };
    let mut harbour = sample().suite(model::suite::Suite { stage: Stage::Mesh, ..suite("mesh", [reach]) });
    let mut facts = serde_json::Map::new();
    for name in MACHINES {
        let class = if name == "mac" { MachineClass::Darwin } else { MachineClass::Nixos };
        harbour.survey.machines.insert(name.into(), MachineSurvey { class, ..MachineSurvey::default() });
        let system = if name == "far" { "aarch64-linux" } else { "x86_64-linux" };
        let told = json!({"toplevel": format!("/nix/store/aaa-{name}.drv"), "boots": "configuration", "system": system});
        facts.insert(name.to_owned(), json!({"facts": told}));
    }
    harbour.survey.system = "x86_64-linux".to_owned();
    harbour.facts.parts.insert(Part::Machines);
    harbour.facts.document["machines"] = facts.into();
    harbour.matrix = Some(Matrix {
        machines: MACHINES.map(MachineName::from).to_vec(),
        meshes: vec![
            mesh("wg", OverlayKind::Wireguard, &["a", "b", "far", "mac"]),
            mesh("zt", OverlayKind::Zerotier, &MACHINES),
        ],
    });
    harbour
}

fn keys(plan: &Plan) -> Vec<Digest> {
    plan.checks.iter().filter_map(|check| check.key).collect()
}

#[test]
fn those_that_boot_here_meet_and_an_outsider_among_them() {
    harbour().asks(&["mesh::reach::a", "mesh::reach::b", "mesh::reach::far", "mesh::reach::out"]);
    let plan = harbour().plan();
    let skipped: Vec<_> = plan.checks.iter().map(|check| check.skip.as_deref()).collect();
    assert_eq!(skipped, [None, None, Some("it is built for aarch64-linux, and this is x86_64-linux"), None]);
    let round = plan.round.as_ref().unwrap();
    let guests = round.guests.as_ref().unwrap();
    assert_eq!(guests.machines, ["a", "b", "out"].map(MachineName::from).into());
    assert_eq!(round.nets.iter().map(|net| net.overlay.name.as_str()).collect::<Vec<_>>(), ["wg"]);
    let pairs: Vec<_> = round.pairs(&"out".into()).map(|pair| pair.to.to_string()).collect();
    assert_eq!(pairs, ["a", "b"], "nobody else is there");
    let size = plan.checks[0].question.size();
    assert_eq!(size.memory, 3 * guests.each.memory, "all of them are there at once");
}

#[test]
fn how_well_a_guest_answers_is_not_judged() {
    let plan = harbour().plan();
    let Question::Probe { limits, .. } = plan.checks[0].question else { panic!("a probe") };
    assert_eq!(limits, Limits { loss: 100, latency: None, ..Limits::default() });
}

#[test]
fn an_overlay_that_is_not_up_among_guests_is_named_with_the_reason() {
    let plan = harbour().plan();
    let told = plan.notes.iter().filter_map(|note| match note {
        Note::OverlayNotUp { overlay, reason } => Some((overlay.as_str(), reason.contains("roots"))),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [("zt", true)]);
}

#[test]
fn one_alone_meets_nobody() {
    let mut harbour = harbour().suite(suite("other", [of_fleet("one")]));
    harbour.facts.document["machines"]["b"]["facts"]["boots"] = "/nix/store/b-vm.drv".into();
    let plan = harbour.plan();
    let reason = "no two machines that boot here are on a WireGuard network".to_owned();
    assert!(plan.notes.contains(&Note::EmptySuite { suite: "mesh".to_owned(), reason }), "{:?}", plan.notes);
}

#[test]
fn an_answer_stands_for_all_who_were_there() {
    let as_it_is = keys(&harbour().plan());
    assert_eq!(as_it_is.len(), 3, "of one that is not there nothing stands");
    assert_eq!(keys(&harbour().plan()), as_it_is);
    let mut other = harbour();
    other.facts.document["machines"]["b"]["facts"]["toplevel"] = "/nix/store/bbb-b.drv".into();
    let changed = keys(&other.plan());
    assert!(changed.iter().all(|key| !as_it_is.contains(key)), "of `a` as well: whom it meets is another");
    let mut expected = harbour();
    let matrix = expected.matrix.as_mut().unwrap();
    matrix.meshes[0].expectations[0].reason = Reason::Closed;
    assert!(keys(&expected.plan()).iter().all(|key| !as_it_is.contains(key)));
}
