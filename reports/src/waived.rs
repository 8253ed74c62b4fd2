//! The waivers that a run needed, and those that it did not.
//!
//! In: a decision. Out: a sentence for each waiver, with what it accepts and until when. It must not leave one out.

use std::collections::BTreeMap;

use model::waiver::Waiver;

use crate::report::{Report, count};

/// `host/way-in until 2026-12-31 (fleet.toml:40:1): the reason`, for each waiver that nothing needed.
pub(crate) fn idle(report: &Report<'_>) -> Vec<String> {
    let idle = report.decision.idle.iter();
    idle.map(|Waiver { rule, expires, place, reason, .. }| {
        format!("{rule} until {expires} ({place}): {reason}")
    })
    .collect()
}

/// `2 findings of host/way-in until 2026-12-31 (fleet.toml:40:1): the reason`
pub(crate) fn sentences(report: &Report<'_>) -> Vec<String> {
    let mut waivers: BTreeMap<(&str, String), (&Waiver, usize)> = BTreeMap::new();
    for (_, waiver) in &report.decision.waived {
        waivers.entry((&waiver.rule, waiver.place.to_string())).or_insert((waiver, 0)).1 += 1;
    }
    let sentence = |((rule, place), (waiver, findings)): ((&str, String), (&Waiver, usize))| {
        let findings = count(findings, "finding");
        format!("{findings} of {rule} until {} ({place}): {}", waiver.expires, waiver.reason)
    };
    waivers.into_iter().map(sentence).collect()
}
