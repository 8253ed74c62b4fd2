//! Raw arguments raised into ready values, with the advice that belongs to each error.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::PathBuf,
    time::Duration,
};

use edge::{
    nix::{binary::Nix, fault::NixFault},
    process::Spawner,
    ssh::{self, Ssh},
    vm::Yard,
};
use model::{machine::MachineName, place::Place, stage::Stage};
use plan::{Filter, FilterError, PlanProblem, Selection};

use crate::{args, complain, desk::Desk, stop::Stop, wish::Probing};

/// The selection of the command line.
///
/// # Errors
/// A stage that does not exist, or a filter that cannot be read.
pub fn selection(raw: &args::Selection) -> Result<Selection, Stop> {
    let stages: Result<BTreeSet<Stage>, Stop> = raw.stages.iter().map(|name| stage(name)).collect();
    Ok(Selection {
        machines: raw.machines.iter().map(|name| MachineName(name.clone())).collect(),
        tags: raw.tags.iter().cloned().collect(),
        stages: stages?,
        suites: raw.suites.iter().cloned().collect(),
        filter: raw.filter.as_deref().map(filter).transpose()?,
    })
}

fn stage(name: &str) -> Result<Stage, Stop> {
    name.parse().map_err(|error: model::stage::NoSuchStage| {
        let all = Stage::ALL.map(Stage::as_str);
        let near = plan::nearest(name, all).map_or_else(String::new, |near| format!("did you mean {near}? "));
        Stop::input(error.to_string()).help(format!("{near}the stages are {}", all.join(", ")))
    })
}

fn filter(text: &str) -> Result<Filter, Stop> {
    Filter::parse(text).map_err(|errors| {
        let told: Vec<_> = errors.iter().map(|error| pointed(text, error)).collect();
        Stop::input(format!("the filter cannot be read\n{}", told.join("\n")))
            .help("`seaworthy plan --help` shows the language of filters")
    })
}

/// The filter with a mark under what an error is about.
fn pointed(text: &str, error: &FilterError) -> String {
    let columns = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
    let before = columns(text.get(..error.span.start));
    let marked = columns(text.get(error.span.clone())).max(1);
    format!("  {text}\n  {}{} {error}", " ".repeat(before), "^".repeat(marked))
}

/// What keeps a draft from being a plan; `filter` is the filter as it was typed.
#[must_use]
pub fn plan_stop(problems: &[PlanProblem], filter: &str) -> Stop {
    let told = problems.iter().map(|problem| match problem {
        PlanProblem::Filter(error) => pointed(filter, error),
        other => other.to_string(),
    });
    let told: Vec<_> = told.collect();
    let help = match problems {
        [PlanProblem::NoChecks] => "`seaworthy plan` without a selection shows what there is",
        _ => "`seaworthy fleet show` lists machines and tags, `seaworthy suites list` suites and rules",
    };
    Stop::input(told.join("\n")).help(help)
}

/// Where machines are booted as guests. What is made for them is kept with the user's caches, or where there is no home, with
/// temporary files.
#[must_use]
pub fn yard(desk: &Desk) -> Yard {
    let environment = &desk.environment;
    let temporary = std::env::temp_dir();
    let cache = environment.cache.clone().unwrap_or_else(|| temporary.join("seaworthy-cache"));
    let search_path = environment.path.clone().unwrap_or_default();
    let kernel = environment.kernel.clone();
    Yard::new(search_path, kernel, cache, &temporary, environment.on_path("mksquashfs"), Spawner::new())
}

/// The nix to use, asked for its version.
///
/// # Errors
/// There is none, or it does not work.
pub async fn nix(desk: &Desk) -> Result<Nix, Stop> {
    let path = desk.nix()?;
    let environment: BTreeMap<_, _> = desk.environment.all.clone();
    Nix::find(&path, &environment, &Spawner::new()).await.map_err(nix_stop)
}

/// Nothing can be learnt from nix: what, where and what to do.
#[must_use]
pub fn nix_stop(fault: NixFault) -> Stop {
    let whole = matches!(fault, NixFault::Flake { .. }).then(|| Place::file("flake.nix"));
    let place = fault.place().or(whole).map_or_else(String::new, |place| format!("{place}: "));
    let detail = fault.fault().detail.join("\n");
    let detail = detail.lines().filter(|line| !line.trim().is_empty()).take(8);
    let detail: String =
        detail.map(|line| format!("\n  {}", line.chars().take(200).collect::<String>())).collect();
    let stop = Stop::input(complain::harmless(&format!("{place}{fault}{detail}")));
    match fault.remedy() {
        Some(remedy) => stop.help(remedy),
        None => stop.help("`nix eval .#` in the same folder should say the same"),
    }
}

/// OpenSSH's client, with the user's own configuration, or the one that is named.
///
/// # Errors
/// There is none, or no place for its sockets.
pub fn ssh(desk: &Desk, probing: &Probing) -> Result<Ssh, Stop> {
    let environment = &desk.environment;
    let program = environment.on_path("ssh").ok_or_else(|| {
        Stop::input("ssh is not on PATH, and machines are asked over it").help("install OpenSSH's client")
    })?;
    let runtime = environment.all.get(OsStr::new("XDG_RUNTIME_DIR")).map(PathBuf::from);
    let settings = ssh::Settings {
        program,
        config: probing.ssh_config.clone(),
        // What a proxy command or a `Match exec` of the user's needs is the user's to say.
        environment: environment.all.clone(),
        sockets: runtime.filter(|folder| folder.is_dir()).unwrap_or_else(std::env::temp_dir),
        connect: CONNECT,
    };
    Ssh::new(Spawner::new(), settings)
        .map_err(|error| Stop::broken("there is no place for ssh's sockets").because(error))
}

/// How long a machine may take to say who it is.
const CONNECT: Duration = Duration::from_secs(10);

/// The user asked to stop before anything was run.
#[must_use]
pub fn interrupted() -> Stop {
    Stop::undecided("interrupted; nothing was run")
}
