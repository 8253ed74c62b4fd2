//! `seaworthy mesh`: who must reach whom, and who does.

use std::collections::BTreeSet;

use model::{machine::MachineName, matrix::Matrix, stage::Stage};
use plan::Selection;
use reports::{Report, matrix::Extract};
use tokio::sync::mpsc;

use crate::{
    args::{MatrixArguments, PlanFormat, ProbeArguments, Who},
    desk::Desk,
    exit::Exit,
    network::{named_overlay, nobody},
    pipeline,
    print::{look, print},
    sources,
    stop::Stop,
    verify,
    wish::{Probing, Wish},
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

fn machines(matrix: &Matrix, named: &[String]) -> Result<BTreeSet<MachineName>, Stop> {
    let all = || matrix.machines.iter().map(MachineName::as_str);
    let known = |name: &String| match matrix.index(name) {
        Some(_) => Ok(MachineName(name.clone())),
        None => Err(nobody(&format!("no machine is called `{name}`"), name, all())),
    };
    named.iter().map(known).collect()
}
