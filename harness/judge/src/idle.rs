//! Waivers that waive nothing any more.
//!
//! In: a run in which everything was asked, and what was waived in it. Out: the waivers that nothing needed. It must not
//! doubt one whose checks have no answer: nobody knows what it would have waived.

use std::collections::{HashMap, HashSet};

use model::{check::Check, finding::Finding, subject::Subject, verdict::Verdict, waiver::Waiver};

use crate::standing::Answered;

pub(crate) fn idle<'a>(
    answered: &[Answered<'_>],
    waivers: impl Iterator<Item = &'a Waiver>,
    waived: &[(Finding, Waiver)],
) -> Vec<Waiver> {
    let about = |waiver: &'_ Waiver| (waiver.rule.clone(), waiver.subject.clone(), waiver.test.clone());
    let needed: HashSet<_> = waived.iter().map(|(_, waiver)| about(waiver)).collect();
    let idle: Vec<&Waiver> = waivers.filter(|waiver| !needed.contains(&about(waiver))).collect();
    let mut open: HashMap<&str, Vec<&Check>> = HashMap::new();
    if !idle.is_empty() {
        for (check, _) in answered.iter().filter(|answered| !is_answered(answered)) {
            open.entry(&check.rule).or_default().push(check);
        }
    }
    let is_open = |waiver: &Waiver| {
        open.get(waiver.rule.as_str()).into_iter().flatten().any(|check| may_cover(waiver, check))
    };
    idle.into_iter().filter(|waiver| !is_open(waiver)).cloned().collect()
}

fn is_answered((check, verdict): &Answered<'_>) -> bool {
    matches!(verdict, Some(Verdict::Pass | Verdict::Fail { .. })) && check.blind.is_none()
}

/// A check of the fleet finds what is about machines, too.
fn may_cover(waiver: &Waiver, check: &Check) -> bool {
    let subject =
        check.subject == Subject::Fleet || waiver.subject.as_ref().is_none_or(|one| *one == check.subject);
    subject && waiver.test.as_deref().is_none_or(|test| check.test() == Some(test))
}
