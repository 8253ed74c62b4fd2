//! `[promotion]`: how a configuration that is proven may reach the fleet's machines, as its owner writes it.
//!
//! All days and times of day are UTC, so that what they mean depends on no computer's settings.

use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{machine::MachineName, stage::Stage};

/// The whole policy. Nothing of it is resolved: a [`crate::course::Course`] is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promotion {
    /// In the order of the file.
    pub waves: Vec<Wave>,
    /// The stages whose gates have to be open for a machine before it is activated.
    pub gates: BTreeSet<Stage>,
    /// How old evidence may be; `None`: as old as it likes.
    pub fresh: Option<Duration>,
    /// Who has to agree to each wave that does not say so itself; `None`: nobody.
    pub approvals: Option<Approvals>,
    /// When machines may be activated; `None`: at any time. An empty list is never.
    pub hours: Option<Vec<Hours>>,
    /// Days on which nothing is activated.
    pub freezes: Vec<Freeze>,
    /// How many machines may be between activation and their new profile at once; `None`: any number.
    pub at_once: Option<usize>,
    /// Whether machines are rebooted where their new closure is not all in use without; else that is only told.
    pub reboots: bool,
    /// How long a closure may be on its way to a machine; `None`: two hours.
    pub copy: Option<Duration>,
    /// How long an activation may take before it is stopped, and the machine goes back; `None`: ten minutes.
    pub activation: Option<Duration>,
    /// Roles of which never all members are between activation and their new profile at once.
    pub roles: Vec<RoleName>,
    /// Machines that wait for all the soaks before them together.
    pub primary: Option<Primary>,
    /// Whose evidence counts beside this computer's own.
    pub signers: Vec<Signer>,
    /// The keys of those who agree to waves. Where there are any, only what is signed with one of them counts.
    pub approvers: Vec<Signer>,
}

/// Somebody whose signature counts, as a line of `authorized_keys` tells: `ssh-ed25519 AAAA.. ci`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signer {
    /// The public key, in base64: what stands between the kind and the name.
    pub key: String,
    /// What stands behind it; never empty.
    pub name: String,
}

impl Signer {
    /// The one kind of key that signs.
    pub const KIND: &str = "ssh-ed25519";

    /// Reads a line. None where it is no such key, or nobody's.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (kind, rest) = line.trim().split_once(char::is_whitespace)?;
        let (key, name) = rest.trim().split_once(char::is_whitespace)?;
        // The length of the kind, the kind, the length of the key, and 32 bytes: 51 bytes, all of one beginning.
        let fits = key.len() == 68 && key.starts_with("AAAAC3NzaC1lZDI1NTE5AAAAI");
        (kind == Self::KIND && fits).then(|| Self { key: key.to_owned(), name: name.trim().to_owned() })
    }
}

/// Machines that go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Unique in a policy.
    pub name: String,
    /// By name.
    pub machines: Vec<MachineName>,
    /// By a tag that they carry.
    pub tags: Vec<String>,
    /// The waves that have to have soaked first, by name; `None`: the one that stands before it in the file.
    pub after: Option<Vec<String>>,
    /// How long its machines run their new closure before the next wave may start.
    pub soak: Duration,
    /// Who has to agree to it; `None`: as the policy says for all waves.
    pub approvals: Option<Approvals>,
}

/// Who has to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvals {
    /// Those who may.
    pub by: BTreeSet<String>,
    /// How many of them have to.
    pub count: usize,
}

/// A role of an instance, written `<instance>/<role>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleName {
    /// The instance.
    pub instance: String,
    /// Its role.
    pub role: String,
}

/// Machines that go only after everything before them has proven itself for long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Primary {
    /// By name.
    pub machines: Vec<MachineName>,
    /// By a tag that they carry.
    pub tags: Vec<String>,
    /// At least so long together; the sum of the soaks before it where that is more.
    pub soak: Duration,
}

/// A stretch of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The days on which it begins, from Monday on.
    pub days: [bool; 7],
    /// Its first minute of the day.
    pub from: u16,
    /// The minute of the day at which it is over; where that is not after `from`, it is one of the next day.
    pub until: u16,
}

impl Hours {
    const DAY: u16 = 24 * 60;

    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let moment = at.to_zoned(TimeZone::UTC);
        let minute = u16::try_from(i32::from(moment.hour()) * 60 + i32::from(moment.minute())).unwrap_or(0);
        let today = usize::try_from(moment.weekday().to_monday_zero_offset()).unwrap_or(0);
        let begun = |day: usize| self.days.get(day % 7).copied().unwrap_or(false);
        if self.from < self.until {
            return begun(today) && (self.from..self.until).contains(&minute);
        }
        (begun(today) && (self.from..Self::DAY).contains(&minute))
            || (begun(today + 6) && minute < self.until)
    }
}

/// Days on which nothing is activated, the first and the last included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// Why; never empty.
    pub reason: String,
}

impl Freeze {
    /// Whether a moment falls into it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        (self.from..=self.until).contains(&at.to_zoned(TimeZone::UTC).date())
    }
}

impl std::fmt::Display for RoleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.instance, self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn hours_past_midnight_belong_to_the_day_on_which_they_begin() {
        let mut days = [false; 7];
        days[4] = true; // Friday
        let hours = Hours { days, from: 22 * 60, until: 4 * 60 };
        assert!(hours.contains(at("2026-06-19T22:00:00Z")), "Friday night");
        assert!(hours.contains(at("2026-06-20T03:59:59Z")), "what is left of it on Saturday");
        assert!(!hours.contains(at("2026-06-20T04:00:00Z")), "over");
        assert!(!hours.contains(at("2026-06-19T03:00:00Z")), "Thursday's night");
    }

    #[test]
    fn hours_within_a_day_end_before_their_last_minute() {
        let hours = Hours { days: [true; 7], from: 60, until: 120 };
        let shown = ["00:59", "01:00", "01:59", "02:00"]
            .map(|time| hours.contains(at(&format!("2026-06-19T{time}:00Z"))));
        assert_eq!(shown, [false, true, true, false]);
    }

    #[test]
    fn a_signer_is_an_ed25519_key_with_a_name() {
        let key = format!("AAAAC3NzaC1lZDI1NTE5AAAAI{}", "A".repeat(43));
        let signer = Signer::parse(&format!("ssh-ed25519 {key} ci at work")).unwrap();
        assert_eq!((signer.key.as_str(), signer.name.as_str()), (key.as_str(), "ci at work"));
        for bad in
            [format!("ssh-ed25519 {key}"), format!("ssh-rsa {key} ci"), "ssh-ed25519 AAAA ci".to_owned()]
        {
            assert_eq!(Signer::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_freeze_holds_through_its_last_day() {
        let day = |day| jiff::civil::date(2026, 12, day);
        let freeze = Freeze { from: day(20), until: day(31), reason: "holidays".to_owned() };
        assert!(freeze.contains(at("2026-12-31T23:59:59Z")));
        assert!(!freeze.contains(at("2027-01-01T00:00:00Z")));
        assert!(!freeze.contains(at("2026-12-19T23:59:59Z")));
    }
}
