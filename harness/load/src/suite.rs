//! Suites: a folder's files become a [`Suite`] with its [`Case`]s.
//!
//! Flows in: the paths and texts of one suite's files. Flows out: the suite, or every problem that it has.
//! Must not: read the files itself, or compile a policy: whether its Rego is well-formed, the policy engine says.
//!
//! The form is described in `suites/README.md`. A suite in which some check has no bad case does not load: a check that
//! has never failed proves nothing.

mod cases;
mod limits;
mod manifest;
mod policy;
mod reader;

use std::collections::BTreeMap;

use model::{
    case::Case,
    suite::{Suite, SuiteOrigin},
};

use crate::diagnostic::Diagnostic;
use reader::Reader;

/// The texts of a suite's files by their path in its folder, and where that folder stands, for messages.
pub(crate) struct Files<'a> {
    folder: String,
    texts: BTreeMap<&'a str, &'a str>,
}

impl Files<'_> {
    /// The path that a message shows for a file of the suite.
    fn shown(&self, path: &str) -> String {
        format!("{}/{path}", self.folder)
    }
}

/// The folder of a suite, relative to the project's folder or, for one that is built in, to seaworthy's own source.
#[must_use]
pub fn folder(name: &str, origin: SuiteOrigin) -> String {
    match origin {
        SuiteOrigin::BuiltIn => format!("suites/{name}"),
        SuiteOrigin::User => format!("seaworthy/suites/{name}"),
    }
}

/// Loads a suite from its files: paths relative to its folder (`suite.toml`, `cases/bad-x/facts.json`) and texts.
///
/// # Errors
/// Every problem that the files have, in the order of each file's text.
pub fn load(name: &str, origin: SuiteOrigin, files: &[(&str, &str)]) -> Result<Suite, Vec<Diagnostic>> {
    load_with_cases(name, origin, files).map(|(suite, _)| suite)
}

/// Loads a suite and its cases, in the order of their names.
///
/// # Errors
/// Every problem that the files have, in the order of each file's text.
pub fn load_with_cases(
    name: &str,
    origin: SuiteOrigin,
    files: &[(&str, &str)],
) -> Result<(Suite, Vec<Case>), Vec<Diagnostic>> {
    let files = Files { folder: folder(name, origin), texts: files.iter().copied().collect() };
    let mut problems = crate::diagnostic::Diagnostics::default();
    let manifest = manifest::read(name, origin, &files, &mut problems);
    let whole = manifest.as_ref().filter(|_| !problems.has_errors());
    let cases = cases::read(&files, &mut problems);
    // Of a manifest with problems it is not known which checks there are, so nothing is said about their cases.
    if let Some(manifest) = whole {
        cases::cover(manifest, &cases, &mut problems);
    }
    match manifest {
        Some(manifest) if !problems.has_errors() => Ok((manifest.suite, cases)),
        _ => Err(problems.into_vec()),
    }
}

#[cfg(test)]
mod tests;
