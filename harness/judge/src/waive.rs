//! Which waiver, if any, accepts a finding.
//!
//! In: the fleet's waivers and the day. Out: the waiver of a finding. It must not judge whether a reason is good.

use std::collections::HashMap;

use jiff::civil::Date;
use model::{finding::Finding, waiver::Waiver};

/// The waivers that count today, by rule.
pub(crate) struct Waivers<'a> {
    by_rule: HashMap<&'a str, Vec<&'a Waiver>>,
}

impl<'a> Waivers<'a> {
    pub(crate) fn of_day(waivers: &'a [Waiver], today: Date) -> Self {
        let mut by_rule: HashMap<&str, Vec<&Waiver>> = HashMap::new();
        for waiver in waivers.iter().filter(|waiver| !waiver.expired(today)) {
            by_rule.entry(&waiver.rule).or_default().push(waiver);
        }
        Self { by_rule }
    }

    /// The first waiver that covers a finding of a check of this rule. A finding that names another rule than the check
    /// that made it is covered by none: nobody has accepted it.
    pub(crate) fn of(&self, rule: &str, finding: &Finding) -> Option<&'a Waiver> {
        if finding.rule != rule {
            return None;
        }
        let candidates = self.by_rule.get(rule)?;
        candidates.iter().copied().find(|waiver| waiver.covers(rule, &finding.subject))
    }
}
