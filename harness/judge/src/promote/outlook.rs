//! What a promotion waits for when nothing can be done.
//!
//! In: the board. Out: whether all is done, or what may change it: time, people, or neither. It must
//! not take what depends on another machine for a thing of its own: that machine has a word as well.

use jiff::Timestamp;
use model::machine::MachineName;

use super::{
    decide::Board,
    state::State,
    why::{Mends, Why},
};

/// What may still come of a promotion by itself, or by people's leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Every machine has its new closure.
    Through,
    /// Time, or somebody's word, opens the way for a machine.
    Waits {
        /// The first moment at which time alone may do so; there may be more to wait for then.
        until: Option<Timestamp>,
    },
    /// Nothing changes unless somebody puts something right.
    Held,
}

impl Board<'_> {
    /// The outlook of those machines that were asked for.
    #[must_use]
    pub fn outlook(&self, now: Timestamp) -> Outlook {
        let words = || self.machines.values().filter(|word| !word.reasons.contains(&Why::NotAsked));
        if self.next.is_empty() && words().all(|word| word.reasons.is_empty()) {
            return Outlook::Through;
        }
        let mends = words().filter(|word| !word.reasons.is_empty()).map(|word| mends(&word.reasons, now));
        let waits: Vec<_> = mends.filter(|mends| *mends != Mends::Never).collect();
        if waits.is_empty() {
            return Outlook::Held;
        }
        let moment = |mends| if let Mends::At(moment) = mends { Some(moment) } else { None };
        Outlook::Waits { until: waits.into_iter().filter_map(moment).min() }
    }

    /// Whether a promotion that nobody has begun is worth its journal: a machine that it changes may set out, or will once a time is
    /// over or somebody has spoken. Soaks are counted from its beginning, and words are heard only in it.
    #[must_use]
    pub fn is_worth_beginning(&self, state: &State, now: Timestamp) -> bool {
        let changes = |name: &MachineName| {
            state.machines().get(name).is_some_and(|host| host.change.old != host.change.new)
        };
        let comes = self.machines.iter().any(|(name, word)| {
            changes(name) && !word.reasons.is_empty() && mends(&word.reasons, now) != Mends::Never
        });
        comes || !self.next.is_empty()
    }
}

/// What takes away all of some reasons: the last moment, or people where one of them needs people.
fn mends(reasons: &[Why], now: Timestamp) -> Mends {
    reasons.iter().map(|why| why.mends(now)).max().unwrap_or(Mends::Never)
}
