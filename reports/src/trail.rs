//! The files to look at where something did not pass.
//!
//! In: the plan's checks with how they came out, and what each left behind. Out: for each check that did not pass, files
//! and where they are. It must not name a file twice, or one of a check whose subject is well.

use std::collections::HashMap;

use model::{
    artifact::Artifact,
    check::{Batch, Check, CheckId},
    stage::Stage,
};

/// Where runs stand, from the project's folder on.
const RUNS: &str = ".seaworthy/runs";

/// A file that a check left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left<'a> {
    /// What it is: `console`.
    pub(crate) name: &'a str,
    /// From the project's folder on.
    pub(crate) path: String,
}

/// The files of each check that did not pass. Whatever was asked of one guest shares what that left behind: such a file
/// stands with the check that kept it, or else with the first of the plan that did not pass.
pub(crate) fn trails<'a>(
    run: &str,
    failed: impl Iterator<Item = &'a Check> + Clone,
    kept: impl Iterator<Item = (&'a Check, &'a [Artifact])>,
) -> HashMap<&'a CheckId, Vec<Left<'a>>> {
    let mut kept = kept.filter(|(_, artifacts)| !artifacts.is_empty()).peekable();
    let mut trails: HashMap<&CheckId, Vec<Left<'_>>> = HashMap::new();
    if kept.peek().is_none() {
        return trails;
    }
    let (mut own, mut first) = (HashMap::new(), HashMap::new());
    for check in failed {
        own.insert(&check.id, &check.id);
        guest(check).map(|guest| first.entry(guest).or_insert(&check.id));
    }
    for (check, artifacts) in kept {
        let with = own.get(&check.id).or_else(|| first.get(&guest(check)?));
        let Some(with) = with else { continue };
        let left = artifacts.iter().map(|artifact| left(run, artifact));
        trails.entry(with).or_default().extend(left);
    }
    trails
}

/// The boot that a check was asked by.
fn guest(check: &Check) -> Option<(Stage, Batch<'_>)> {
    let batch = check.question.batch();
    matches!(batch, Batch::Guest(_)).then_some((check.stage, batch))
}

/// A file, by where it is.
pub(crate) fn left<'a>(run: &str, artifact: &'a Artifact) -> Left<'a> {
    Left { name: &artifact.name, path: format!("{RUNS}/{run}/{}", artifact.path) }
}
