//! `seaworthy init`: the files that let a fleet be proven at a desk and on each pull request.
//!
//! Flows in: the fleet as its flake defines it. Flows out: `fleet.toml`, a recipe, a workflow; or what would be written.
//! Must not: touch a file that is there, or write a `fleet.toml` that lacks what could not be evaluated.
//!
//! In the order in which data meets them: [`computed`] (what need not be written), [`fleet_toml`] and [`toml_value`] (the
//! fleet as text), [`files`] (what is to be written), [`mod@write`].

pub mod computed;
pub mod files;
pub mod fleet_toml;
pub mod toml_value;
pub mod write;

#[cfg(test)]
mod tests;

use std::{fmt::Write as _, path::Path};

use edge::tree;
use model::fleet::Fleet;
use tokio::sync::mpsc;

use self::{
    files::{Action, FLEET_TOML, Planned, WORKFLOW},
    write::WriteError,
};
use crate::{
    args,
    desk::Desk,
    evaluation,
    exit::Exit,
    sources::{self, Sources},
    stop::Stop,
};

/// Writes what is missing, or says what it would write.
///
/// # Errors
/// The fleet cannot be read or evaluated, and then nothing was written; or a file cannot be written, and then the error
/// names those that were.
pub async fn init(
    desk: &Desk,
    options: &args::Init,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let folder = &desk.project.folder;
    let fleet = fleet(desk, interrupts).await?;
    let planned = files::files(&fleet, &|path| folder.join(path).symlink_metadata().is_ok());
    if !options.dry_run {
        write::write(folder, &planned).map_err(|error| not_written(&error))?;
    }
    let left: Vec<_> = planned
        .into_iter()
        .map(|file| {
            let text = tree::bytes(&folder.join(&file.path)).unwrap_or_default();
            file.without_what_is_there(&String::from_utf8_lossy(&text))
        })
        .collect();
    desk.out(&told(&left, options.dry_run, folder, repository(folder)))?;
    Ok(Exit::Open)
}

/// The fleet of `fleet.toml`, which needs no evaluation, or else what evaluating tells.
async fn fleet(desk: &Desk, interrupts: &mut mpsc::Receiver<()>) -> Result<Fleet, Stop> {
    if let (Some(fleet), _) = sources::fleet_toml(desk)? {
        return Ok(fleet);
    }
    let evaluated = evaluation::survey(desk, &sources(desk).await?, true, interrupts).await?;
    if let Some(fault) = evaluated.fault {
        let stop = Stop::broken(format!("{}; nothing was written", fault.what));
        return Err(match fault.remedy {
            Some(remedy) => stop.help(remedy),
            None => stop,
        });
    }
    let (fleet, problems) = load::flake_fleet::from_survey(&evaluated.survey);
    problems.iter().for_each(|problem| desk.screen.note(&problem.to_string()));
    if evaluated.survey.inventory_error.is_some() {
        return Err(Stop::input("without clan's inventory, fleet.toml would lack most of the fleet")
            .help("repair what is shown above; nothing was written"));
    }
    Ok(fleet)
}

/// The files that are evaluated. Suites are not asked here, so a broken one is no hindrance.
async fn sources(desk: &Desk) -> Result<Sources, Stop> {
    let folder = &desk.project.folder;
    let read = tree::read(folder, &desk.outputs).await.map_err(|error| {
        Stop::input(format!("the files of {} cannot be read", folder.display())).because(error)
    })?;
    Ok(Sources { fleet: None, text: None, tree: read.tree, digest: read.digest, suites: Vec::new() })
}

fn not_written(error: &WriteError) -> Stop {
    let written = match error.written.as_slice() {
        [] => "nothing was written".to_owned(),
        written => format!("written before that: {}", written.join(", ")),
    };
    let stop = Stop::input(format!("{error}: {}; {written}", error.source));
    stop.help("`seaworthy init` again writes what is still missing")
}

/// What was done, or would be, and what is left to the user.
fn told(planned: &[Planned], dry_run: bool, folder: &Path, repository: Option<&Path>) -> String {
    let mut out = String::new();
    for file in planned {
        let word = match (file.action, dry_run) {
            (Action::Write, false) => "wrote",
            (Action::Write, true) => "would write",
            (Action::AlreadyThere, _) => "left as it is",
        };
        let _infallible = writeln!(out, "{word:13} {}", file.path);
    }
    for file in planned.iter().filter(|file| file.action == Action::AlreadyThere && !file.content.is_empty())
    {
        let _infallible = write!(out, "\nto add to {}:\n\n{}", file.path, indented(&file.content));
    }
    let above = repository.filter(|repository| *repository != folder);
    if let Some(repository) = above.filter(|_| writes(planned, WORKFLOW)) {
        let _infallible = write!(
            out,
            "\nThe repository begins at {}: move .github there, and give the step that runs seaworthy this folder as its \
             `working-directory`.\n",
            repository.display()
        );
    }
    if writes(planned, FLEET_TOML) {
        out.push_str(match repository {
            Some(_) => {
                "\nnext: `git add fleet.toml`, without which nix does not see it; then `seaworthy verify`\n"
            }
            None => "\nnext: `seaworthy verify`\n",
        });
    }
    if writes(planned, WORKFLOW) {
        out.push_str("next: say in the workflow where seaworthy comes from (SEAWORTHY)\n");
    }
    out
}

fn writes(planned: &[Planned], path: &str) -> bool {
    planned.iter().any(|file| file.path == path && file.action == Action::Write)
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let _infallible = if line.is_empty() { writeln!(out) } else { writeln!(out, "    {line}") };
        out
    })
}

/// The folder of the repository that the fleet is in. Forges look for workflows there and nowhere else.
fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").exists())
}
