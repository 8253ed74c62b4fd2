//! `seaworthy mesh`: who must reach whom, and who does.

use std::collections::BTreeSet;

use model::{
    machine::MachineName,
    matrix::Matrix,
    stage::Stage,
    suite::{Kind, Suite},
};
use plan::{Channel, Network, Selection};
use reports::{Report, matrix::Extract};
use tokio::sync::mpsc;

use crate::{
    args::{MatrixArguments, PlanFormat, ProbeArguments, Who},
    desk::Desk,
    exit::Exit,
    pipeline::{self, Probing, Wish},
    print::print,
    sources,
    stop::Stop,
    verify::{self, look},
};

/// Shows the matrix. Nothing is run, and nothing is sent to any machine.
///
/// # Errors
/// The input is wrong, nothing can be learnt from nix, or a name is nobody's.
pub async fn matrix(
    desk: &Desk,
    options: &MatrixArguments,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let known = pipeline::know(desk, true, interrupts).await?;
    sources::exceptions(desk, &known.sources, &known.fleet)?;
    let matrix = pipeline::matrix(&known);
    let machines = machines(&matrix, &options.machines)?;
    let overlay = options.overlay.as_deref();
    overlay.map_or(Ok(()), |name| named_overlay(&matrix, name))?;
    let fleet = known.fleet.fleet.inventory.meta.name.as_deref().unwrap_or("unnamed");
    let tool = env!("CARGO_PKG_VERSION");
    let extract = Extract { tool, fleet, matrix: &matrix, machines: &machines, overlay };
    match options.format {
        PlanFormat::Json => desk.stream(|stdout| reports::matrix::write(&extract, stdout))?,
        PlanFormat::Human => desk.out(&reports::matrix::render(&extract, look(desk.screen)))?,
    }
    if let Some(fault) = &known.evaluated.fault {
        desk.screen.note(&format!("nothing was evaluated: {}", fault.what));
        return Ok(Exit::Broken);
    }
    Ok(Exit::Open)
}

/// Asks the machines themselves, over SSH, and says which gates are open. Nothing is changed on them.
///
/// # Errors
/// The input is wrong, or the harness broke.
pub async fn probe(
    desk: &Desk,
    options: &ProbeArguments,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let wish = wish(desk, &options.who)?;
    let known = pipeline::know(desk, true, interrupts).await?;
    let plan = pipeline::plan(desk, &known, &wish)?;
    let done = pipeline::run(desk, known, plan, &wish, interrupts).await?;
    let report = Report { plan: &done.plan, record: &done.record, decision: &done.decision };
    desk.out(&print(&report, options.format, desk.screen))?;
    Ok(verify::exit(desk, &done))
}

/// Who is meant, as a selection of the checks that ask machines.
///
/// # Errors
/// The configuration of ssh that is named is not there.
pub fn wish(desk: &Desk, who: &Who) -> Result<Wish, Stop> {
    let ssh_config = who.ssh_config.as_ref().map(|file| desk.environment.folder.join(file));
    if let Some(file) = ssh_config.as_ref().filter(|file| !file.is_file()) {
        return Err(Stop::input(format!("there is no configuration of ssh at {}", file.display())));
    }
    let selection = Selection {
        machines: who.machines.iter().cloned().map(MachineName).collect(),
        stages: [Stage::Mesh].into(),
        ..Selection::default()
    };
    let probing = Some(Probing { overlay: who.overlay.clone(), ssh_config });
    Ok(Wish { selection, fresh: true, probing, ..Wish::default() })
}

/// The network, as a plan looks at it: the machines' own where they are probed, and one among guests where not.
///
/// # Errors
/// The machines are probed, and there is no overlay, or none has the name that is meant.
pub fn network<'a>(
    desk: &Desk,
    probing: Option<&'a Probing>,
    matrix: &'a Matrix,
) -> Result<Network<'a>, Stop> {
    let Some(probing) = probing else {
        return Ok(Network { matrix, channel: Channel::Guests, overlay: None, seed: 0 });
    };
    if matrix.meshes.is_empty() {
        return Err(Stop::input("the fleet has no overlay network").help(
            "one is an instance of clan's services zerotier, wireguard or yggdrasil; `seaworthy mesh matrix` shows them",
        ));
    }
    let overlay = probing.overlay.as_deref();
    overlay.map_or(Ok(()), |name| named_overlay(matrix, name))?;
    // Each run asks others, where it cannot ask all.
    let seed = desk.now.as_second().unsigned_abs();
    Ok(Network { matrix, channel: Channel::Ssh, overlay, seed })
}

/// A suite as far as it is asked: where machines are asked themselves, nothing is but what they see of the network.
#[must_use]
pub fn part(suite: &Suite, probing: bool) -> Option<Suite> {
    let mut suite = suite.clone();
    if probing {
        suite.checks.retain(|check| matches!(check.kind, Kind::Probe(_)));
    }
    (!suite.checks.is_empty()).then_some(suite)
}

fn machines(matrix: &Matrix, named: &[String]) -> Result<BTreeSet<MachineName>, Stop> {
    let all = || matrix.machines.iter().map(MachineName::as_str);
    let known = |name: &String| match matrix.index(name) {
        Some(_) => Ok(MachineName(name.clone())),
        None => Err(nobody(&format!("no machine is called `{name}`"), name, all())),
    };
    named.iter().map(known).collect()
}

fn named_overlay(matrix: &Matrix, name: &str) -> Result<(), Stop> {
    let all = || matrix.meshes.iter().map(|mesh| mesh.overlay.name.as_str());
    if all().any(|known| known == name) {
        return Ok(());
    }
    Err(nobody(&format!("no overlay network is called `{name}`"), name, all()))
}

fn nobody<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Stop {
    let listed = || {
        let some: Vec<&str> = known.clone().take(20).collect();
        if some.is_empty() { "there is none".to_owned() } else { format!("there are {}", some.join(", ")) }
    };
    let help = plan::nearest(name, known.clone()).map_or_else(listed, |near| format!("did you mean {near}?"));
    Stop::input(what).help(help)
}
