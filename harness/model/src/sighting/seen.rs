//! What one machine saw of another, for whoever shows it beside what was expected.

use serde::{Deserialize, Serialize};

use crate::{machine::MachineName, matrix::Pair, reach::Reach, verdict::Verdict};

/// What became of asking one machine about another over an overlay. Who saw it is the subject of the check that reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The overlay's name.
    pub overlay: String,
    /// Whom it was asked about.
    pub to: MachineName,
    /// What was seen.
    pub sight: Sight,
    /// Why it is not as expected, or why nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was seen of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// It is reached.
    Reached,
    /// It answers, but not as it has to: a port is closed, packets are lost.
    Poor,
    /// It is not reached.
    Apart,
    /// Nobody can tell.
    Untold,
}

impl Sight {
    /// Whether it is what was expected. Who cannot tell is in no way of anybody's opinion.
    #[must_use]
    pub fn is_as_expected(self, reach: Reach) -> bool {
        matches!((self, reach), (Self::Reached, Reach::Must) | (Self::Apart, Reach::MustNot))
    }
}

/// The rules of those that are not reached at all.
const APART: [&str; 3] = ["mesh/unreached", "mesh/one-way", "mesh/no-ipv6"];

impl Seen {
    /// What a verdict says of a pair.
    #[must_use]
    pub fn of(pair: &Pair<'_>, verdict: &Verdict) -> Self {
        let must = pair.reach() == Reach::Must;
        let sight = match verdict {
            Verdict::Pass if must => Sight::Reached,
            Verdict::Pass => Sight::Apart,
            Verdict::Fail { .. } if !must => Sight::Reached,
            Verdict::Fail { findings } if findings.iter().any(|one| APART.contains(&one.rule.as_str())) => {
                Sight::Apart
            }
            Verdict::Fail { .. } => Sight::Poor,
            Verdict::Broken { .. } | Verdict::TimedOut { .. } | Verdict::Skipped { .. } => Sight::Untold,
        };
        let why = match verdict {
            Verdict::Pass => None,
            Verdict::Fail { findings } => findings.first().map(|one| one.message.clone()),
            Verdict::Broken { fault } => Some(fault.what.clone()),
            Verdict::TimedOut { limit } => {
                Some(format!("`{}` gave no whole answer within {:.1} s", pair.from, limit.as_secs_f64()))
            }
            Verdict::Skipped { reason } => Some(reason.clone()),
        };
        Self { overlay: pair.overlay.name.clone(), to: pair.to.clone(), sight, why }
    }
}
