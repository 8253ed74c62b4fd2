//! The nix of this machine, and cases of expression tests run on it.
//!
//! Flows in: a suite and its case. Flows out: how the case came out. Must not: skip a test where there is no nix: it fails
//! and says so.

use std::{collections::BTreeMap, env, ffi::OsString, path::PathBuf};

use edge::{
    nix::{binary::Nix, cases::run_case},
    policy::cases::CaseOutcome,
    process::Spawner,
};
use libtest_mimic::Failed;
use model::{case::Case, suite::Suite};

/// Runs the case.
pub(crate) fn run(suite: &Suite, case: &Case) -> Result<CaseOutcome, Failed> {
    Ok(with_nix(async |nix| run_case(&nix, suite, case).await)??)
}

/// Does something with the nix of this machine, in a home that nothing else uses.
pub(crate) fn with_nix<T>(work: impl AsyncFnOnce(Nix) -> T) -> Result<T, Failed> {
    let home = tempfile::tempdir()?;
    let mut environment: BTreeMap<OsString, OsString> = env::vars_os().collect();
    environment.insert("HOME".into(), home.path().into());
    environment.insert("XDG_CACHE_HOME".into(), home.path().join("cache").into());
    let binary = binary().ok_or("this test needs a nix: run `ci/run nix`, or set SEAWORTHY_NIX")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { Ok(work(Nix::find(&binary, &environment, &Spawner::new()).await?).await) })
}

/// The nix to use: the one that is stated, the first on `PATH`, or the one that `ci/run nix` put into the cache.
#[expect(clippy::disallowed_methods, reason = "a test finds its nix by itself")]
fn binary() -> Option<PathBuf> {
    let stated = env::var_os("SEAWORTHY_NIX").map(PathBuf::from);
    let on_path =
        || env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("nix")).find(|nix| nix.is_file());
    let cached = || {
        let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home)?;
        Some(cache.join("seaworthy/bin/nix")).filter(|nix| nix.is_file())
    };
    stated.or_else(on_path).or_else(cached)
}
