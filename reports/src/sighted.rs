//! What machines saw of each other, held beside what is expected of them.
//!
//! In: a plan's round and the record of its run. Out: of each overlay every pair that was to be asked, with what became of it. It
//! must not judge: what was seen and what is expected are both told by others.

use std::collections::{BTreeMap, HashMap};

use model::{
    check::{CheckId, Question},
    machine::MachineName,
    plan::Plan,
    reach::Reach,
    record::Record,
    round::{Coverage, Net, Sample, Target},
    sighting::seen::{Seen, Sight},
    verdict::Verdict,
};

use crate::report::count;

/// One overlay with what was seen of it.
pub(crate) struct Sighted<'a> {
    pub(crate) net: &'a Net,
    /// By who was asked, then by whom it was asked about.
    pub(crate) pairs: Vec<Pair<'a>>,
}

/// One pair that was to be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) from: &'a MachineName,
    pub(crate) target: &'a Target,
    /// What was seen; `None` where nobody was asked.
    seen: Option<&'a Seen>,
    /// Why nobody was asked.
    unasked: Option<&'a str>,
}

/// How a pair came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Differs,
    Untold,
    AsExpected,
}

/// Of each overlay that was looked at.
pub(crate) fn sighted<'a>(plan: &'a Plan, record: &'a Record) -> Vec<Sighted<'a>> {
    let asked: BTreeMap<&MachineName, &CheckId> = plan
        .checks
        .iter()
        .filter_map(|check| match &check.question {
            Question::Probe { machine, .. } => Some((machine, &check.id)),
            _ => None,
        })
        .collect();
    let nets = plan.round.iter().flat_map(|round| &round.nets);
    nets.map(|net| Sighted { net, pairs: pairs(net, &asked, record) }).collect()
}

fn pairs<'a>(net: &'a Net, asked: &BTreeMap<&MachineName, &'a CheckId>, record: &'a Record) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (from, targets) in &net.targets {
        let Some(check) = asked.get(from) else { continue };
        let seen = record.seen(check).iter().filter(|seen| seen.overlay == net.overlay.name);
        let seen: HashMap<&MachineName, &Seen> = seen.map(|seen| (&seen.to, seen)).collect();
        let unasked = match record.outcomes.get(check).map(|outcome| &outcome.verdict) {
            Some(Verdict::Skipped { reason }) => Some(reason.as_str()),
            _ => None,
        };
        pairs.extend(targets.iter().map(|target| Pair {
            from,
            target,
            seen: seen.get(&target.to).copied(),
            unasked,
        }));
    }
    pairs
}

impl<'a> Pair<'a> {
    pub(crate) fn reach(&self) -> Reach {
        self.target.expectation.reach()
    }

    pub(crate) fn sight(&self) -> Sight {
        self.seen.map_or(Sight::Untold, |seen| seen.sight)
    }

    pub(crate) fn standing(&self) -> Standing {
        match self.sight() {
            Sight::Untold => Standing::Untold,
            sight if sight.is_as_expected(self.reach()) => Standing::AsExpected,
            _ => Standing::Differs,
        }
    }

    /// Why it is not as expected, or why nobody can tell.
    pub(crate) fn why(&self) -> Option<&'a str> {
        let unasked = self.unasked.unwrap_or("it was not asked");
        self.seen.map_or(Some(unasked), |seen| seen.why.as_deref())
    }
}

impl Sighted<'_> {
    pub(crate) fn counted(&self, standing: Standing) -> usize {
        self.pairs.iter().filter(|pair| pair.standing() == standing).count()
    }
}

/// `all 56 pairs asked`, or how many, by what choice, of how many nobody is asked, and how many nobody could judge.
pub(crate) fn told(coverage: Coverage) -> String {
    let Coverage { asked, of, unasked, unjudged, sample } = coverage;
    let more = format!("the other {unasked} begin at machines that are not");
    let pairs = count(of + unasked, "pair");
    let told = match sample {
        None if of + unasked == 0 => "there is no pair to ask about".to_owned(),
        None if unasked == 0 => format!("all {pairs} asked"),
        None => format!("{of} of {pairs} asked, {more}"),
        Some(Sample { each, seed }) => {
            let more = if unasked == 0 { String::new() } else { format!("; {more} asked") };
            format!(
                "{asked} of {pairs} asked: spanning, and {each} of each machine by chance (seed {seed}){more}"
            )
        }
    };
    if unjudged == 0 { told } else { format!("{told}; {unjudged} more cannot be judged") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_with_why() {
        let some = |of, unasked, unjudged| told(Coverage { asked: of, of, unasked, unjudged, sample: None });
        assert_eq!(some(6, 0, 0), "all 6 pairs asked");
        assert_eq!(some(2, 0, 4), "all 2 pairs asked; 4 more cannot be judged");
        assert_eq!(
            some(4, 2, 1),
            "4 of 6 pairs asked, the other 2 begin at machines that are not; 1 more cannot be judged"
        );
        assert_eq!(some(0, 0, 2), "there is no pair to ask about; 2 more cannot be judged");
    }
}
