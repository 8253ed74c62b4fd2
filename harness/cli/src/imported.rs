//! Evidence of other computers, as far as it answers the checks of a plan.
//!
//! Flows in: the plan, what was pulled, the fleet's signers. Flows out: evidence under the plan's own keys, and why what claims to
//! be evidence for them is not. Must not: let what others proved stand where this computer's own runs speak against it.

use std::collections::HashMap;

use edge::{
    evidence::{Attested, Found, Shelf},
    ledger::Ledger,
    state::State,
};
use model::{check::CheckId, digest::Digest, evidence::Evidence, plan::Plan, promotion::Signer};

use crate::{desk::Desk, trouble};

/// What others proved.
#[derive(Debug, Default)]
pub struct Imported {
    /// By the plan's keys.
    pub evidence: HashMap<Digest, Evidence>,
    /// Why what claims to be evidence does not count, by the plan's keys.
    pub refused: HashMap<Digest, String>,
}

/// Reads what was pulled. `keys` tells the keys of a plan that a computer with other capabilities makes: what it can do is a part
/// of them.
pub fn read(
    desk: &Desk,
    signers: &[Signer],
    plan: &Plan,
    keys: &dyn Fn(&[String]) -> HashMap<CheckId, Digest>,
) -> Imported {
    let Some(state) = State::find(&desk.project.folder) else { return Imported::default() };
    let found = match Shelf::of(&state).read(signers) {
        Ok(found) => found,
        Err(error) => {
            desk.screen.note(&format!("warning: {error}; what others proved does not count"));
            return Imported::default();
        }
    };
    let mut imported = Imported::default();
    let mut of_others: HashMap<&[String], HashMap<CheckId, Digest>> = HashMap::new();
    for one in &found {
        let Some(claimed) = one.claimed.as_ref().filter(|claimed| claimed.tool == plan.header.tool) else {
            continue;
        };
        let theirs = (claimed.capabilities != plan.header.capabilities)
            .then(|| &*of_others.entry(&claimed.capabilities).or_insert_with(|| keys(&claimed.capabilities)));
        take(&mut imported, one, claimed, plan, theirs);
    }
    imported.refused.retain(|key, _| !imported.evidence.contains_key(key));
    spoil(desk, &state, &mut imported);
    imported
}

/// `theirs` holds the keys of the computer that proved, where they are others than ours.
fn take(
    imported: &mut Imported,
    Found { digest, signer, .. }: &Found,
    claimed: &Attested,
    plan: &Plan,
    theirs: Option<&HashMap<CheckId, Digest>>,
) {
    let passes: HashMap<Digest, _> = claimed.passes.iter().map(|pass| (pass.key, pass)).collect();
    for check in &plan.checks {
        let Some(ours) = check.key else { continue };
        let key = theirs.map_or(Some(&ours), |theirs| theirs.get(&check.id));
        let Some(pass) = key.and_then(|key| passes.get(key)) else { continue };
        if let Err(why) = signer {
            let short: String = digest.hex().chars().take(8).collect();
            imported.refused.insert(ours, format!("evidence {short} does not count: {why}"));
            continue;
        }
        let newer = imported.evidence.get(&ours).is_none_or(|known| known.at < pass.at);
        if newer {
            let (run, at, check) = (pass.run.clone(), pass.at, check.id.clone());
            let evidence =
                Evidence { key: ours, check, run, at, measurements: Vec::new(), replaced: Vec::new() };
            imported.evidence.insert(ours, evidence);
        }
    }
}

/// What failed here is flaky at best.
fn spoil(desk: &Desk, state: &State, imported: &mut Imported) {
    let keys: Vec<_> = imported.evidence.keys().copied().collect();
    if keys.is_empty() {
        return;
    }
    match Ledger::open(state).and_then(|(mut ledger, _)| ledger.refuted(&keys)) {
        Ok((refuted, notes)) => {
            trouble::tell(desk, &notes);
            imported.evidence.retain(|key, _| !refuted.contains_key(key));
        }
        Err(error) => {
            imported.evidence.clear();
            trouble::without_evidence::<()>(desk, &error);
        }
    }
}
