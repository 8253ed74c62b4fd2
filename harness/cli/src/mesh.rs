//! `seaworthy mesh`: who must reach whom.

use std::collections::BTreeSet;

use model::{machine::MachineName, matrix::Matrix};
use reports::matrix::Extract;
use tokio::sync::mpsc;

use crate::{
    args::{MatrixArguments, PlanFormat},
    desk::Desk,
    exit::Exit,
    pipeline, sources,
    stop::Stop,
    verify::look,
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
    let matrix = load::reach::derive(&known.fleet, &known.facts.document);
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
