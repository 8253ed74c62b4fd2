//! `seaworthy doctor`: what this machine has, and what each missing thing costs.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use edge::{
    doctor::{self, Inputs, Item, State},
    process::Spawner,
};

use crate::{
    args::{self, PlanFormat},
    environment::Environment,
    exit::Exit,
    progress::Spinner,
    screen::Screen,
    stop::Stop,
};

/// Examines the machine. The exit code is 0 if nothing is missing that `verify` needs.
///
/// # Errors
/// Stdout cannot be written.
pub async fn examine(
    options: &args::Doctor,
    folder: &Path,
    environment: &Environment,
    screen: Screen,
) -> Result<Exit, Stop> {
    let items = {
        let _spinner = Spinner::start(screen, "trying what is here");
        doctor::examine(&inputs(folder, environment), &Spawner::new()).await
    };
    let text = match options.format {
        PlanFormat::Human => items.iter().map(line).collect(),
        PlanFormat::Json => json(&items)?,
    };
    screen.out(&text).map_err(|error| Stop::broken("stdout cannot be written").because(error))?;
    let needed = items.iter().any(|item| item.state == State::Missing && item.name.starts_with("nix"));
    Ok(if needed { Exit::Broken } else { Exit::Open })
}

fn inputs(folder: &Path, environment: &Environment) -> Inputs {
    Inputs {
        nix: environment.nix(),
        git: environment.on_path("git"),
        ssh: environment.on_path("ssh"),
        mksquashfs: environment.on_path("mksquashfs"),
        search_path: environment.path.clone().unwrap_or_default(),
        environment: environment.all.clone(),
        state: folder.join(edge::state::FOLDER),
        store: PathBuf::from("/nix/store"),
        temporary: std::env::temp_dir(),
        cache: environment.cache.clone(),
        kernel: None,
    }
}

fn line(item: &Item) -> String {
    let mark = match item.state {
        State::Good => "ok      ",
        State::Degraded => "limited ",
        State::Missing => "missing ",
    };
    let mut line = format!("{mark} {:14} {}\n", item.name, item.found);
    if item.state != State::Good {
        let _infallible = writeln!(line, "{:9}{:14} costs: {}", "", "", item.costs);
    }
    if let Some(remedy) = &item.remedy {
        let _infallible = writeln!(line, "{:9}{:14} do: {remedy}", "", "");
    }
    line
}

fn json(items: &[Item]) -> Result<String, Stop> {
    let text = serde_json::to_string_pretty(items);
    text.map(|text| text + "\n").map_err(|error| Stop::broken("no JSON can be made of this").because(error))
}
