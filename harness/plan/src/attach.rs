//! Which checks of a plan stand on an earlier answer.
//!
//! In: a plan, and evidence by its key. Out: the plan, with each check's reuse said. It must not weigh evidence: whatever
//! may stand is filed under the key, and everything that it depends on is in the key.

use std::{collections::HashMap, hash::BuildHasher};

use model::{
    digest::Digest,
    evidence::{Evidence, Reuse},
    plan::Plan,
};

/// Says of each check whether an earlier pass stands for it; with `fresh`, none does. A check that will be skipped is
/// never answered by evidence.
#[must_use]
pub fn attach<S: BuildHasher>(mut plan: Plan, evidence: &HashMap<Digest, Evidence, S>, fresh: bool) -> Plan {
    for check in &mut plan.checks {
        let key = check.key.as_ref().filter(|_| !fresh && check.skip.is_none());
        let found = key.and_then(|key| evidence.get(key).filter(|evidence| evidence.key == *key));
        check.reuse = found.map(|evidence| Reuse {
            run: evidence.run.clone(),
            at: evidence.at,
            measurements: evidence.measurements.clone(),
        });
    }
    plan
}
