//! A waiver: a finding that the fleet's owner accepts, for a reason and until a day.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{check::Check, finding::Finding, place::Place, subject::Subject};

/// One `[[waivers]]` entry of `fleet.toml`. It is good through the whole of its last day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// `<suite>/<check>`
    pub rule: String,
    /// Whose findings it waives; `None` waives the rule for every subject.
    pub subject: Option<Subject>,
    /// The one expression test whose findings it waives, as [`Check::test`] names it; `None` waives them for all tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
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
}

/// The waivers that count, ready to be asked about findings. The ladder and the gates ask here, so that what opens a gate
/// holds nobody.
#[derive(Debug, Clone, Default)]
pub struct Waivers<'a> {
    all: HashMap<Waived<'a>, &'a Waiver>,
}

/// What a waiver is about.
type Waived<'a> = (&'a str, Option<&'a Subject>, Option<&'a str>);

impl<'a> Waivers<'a> {
    /// All of these, whatever the day is.
    #[must_use]
    pub fn of(waivers: impl IntoIterator<Item = &'a Waiver>) -> Self {
        let about = |waiver: &'a Waiver| {
            ((waiver.rule.as_str(), waiver.subject.as_ref(), waiver.test.as_deref()), waiver)
        };
        Self { all: waivers.into_iter().map(about).collect() }
    }

    /// The waiver that covers a finding of this check, the one that says most of it first. A finding of a
    /// rule that is not one of its check's is covered by none: nobody has accepted it.
    #[must_use]
    pub fn covering(&self, check: &Check, finding: &Finding) -> Option<&'a Waiver> {
        if !check.finds(&finding.rule) {
            return None;
        }
        let (subject, test) = (Some(&finding.subject), check.test());
        let about = [(subject, test), (None, test), (subject, None), (None, None)];
        about
            .into_iter()
            .find_map(|(subject, test)| self.all.get(&(finding.rule.as_str(), subject, test)).copied())
    }

    /// Whether a failure of this check with these findings is accepted as a whole. A failure that names nothing wrong is
    /// not: there is nothing that a waiver could cover.
    #[must_use]
    pub fn accept(&self, check: &Check, findings: &[Finding]) -> bool {
        !findings.is_empty() && findings.iter().all(|finding| self.covering(check, finding).is_some())
    }
}
