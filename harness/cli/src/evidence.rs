//! `seaworthy evidence`: what one computer proved, carried to another by git.

use std::{collections::HashMap, path::PathBuf};

use edge::{
    evidence::{Attested, Found, GitError, Keygen, Pass, Repository, Shelf, SignError},
    process::Spawner,
    state::State,
};
use jiff::Timestamp;
use model::{digest::Digest, evidence::Evidence, plan::Plan, promotion::Promotion};
use reports::count;
use tokio::sync::mpsc;

use crate::{args, desk::Desk, exit::Exit, pipeline, sources, stop::Stop, trouble, wish::Wish};

/// Signs what this computer proved of the fleet as it is, and pushes it.
///
/// # Errors
/// Nothing is proven, nothing can be signed, or git does not do it.
pub async fn push(
    desk: &Desk,
    options: &args::Push,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Exit, Stop> {
    let wish = Wish { fresh: true, ..Wish::default() };
    let known = pipeline::know(desk, true, interrupts).await?;
    let plan = pipeline::plan(desk, &known, &wish)?;
    let attested = attested(&plan, &pipeline::own_evidence(desk, &plan));
    if attested.passes.is_empty() {
        return Err(Stop::undecided("nothing of the fleet as it is was proven here")
            .help("`seaworthy verify` proves it; nothing stands while an input of the flake is not locked"));
    }
    let keygen = keygen(desk)?;
    let envelope = Shelf::sign(&attested, &keygen, &options.key).await.map_err(unsigned)?;
    let new = repository(desk)?.push(&options.remote, &[envelope]).await.map_err(git)?;
    let checks = count(attested.passes.len(), "check");
    desk.out(&match new {
        0 => format!("{}: {checks}, there already\n", options.remote),
        _ => format!("{}: {checks}, signed and pushed\n", options.remote),
    })?;
    Ok(Exit::Open)
}

fn attested(plan: &Plan, evidence: &HashMap<Digest, Evidence>) -> Attested {
    let pass = |check: &model::check::Check| {
        let key = check.key.filter(|_| check.skip.is_none())?;
        let Evidence { run, at, .. } = evidence.get(&key)?;
        Some(Pass { key, check: check.id.clone(), run: run.clone(), at: *at })
    };
    let passes = plan.checks.iter().filter_map(pass).collect();
    Attested { tool: plan.header.tool.clone(), capabilities: plan.header.capabilities.clone(), passes }
}

/// Fetches what others proved, and says of each envelope whether it counts.
///
/// # Errors
/// git does not do it, or the state folder cannot be written.
pub async fn pull(desk: &Desk, options: &args::Pull) -> Result<Exit, Stop> {
    let (fleet, _) = sources::fleet_toml(desk)?;
    let policy = fleet.and_then(|fleet| fleet.promotion).unwrap_or_default();
    let files = repository(desk)?.pull(&options.remote).await.map_err(git)?;
    let shelf = Shelf::of(&State::open(&desk.project.folder).map_err(trouble::state)?);
    let mut pulled = Vec::new();
    for (name, bytes) in &files {
        let digest = Digest::of(bytes);
        if *name != format!("{}.json", digest.hex()) {
            desk.out(&format!("{name}: refused: its file was changed after it was filed\n"))?;
            continue;
        }
        pulled.push(shelf.file(bytes).map_err(trouble::state)?);
    }
    let mut counting = 0;
    for found in shelf.read(&policy.signers).map_err(trouble::state)? {
        if pulled.contains(&found.digest) {
            let (counts, told) = told(&found, &policy, desk.now);
            counting += usize::from(counts);
            desk.out(&format!("{}: {told}\n", found.digest.hex().chars().take(8).collect::<String>()))?;
        }
    }
    if policy.signers.is_empty() {
        desk.screen.note("`[promotion] signers` names nobody: nothing that others proved counts");
    }
    desk.screen.note(&format!("{} of {} count", counting, count(files.len(), "envelope")));
    Ok(if counting > 0 { Exit::Open } else { Exit::Undecided })
}

/// Whether an envelope counts now, and why not.
fn told(found: &Found, policy: &Promotion, now: Timestamp) -> (bool, String) {
    let (claimed, signer) = match (&found.claimed, &found.signer) {
        (Some(claimed), Ok(signer)) => (claimed, signer),
        (_, Err(why)) => return (false, format!("refused: {why}")),
        (None, Ok(_)) => return (false, "refused: it says nothing".to_owned()),
    };
    let Some(newest) = claimed.passes.iter().map(|pass| pass.at).max() else {
        return (false, "refused: it attests nothing".to_owned());
    };
    let age = now.duration_since(newest);
    if age.is_negative() {
        return (false, format!("refused: it was proven later than now, on {newest:.0}; a clock is wrong"));
    }
    if policy.fresh.is_some_and(|fresh| jiff::SignedDuration::try_from(fresh).is_ok_and(|fresh| age > fresh))
    {
        return (false, format!("refused: it is stale: proven on {newest:.0}"));
    }
    (
        true,
        format!(
            "{}, signed by {signer}, the last proven on {newest:.0}",
            count(claimed.passes.len(), "check")
        ),
    )
}

fn repository(desk: &Desk) -> Result<Repository, Stop> {
    Ok(Repository {
        git: tool(desk, "git")?,
        folder: desk.project.folder.clone(),
        environment: desk.environment.all.clone(),
        spawner: Spawner::new(),
    })
}

/// What signs.
///
/// # Errors
/// There is none.
pub fn keygen(desk: &Desk) -> Result<Keygen, Stop> {
    let (program, environment) = (tool(desk, "ssh-keygen")?, desk.environment.all.clone());
    Ok(Keygen { program, environment, spawner: Spawner::new() })
}

fn tool(desk: &Desk, name: &str) -> Result<PathBuf, Stop> {
    desk.environment.on_path(name).ok_or_else(|| {
        Stop::broken(format!("there is no {name} on PATH"))
            .help("install it: what is proven or agreed to is signed and carried by it")
    })
}

/// Nothing was signed, and what to do about it.
#[must_use]
pub fn unsigned(error: SignError) -> Stop {
    let help = match &error {
        SignError::Refused { .. } => {
            "an encrypted key has to be in the SSH agent (`ssh-add`); then give its .pub file with `--key`"
        }
        SignError::OtherKind(_) => "`ssh-keygen -t ed25519` makes such a key",
        SignError::NotRun(_) | SignError::Folder(_) => {
            "see that ssh-keygen runs, and that there is room in /tmp"
        }
    };
    Stop::input("nothing was signed").because(error).help(help)
}

fn git(error: GitError) -> Stop {
    let help =
        "the fleet's folder has to be in a git repository, and `git push` and `git fetch` to work there";
    Stop::broken("evidence did not travel").because(error).help(help)
}
