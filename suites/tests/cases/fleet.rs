//! The facts of whole fleets, as the product puts them together.
//!
//! Flows in: the sample fleets of `fixtures/`. Flows out: a test each: what is put together is of the schema, and holds
//! every part that was gathered. Must not: judge what the suites find in them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use edge::{
    nix::pool::{Evaluators, Limits},
    tree,
};
use jiff::civil::date;
use libtest_mimic::{Failed, Trial};
use load::{facts, flake_fleet, fleet_toml, resolve};
use model::{facts::Facts, suite::Part};

use crate::{evaluator, schema};

/// A flake with clan's inventory in a file, one in Nix, one with vars, one without any of it.
const FLEETS: &[&str] = &["eight", "five", "two", "broken-orphan-var"];

/// A test for each.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    FLEETS.iter().map(|fleet| Trial::test(format!("fleet::{fleet}"), move || check(fleet)))
}

fn check(fleet: &str) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/fleets").join(fleet);
    let facts = evaluator::with_nix(async |nix| assemble(folder, nix).await)??;
    schema::holds(&facts.document)?;
    let keys = facts.parts.iter().flat_map(|part| match part {
        Part::Inventory => &["inventory"][..],
        Part::Machines => &["machines"],
        Part::Modules => &["modules"],
        Part::Source => &["source"],
        Part::Vars => &["vars", "sops"],
        Part::Boot => &["boot"],
        Part::Guest => &["guest"],
        Part::Asks => &["asks"],
    });
    let missing: Vec<_> = keys.filter(|key| facts.document.get(**key).is_none()).collect();
    match (missing.is_empty(), facts.parts.contains(&Part::Machines)) {
        (true, true) => Ok(()),
        (true, false) => Err("evaluation told of no machine".into()),
        (false, _) => Err(format!("parts that were gathered are not in the document: {missing:?}").into()),
    }
}

async fn assemble(folder: PathBuf, nix: edge::nix::binary::Nix) -> Result<Facts, Failed> {
    let read = tree::read(&folder, &[]).await?;
    let evaluators = Evaluators::new(nix, &folder, Limits::of_machine());
    let survey = evaluators.survey(None, Arc::new(|_| ())).await?;
    let written = match tree::bytes(&folder.join("fleet.toml")) {
        Ok(bytes) => fleet_toml::parse("fleet.toml", &bytes).0,
        Err(_) => None,
    };
    let (fleet, _) = match written {
        Some(written) => flake_fleet::complete(written, &survey),
        None => flake_fleet::from_survey(&survey),
    };
    Ok(facts::assemble(&resolve::resolve(fleet), &survey, &read.tree, date(2026, 8, 22)))
}
