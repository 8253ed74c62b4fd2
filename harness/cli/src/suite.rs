//! `seaworthy suites`: what there is to be asked, and the proof that each of it can fail.

use std::fmt::Write as _;

use edge::{policy::cases::CaseOutcome, tree};
use model::{
    sighting::rules,
    suite::{Kind, Severity, Suite, SuiteOrigin},
};

use crate::{desk::Desk, exit::Exit, sources, stop::Stop, trial};

/// Lists the suites with their rules.
///
/// # Errors
/// A suite of the fleet has problems.
pub async fn list(desk: &Desk) -> Result<Exit, Stop> {
    let suites = sources::suites(desk, &own_files(desk).await?)?;
    let mut out = String::new();
    for suite in &suites {
        let origin = if suite.origin == SuiteOrigin::User { " (of this fleet)" } else { "" };
        let _infallible = writeln!(out, "{}{origin}: {}\n  {}", suite.name, suite.stage, suite.description);
        suite.checks.iter().for_each(|check| rule(&mut out, suite, check));
    }
    desk.out(&out)?;
    Ok(Exit::Open)
}

fn rule(out: &mut String, suite: &Suite, check: &model::suite::CheckDefinition) {
    let mark = if check.severity == Severity::Warning { " (warning)" } else { "" };
    let each = if matches!(check.kind, Kind::Expression) { " (each test of the flake)" } else { "" };
    let _infallible = writeln!(out, "    {}/{}{mark}{each}: {}", suite.name, check.name, check.description);
    if matches!(check.kind, Kind::Probe(_)) {
        for (rule, prevents) in rules::ALL {
            let _infallible = writeln!(out, "      {rule}: {prevents}");
        }
    }
}

/// Runs the suites' own cases.
///
/// # Errors
/// A suite has problems, or a named one does not exist.
pub async fn test(desk: &Desk, names: &[String]) -> Result<Exit, Stop> {
    let tree = own_files(desk).await?;
    let files = sources::suite_files(&tree);
    if let Some(unknown) = names.iter().find(|name| !files.iter().any(|(known, ..)| known == name)) {
        return Err(
            Stop::input(format!("no suite is called {unknown}")).help("`seaworthy suites list` shows them")
        );
    }
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for (name, origin, files) in
        files.iter().filter(|(name, ..)| names.is_empty() || names.iter().any(|n| n == name))
    {
        let (suite, cases) = sources::suite(desk, name, *origin, files)?;
        for case in cases {
            let outcome = trial::run(desk, &suite, &case).await?;
            let good = outcome == CaseOutcome::AsExpected;
            *(if good { &mut passed } else { &mut failed }) += 1;
            desk.out(&format!(
                "{} {name}::{}\n{}",
                if good { "ok  " } else { "FAIL" },
                case.name,
                trial::told(&outcome)
            ))?;
        }
    }
    desk.out(&format!("{passed} passed, {failed} failed\n"))?;
    Ok(match (passed, failed) {
        (_, 1..) => Exit::Closed,
        (0, 0) => Exit::Undecided,
        _ => Exit::Open,
    })
}

/// The files of the fleet, of which some may be suites.
///
/// # Errors
/// They cannot be listed.
pub async fn own_files(desk: &Desk) -> Result<model::tree::Tree, Stop> {
    let read = tree::read(&desk.project.folder, &desk.outputs).await;
    read.map(|read| read.tree).map_err(|error| Stop::input("the fleet's files cannot be read").because(error))
}
