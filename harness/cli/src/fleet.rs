//! `seaworthy fleet`: what is defined, what is wrong with it, and what policies see of it.

use std::fmt::Write as _;

use load::diagnostic::{Diagnostic, Severity};
use model::resolved::ResolvedFleet;
use reports::count;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{args::PlanFormat, complain, desk::Desk, exit::Exit, pipeline, sources, stop::Stop, suite};

/// Shows the fleet as it resolves. A fleet in `fleet.toml` is shown without evaluating anything.
///
/// # Errors
/// The input is wrong, or nothing can be learnt from nix.
pub async fn show(
    desk: &Desk,
    format: PlanFormat,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let fleet = resolved(desk, interrupts).await?.0;
    let text = match format {
        PlanFormat::Human => human(&fleet),
        PlanFormat::Json => desk.json(&as_json(&fleet))?,
    };
    desk.out(&text)?;
    Ok(Exit::Open)
}

/// Shows everything that makes no sense in `fleet.toml`, each at its line.
///
/// # Errors
/// The file cannot be used at all; its problems have been shown.
pub async fn lint(desk: &Desk, interrupts: &mut mpsc::Receiver<()>) -> Result<Exit, Stop> {
    let (fleet, text) = resolved(desk, interrupts).await?;
    let mut problems = load::lint::lint(&fleet, text.as_deref());
    problems.extend(of_suites(desk, &fleet, text.as_deref()).await?);
    problems.extend(load::lint::promotion::stuck(&fleet, text.as_deref()));
    problems.extend(load::lint::asks::unanswered(&fleet, text.as_deref()));
    problems.extend(load::lint::exceptions::unmatched(&fleet, text.as_deref()));
    problems.extend(load::lint::given::unknown(&fleet, text.as_deref()));
    problems.extend(sources::missing_trees(desk, &fleet.fleet, None, text.as_deref()));
    desk.screen.note(complain::rendered(desk.screen, text.as_deref().unwrap_or(""), &problems).trim_end());
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let counted =
        [count(fleet.machines.len(), "machine"), count(errors, "error"), count(warnings, "warning")];
    let [machines, errors, warnings] = counted;
    desk.out(&format!("{machines}: {errors}, {warnings}\n"))?;
    Ok(if problems.is_empty() { Exit::Open } else { Exit::Closed })
}

/// Waivers of rules that are neither built in nor in the fleet's own suites, and those that are over; gates that no suite has a
/// check for.
async fn of_suites(desk: &Desk, fleet: &ResolvedFleet, text: Option<&str>) -> Result<Vec<Diagnostic>, Stop> {
    // Reading every file of the fleet takes longer than all else that a lint does.
    if fleet.fleet.waivers.is_empty() && fleet.fleet.promotion.is_none() {
        return Ok(Vec::new());
    }
    let suites = sources::suites(desk, &suite::own_files(desk).await?)?;
    let mut problems = load::lint::waivers::unknown(&fleet.fleet, &suites, None, text);
    problems.extend(load::lint::waivers::expired(&fleet.fleet, desk.today(), text));
    problems.extend(load::lint::promotion::unasked(fleet, &suites, text));
    Ok(problems)
}

/// Prints the facts document, or the part of it at a pointer.
///
/// # Errors
/// The input is wrong, nothing can be learnt from nix, or there is nothing at the pointer.
pub async fn facts(
    desk: &Desk,
    pointer: Option<&str>,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let known = pipeline::know(desk, true, interrupts).await?;
    let document = &known.facts.document;
    let part = document.pointer(pointer.unwrap_or("")).ok_or_else(|| {
        Stop::input(format!("the facts have nothing at {}", pointer.unwrap_or("")))
            .help("a pointer looks like /machines/cinnabar/facts; suites/FACTS.md describes the document")
    })?;
    desk.out(&desk.json(part)?)?;
    Ok(Exit::Open)
}

async fn resolved(
    desk: &Desk,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<(ResolvedFleet, Option<String>), Stop> {
    match sources::fleet_toml(desk)? {
        (Some(fleet), text) => Ok((load::resolve::resolve(fleet), text)),
        (None, _) => Ok((pipeline::know(desk, true, interrupts).await?.fleet, None)),
    }
}

fn as_json(fleet: &ResolvedFleet) -> Value {
    json!({
        "name": fleet.fleet.inventory.meta.name,
        "source": fleet.fleet.source,
        "machines": fleet.machines,
        "roles": fleet.roles,
        "conflicts": fleet.conflicts,
    })
}

fn human(fleet: &ResolvedFleet) -> String {
    let mut out = String::new();
    let name = fleet.fleet.inventory.meta.name.as_deref().unwrap_or("unnamed");
    let _infallible = writeln!(
        out,
        "{name}: {}, {}",
        count(fleet.machines.len(), "machine"),
        count(fleet.roles.len(), "instance")
    );
    let width = fleet.machines.keys().map(|name| name.as_str().chars().count()).max().unwrap_or(0);
    for (name, machine) in &fleet.machines {
        let tags: Vec<_> = machine.tags.iter().map(String::as_str).collect();
        let _infallible = writeln!(out, "  {name:width$}  {:6}  {}", machine.class.as_str(), tags.join(" "));
    }
    for (instance, roles) in &fleet.roles {
        let _infallible = writeln!(out, "{instance}");
        for (role, members) in roles {
            let names: Vec<_> = members.iter().map(model::machine::MachineName::as_str).collect();
            let _infallible = writeln!(out, "  {role}: {}", names.join(" "));
        }
    }
    out
}
