//! What machines saw of each other, for a person at a terminal: of each overlay what differs first, then a table.
//!
//! In: what was seen. Out: lines on a page; nothing where nobody looked. It must not hide that pairs were left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{machine::MachineName, reach::Reach, sighting::seen::Sight};

use super::alike;
use crate::{
    grid::{self, Grid},
    look::Ink,
    page::Page,
    report::{Report, count},
    sighted::{Pair, Sighted, Standing, sighted, told},
};

/// Reasons that are shown of an overlay.
const REASONS: usize = 12;

/// Puts all overlays on the page, with at most so many lines on what differs.
pub(crate) fn all(page: &mut Page, report: &Report<'_>, most: usize) {
    for one in sighted(report.plan, report.record) {
        page.gap();
        self::one(page, &one, most);
    }
}

fn one(page: &mut Page, sighted: &Sighted<'_>, most: usize) {
    let overlay = &sighted.net.overlay;
    let [differ, untold, as_expected] =
        [Standing::Differs, Standing::Untold, Standing::AsExpected].map(|standing| sighted.counted(standing));
    let about = format!(
        ": {}, {}; {}; {as_expected} as expected, {differ} not, {untold} untold",
        overlay.kind,
        count(overlay.members.len(), "member"),
        told(sighted.net.coverage)
    );
    page.label(0, if differ > 0 { Ink::Bad } else { Ink::Title }, &overlay.name, &about);
    let wrong = alike::told(sighted);
    for told in wrong.iter().take(most) {
        page.label(2, Ink::Bad, &told.label, &told.sentence);
    }
    let more: usize = wrong.iter().skip(most).map(|told| told.pairs).sum();
    if more > 0 {
        page.say(2, Ink::Warning, &format!("and {} (see --format json)", count(more, "more pair")));
    }
    reasons(page, sighted);
    table(page, sighted);
}

/// Why nobody can tell, each reason once.
fn reasons(page: &mut Page, sighted: &Sighted<'_>) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in sighted.pairs.iter().filter(|pair| pair.standing() == Standing::Untold) {
        *times.entry(pair.why().unwrap_or_default()).or_default() += 1;
    }
    for (why, times) in times.iter().take(REASONS) {
        page.label(2, Ink::Unknown, "untold", &format!(": {why}: {}", count(*times, "pair")));
    }
    let more = times.len().saturating_sub(REASONS);
    if more > 0 {
        page.say(2, Ink::Warning, &format!("and for {} (see --format json)", count(more, "more reason")));
    }
}

fn table(page: &mut Page, sighted: &Sighted<'_>) {
    let names = sighted.pairs.iter().flat_map(|pair| [pair.from, &pair.target.to]);
    let names: Vec<&MachineName> = names.collect::<BTreeSet<_>>().into_iter().collect();
    let pairs: HashMap<(&MachineName, &MachineName), &Pair<'_>> =
        sighted.pairs.iter().map(|pair| ((pair.from, &pair.target.to), pair)).collect();
    let mut times: HashMap<&MachineName, usize> = HashMap::new();
    for pair in sighted.pairs.iter().filter(|pair| pair.standing() != Standing::AsExpected) {
        for name in [pair.from, &pair.target.to] {
            *times.entry(name).or_default() += 1;
        }
    }
    let name = |at: usize| names.get(at).copied();
    let sign = |from: usize, to: usize| {
        let pair = name(from).zip(name(to)).and_then(|two| pairs.get(&two));
        pair.map_or((Ink::Quiet, " "), |pair| seen(pair))
    };
    let grid = Grid {
        names: names.iter().map(|name| name.as_str()).collect(),
        weight: &|at| name(at).and_then(|name| times.get(name)).copied().unwrap_or(0),
        sign: &sign,
        legend: "+ reached   - kept out   X not reached   ~ not well   ! not kept out   ? untold",
        rest: "those with pairs that differ first; --format json has everything",
    };
    grid::table(page, &grid);
}

fn seen(pair: &Pair<'_>) -> (Ink, &'static str) {
    match (pair.sight(), pair.reach()) {
        (Sight::Untold, _) => (Ink::Unknown, "?"),
        (Sight::Reached, Reach::Must) => (Ink::Good, "+"),
        (Sight::Reached | Sight::Poor, Reach::MustNot) => (Ink::Bad, "!"),
        (Sight::Apart, Reach::MustNot) => (Ink::Good, "-"),
        (Sight::Apart, _) => (Ink::Bad, "X"),
        (Sight::Poor | Sight::Reached, _) => (Ink::Warning, "~"),
    }
}
