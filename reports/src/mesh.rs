//! What machines see of each other while somebody watches: the whole picture, and what changed since the last.
//!
//! In: reports, one after the other. Out: text. It must not call a change what is told in other words only.

use std::collections::BTreeMap;

use model::{
    check::Question,
    plan::Plan,
    reach::Reach,
    record::Record,
    sighting::{rules, seen::Sight},
    verdict::Verdict,
};

use crate::{
    escape,
    look::Look,
    page::Page,
    report::{Report, count},
    sighted::{Standing, sighted},
    terminal,
};

/// The whole picture, for a screen that is drawn anew.
#[must_use]
pub fn render(report: &Report<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    terminal::watched(&mut page, report, look.findings);
    page.finish()
}

/// What is another than it was before, a line each: pairs, and machines as such. At first, everything that is not as
/// expected, and in a line how much is.
#[must_use]
pub fn changes(plan: &Plan, before: Option<&Record>, now: &Record) -> Vec<String> {
    let mut lines = Vec::new();
    if before.is_none() {
        lines.push(summary(plan, now));
    }
    let (old, new) = (before.map(|record| states(plan, record)).unwrap_or_default(), states(plan, now));
    for (what, state) in new {
        let changed = match old.get(&what) {
            Some(old) => old.word != state.word,
            None => !state.good,
        };
        if changed {
            let why = state.why.map_or_else(String::new, |why| format!(": {why}"));
            lines.push(escape::line(&format!("{what} {}{why}", state.word)).into_owned());
        }
    }
    lines
}

/// How one thing stands.
struct State<'a> {
    word: &'static str,
    good: bool,
    why: Option<&'a str>,
}

/// Of each machine, then of each pair.
fn states<'a>(plan: &'a Plan, record: &'a Record) -> BTreeMap<String, State<'a>> {
    let machines = plan.checks.iter().filter_map(|check| {
        let Question::Probe { machine, .. } = &check.question else { return None };
        let verdict = &record.outcomes.get(&check.id)?.verdict;
        Some((machine.to_string(), of_machine(verdict)))
    });
    let pairs = sighted(plan, record).into_iter().flat_map(|one| {
        let net = one.net.overlay.name.as_str();
        one.pairs.into_iter().map(move |pair| {
            let state = State {
                word: word(pair.sight(), pair.reach()),
                good: pair.standing() == Standing::AsExpected,
                why: pair.why(),
            };
            (format!("{} -> {} over {net}", pair.from, pair.target.to), state)
        })
    });
    machines.chain(pairs).collect()
}

/// A machine as such, apart from its pairs.
fn of_machine(verdict: &Verdict) -> State<'_> {
    let own = verdict.findings().iter().find(|finding| !rules::is_of_pairs(&finding.rule));
    let (word, why) = match verdict {
        Verdict::Skipped { reason } => ("is not asked", Some(reason.as_str())),
        Verdict::Broken { fault } => ("cannot be told of", Some(fault.what.as_str())),
        Verdict::TimedOut { .. } => ("gives no whole answer in time", None),
        Verdict::Pass | Verdict::Fail { .. } => match own {
            Some(finding) => ("is not well", Some(finding.message.as_str())),
            None => (WELL, None),
        },
    };
    State { word, good: word == WELL, why }
}

/// Of a machine about which there is nothing to say.
const WELL: &str = "is well";

fn word(sight: Sight, reach: Reach) -> &'static str {
    match (sight, reach) {
        (Sight::Untold, _) => "untold",
        (Sight::Reached, Reach::Must) => "reached",
        (Sight::Apart, Reach::MustNot) => "kept out",
        (Sight::Reached | Sight::Poor, Reach::MustNot) => "reached, and must not be",
        (Sight::Apart, _) => "not reached",
        (Sight::Poor | Sight::Reached, _) => "reached, but not well",
    }
}

fn summary(plan: &Plan, record: &Record) -> String {
    let all: Vec<_> = sighted(plan, record);
    let counted = |standing| all.iter().map(|one| one.counted(standing)).sum::<usize>();
    let pairs = count(all.iter().map(|one| one.pairs.len()).sum(), "pair");
    let (good, differ, untold) =
        (counted(Standing::AsExpected), counted(Standing::Differs), counted(Standing::Untold));
    format!("{pairs}: {good} as expected, {differ} not, {untold} untold")
}
