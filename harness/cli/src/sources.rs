//! The user's files, read once: `fleet.toml`, the source tree, the fleet's own suites.
//!
//! Flows in: the desk. Flows out: [`Sources`], or every problem that the files have. Nothing is evaluated here.

use std::{collections::BTreeSet, slice};

use edge::{
    policy::{RegoError, broken_policies},
    tree::{self, TreeError},
};
use load::diagnostic::{Diagnostic, Severity};
use model::{
    case::Case,
    digest::Digest,
    fleet::Fleet,
    machine::MachineName,
    place::Place,
    resolved::ResolvedFleet,
    suite::{Suite, SuiteOrigin},
    tree::Tree,
};

use crate::{complain, desk::Desk, stop::Stop};

/// The folder of a fleet's own suites, in its project.
const SUITES: &str = "seaworthy/suites/";

/// What the user's files say by themselves.
#[derive(Debug)]
pub struct Sources {
    /// From `fleet.toml`, where there is one.
    pub fleet: Option<Fleet>,
    /// The text of `fleet.toml`.
    pub text: Option<String>,
    /// Every file that nix sees.
    pub tree: Tree,
    /// Over all of them.
    pub digest: Digest,
    /// The built-in suites and the fleet's own.
    pub suites: Vec<Suite>,
}

/// Reads everything.
///
/// # Errors
/// A file cannot be read or used. What is wrong with `fleet.toml` and with suites has been shown, each at its line.
pub async fn read(desk: &Desk) -> Result<Sources, Stop> {
    let (fleet, text) = fleet_toml(desk)?;
    let folder = &desk.project.folder;
    let read = tree::read(folder, &desk.outputs).await.map_err(|error| unreadable(desk, error))?;
    let suites = suites(desk, &read.tree)?;
    Ok(Sources { fleet, text, tree: read.tree, digest: read.digest, suites })
}

/// Reads `fleet.toml` alone.
///
/// # Errors
/// It cannot be read or used.
pub fn fleet_toml(desk: &Desk) -> Result<(Option<Fleet>, Option<String>), Stop> {
    let Some(path) = &desk.project.fleet_toml else { return Ok((None, None)) };
    let bytes = tree::bytes(path).map_err(|error| {
        Stop::input("fleet.toml cannot be read")
            .because(error)
            .help("see that it is the right file; one for ten thousand machines takes a few MiB")
    })?;
    let (fleet, diagnostics) = load::fleet_toml::parse("fleet.toml", &bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match fleet {
        Some(fleet) => Ok((Some(fleet), Some(text))),
        None => Err(unusable(desk, "fleet.toml", &text, &diagnostics)),
    }
}

/// Holds the waivers of a fleet against what there is to waive.
///
/// # Errors
/// One of them names what does not exist; it has been shown at its line.
pub fn waivers(
    desk: &Desk,
    sources: &Sources,
    fleet: &Fleet,
    machines: Option<&BTreeSet<&MachineName>>,
) -> Result<(), Stop> {
    let text = sources.text.as_deref();
    let unknown = load::lint::waivers::unknown(fleet, &sources.suites, machines, text);
    none_of(desk, text, &unknown)
}

/// Holds what a fleet asks of its guests, and what it gives them to boot, against the machines that there are.
///
/// # Errors
/// Something is asked of nobody, or given to nobody; it has been shown at its line.
pub fn asks(desk: &Desk, sources: &Sources, fleet: &ResolvedFleet) -> Result<(), Stop> {
    let text = sources.text.as_deref();
    let mut problems = load::lint::asks::unanswered(fleet, text);
    problems.extend(load::lint::given::unknown(fleet, text));
    none_of(desk, text, &problems)
}

/// Holds what a fleet's owner states about who reaches whom against the machines and overlays that there are.
///
/// # Errors
/// Something is stated of nobody, or is contradicted; it has been shown at its line.
pub fn exceptions(desk: &Desk, sources: &Sources, fleet: &ResolvedFleet) -> Result<(), Stop> {
    let text = sources.text.as_deref();
    none_of(desk, text, &load::lint::exceptions::unmatched(fleet, text))
}

/// Holds the trees that a fleet names against the outputs that the flake has, where they are known, and the files.
///
/// # Errors
/// One of them is not there; it has been shown at its line.
pub fn trees(desk: &Desk, sources: &Sources, fleet: &Fleet, outputs: Option<&[String]>) -> Result<(), Stop> {
    let text = sources.text.as_deref();
    none_of(desk, text, &missing_trees(desk, fleet, outputs, text))
}

/// The trees that are not there.
#[must_use]
pub fn missing_trees(
    desk: &Desk,
    fleet: &Fleet,
    outputs: Option<&[String]>,
    text: Option<&str>,
) -> Vec<Diagnostic> {
    let is_file = |path: &str| desk.project.folder.join(path).is_file();
    load::lint::trees::missing(fleet, outputs, &is_file, text)
}

fn none_of(desk: &Desk, text: Option<&str>, problems: &[Diagnostic]) -> Result<(), Stop> {
    match problems {
        [] => Ok(()),
        problems => Err(unusable(desk, "fleet.toml", text.unwrap_or(""), problems)),
    }
}

/// Shows the problems of a file and says that it cannot be used.
fn unusable(desk: &Desk, file: &str, text: &str, diagnostics: &[Diagnostic]) -> Stop {
    let errors: Vec<_> =
        diagnostics.iter().filter(|problem| problem.severity == Severity::Error).cloned().collect();
    desk.screen.note(complain::rendered(desk.screen, text, &errors).trim_end());
    let problems = if errors.len() == 1 { "a problem" } else { "problems" };
    Stop::input(format!("{file} has {problems}, shown above"))
}

fn unreadable(desk: &Desk, error: TreeError) -> Stop {
    Stop::input(format!("the files of {} cannot be read", desk.project.folder.display())).because(error)
}

/// The built-in suites, and those of the fleet.
///
/// # Errors
/// A suite has problems; they have been shown.
pub fn suites(desk: &Desk, tree: &Tree) -> Result<Vec<Suite>, Stop> {
    let mut loaded = Vec::new();
    let mut stops = Vec::new();
    for (name, origin, files) in suite_files(tree) {
        match suite(desk, name, origin, &files) {
            Ok((suite, _)) => loaded.push(suite),
            Err(stop) => stops.push(stop),
        }
    }
    stops.into_iter().next().map_or(Ok(loaded), Err)
}

/// One suite with its cases.
///
/// # Errors
/// It has problems; they have been shown.
pub fn suite(
    desk: &Desk,
    name: &str,
    origin: SuiteOrigin,
    files: &SuiteFiles<'_>,
) -> Result<(Suite, Vec<Case>), Stop> {
    if origin == SuiteOrigin::User && suites::built_in().iter().any(|(built_in, _)| *built_in == name) {
        return Err(Stop::input(format!("{SUITES}{name} has the name of a built-in suite"))
            .help("give the folder another name; `seaworthy suites list` shows those that are taken"));
    }
    let problems = match load::suite::load_with_cases(name, origin, files) {
        Ok((suite, cases)) => match uncompiled(&suite) {
            none if none.is_empty() => return Ok((suite, cases)),
            problems => problems,
        },
        Err(problems) => problems,
    };
    let folder = load::suite::folder(name, origin);
    for mut problem in problems {
        let path = problem.place.file.strip_prefix(&folder).and_then(|path| path.strip_prefix('/'));
        let text = files.iter().find(|(known, _)| Some(*known) == path).map_or("", |(_, text)| text);
        if problem.span.is_empty() {
            load::spans::fill(slice::from_mut(&mut problem), text);
        }
        desk.screen.note(complain::rendered(desk.screen, text, slice::from_ref(&problem)).trim_end());
    }
    Err(Stop::input(format!("the suite {name} does not load; its problems are shown above"))
        .help("suites/README.md of seaworthy describes the form; `seaworthy suites test` tries a suite out"))
}

/// What does not compile among a suite's policies; those that are built in do.
fn uncompiled(suite: &Suite) -> Vec<Diagnostic> {
    let errors = if suite.origin == SuiteOrigin::User { broken_policies(suite) } else { Vec::new() };
    let problem = |RegoError { file, line, column, message }: RegoError| {
        Diagnostic::error("policy", message, Place::new(file, line, column))
    };
    errors.into_iter().map(problem).collect()
}

/// The files of one suite: path in its folder, and text.
pub type SuiteFiles<'a> = Vec<(&'a str, &'a str)>;

/// The name, origin and files of every suite.
#[must_use]
pub fn suite_files(tree: &Tree) -> Vec<(&str, SuiteOrigin, SuiteFiles<'_>)> {
    let built_in = suites::built_in().into_iter().map(|(name, files)| (name, SuiteOrigin::BuiltIn, files));
    let mut own: Vec<(&str, SuiteOrigin, SuiteFiles<'_>)> = Vec::new();
    let texts = tree.texts().filter_map(|(path, text)| {
        let (name, file) = path.strip_prefix(SUITES)?.split_once('/')?;
        Some((name, file, text))
    });
    // The tree is sorted, so that each suite's files stand together.
    for (name, file, text) in texts {
        match own.last_mut().filter(|(last, ..)| *last == name) {
            Some((_, _, files)) => files.push((file, text)),
            None => own.push((name, SuiteOrigin::User, vec![(file, text)])),
        }
    }
    built_in.chain(own).collect()
}
