//! A waiver: a finding that the fleet's owner accepts, for a reason and until a day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{place::Place, subject::Subject};

/// One `[[waivers]]` entry of `fleet.toml`. It is good through the whole of its last day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// `<suite>/<check>`
    pub rule: String,
    /// Whose findings it waives; `None` waives the rule for every subject.
    pub subject: Option<Subject>,
    /// Why; never empty.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Date,
    /// Where it is written.
    pub place: Place,
}

impl Waiver {
    /// Whether it no longer counts.
    #[must_use]
    pub fn expired(&self, today: Date) -> bool {
        today > self.expires
    }

    /// Whether it is about this rule and subject, expired or not.
    #[must_use]
    pub fn covers(&self, rule: &str, subject: &Subject) -> bool {
        self.rule == rule && self.subject.as_ref().is_none_or(|waived| waived == subject)
    }
}
