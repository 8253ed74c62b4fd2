//! What is wrong, and what the harness could not tell.
//!
//! In: the rows. Out: findings by rule, then checks without an answer, faults, warnings and waivers. However many there
//! are, only so many are shown, and the rest is counted. It must not shorten a rule's name or a place.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use model::{
    check::Check,
    finding::Finding,
    sighting::rules,
    verdict::{Fault, Verdict},
};

use crate::{
    age,
    answers::{Row, Standing},
    diff::{Side, diff},
    look::Ink,
    page::Page,
    report::{Report, count},
    trail::Left,
    waived,
};

/// Lines of a message, a help, a value, a trace.
const MOST_LINES: usize = 12;

/// Checks that are named where many share one fault.
const NAMED: usize = 3;

/// Findings of one rule about pairs that are told again, though the pairs stand with their overlay.
const FEW_PAIRS: usize = 6;

/// Machines that are named with how many of such findings they have.
const COUNTED: usize = 12;

/// Files that are named at a time.
const MOST_FILES: usize = 6;

pub(super) fn all(page: &mut Page, report: &Report<'_>, rows: &[Row<'_>], most: usize) {
    let mut left = most;
    by_rule(page, rows, Standing::Failed, &mut left);
    timed_out(page, rows);
    broken(page, rows);
    by_rule(page, rows, Standing::Warned, &mut left);
    waived(page, report);
}

/// The findings of failures or of warnings.
fn by_rule<'a>(page: &mut Page, rows: &'a [Row<'_>], standing: Standing, left: &mut usize) {
    let mut rules: BTreeMap<(bool, &str), Vec<Found<'_, '_>>> = BTreeMap::new();
    // What is wrong with a machine is often why it does not reach others, which comes last.
    let key = |rule: &'a str| (rules::is_of_pairs(rule), rule);
    for row in rows.iter().filter(|row| row.standing == standing) {
        rules.entry(key(row.left.first().map_or(&row.check.rule, |first| &first.rule))).or_default();
        row.left.iter().for_each(|one| rules.entry(key(&one.rule)).or_default().push((row, one)));
    }
    let (word, ink) = if standing == Standing::Failed { ("FAIL", Ink::Bad) } else { ("WARN", Ink::Warning) };
    let (mut hidden, mut trailed) = (0, HashSet::new());
    for ((of_pairs, rule), all) in rules {
        let findings = all.len();
        if *left == 0 {
            hidden += findings;
            continue;
        }
        page.gap();
        page.label(0, ink, &format!("{word} {rule}"), &format!(": {}", count(findings, "finding")));
        if of_pairs && findings > FEW_PAIRS {
            *left -= 1;
            pairs(page, &all);
            trail(page, all.iter().map(|(row, _)| *row).filter(|row| trailed.insert(&row.check.id)));
            continue;
        }
        for group in alike(all.into_iter()) {
            if *left == 0 {
                hidden += group.len();
                continue;
            }
            *left -= 1;
            self::group(page, &group);
            let rows = group.iter().map(|(row, _)| *row).filter(|row| trailed.insert(&row.check.id));
            trail(page, rows);
        }
    }
    if hidden > 0 {
        page.gap();
        let more = format!("and {} more (see report --format json)", count(hidden, "finding"));
        page.say(0, ink, &more);
    }
}

/// A finding with the check that it is of.
type Found<'r, 'a> = (&'r Row<'a>, &'a Finding);

/// Findings of one place that say the same have one cause: they are told once.
fn alike<'r, 'a>(all: impl Iterator<Item = Found<'r, 'a>>) -> Vec<Vec<Found<'r, 'a>>> {
    let mut groups: Vec<Vec<Found<'r, 'a>>> = Vec::new();
    let mut known = HashMap::new();
    for found in all {
        let (_, Finding { place, message, expected, actual, help, .. }) = found;
        match place {
            Some(place) => {
                let group = *known.entry((place, message, expected, actual, help)).or_insert(groups.len());
                match groups.get_mut(group) {
                    Some(group) => group.push(found),
                    None => groups.push(vec![found]),
                }
            }
            None => groups.push(vec![found]),
        }
    }
    groups
}

/// Whose they are; what each says stands with its pair.
fn pairs(page: &mut Page, all: &[Found<'_, '_>]) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    all.iter().for_each(|(row, told)| *times.entry(who(row.check, told)).or_default() += 1);
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_by_key(|(_, times)| Reverse(*times));
    let named: Vec<String> =
        times.iter().take(COUNTED).map(|(who, times)| format!("{who} {times}")).collect();
    let more = match times.len().saturating_sub(COUNTED) {
        0 => String::new(),
        more => format!(" and {}", count(more, "more machine")),
    };
    page.say(
        2,
        Ink::Plain,
        &format!("{}{more}; the pairs stand above, with their overlay", named.join(", ")),
    );
    let expected: HashSet<_> = all.iter().map(|(_, told)| told.expected.as_deref()).collect();
    if let (1, Some(expected)) = (expected.len(), expected.into_iter().next()) {
        value(page, "expected  ", Ink::Good, expected);
    }
}

fn group(page: &mut Page, group: &[Found<'_, '_>]) {
    let Some(((row, told), others)) = group.split_first() else { return };
    finding(page, row.check, told);
    if !others.is_empty() {
        let named: Vec<_> = others.iter().take(NAMED).map(|(row, told)| who(row.check, told)).collect();
        let more =
            if others.len() > NAMED { format!(" and {} more", others.len() - NAMED) } else { String::new() };
        let sentence = format!("the same for {}{more}", named.join(", "));
        page.quote(4, Ink::Plain, &sentence, MOST_LINES);
    }
}

fn finding(page: &mut Page, check: &Check, finding: &Finding) {
    let at = finding.place.as_ref().map_or(String::new(), |place| format!(" at {place}"));
    page.label(2, Ink::Title, &who(check, finding), &at);
    page.quote(4, Ink::Plain, &finding.message, MOST_LINES);
    difference(page, finding.expected.as_deref(), finding.actual.as_deref());
    if let Some(help) = &finding.help {
        page.quote(4, Ink::Plain, &format!("help: {help}"), MOST_LINES);
    }
    trace(page, &finding.trace);
}

/// Tests are told apart by their names, other checks by whom they are about.
pub(crate) fn who(check: &Check, finding: &Finding) -> String {
    check.test().map_or_else(|| finding.subject.to_string(), ToOwned::to_owned)
}

fn difference(page: &mut Page, expected: Option<&str>, actual: Option<&str>) {
    match (expected, actual) {
        (Some(expected), Some(actual)) if expected.contains('\n') || actual.contains('\n') => {
            page.say(6, Ink::Quiet, "- expected, + actual");
            for (side, line) in diff(expected, actual, 3 * MOST_LINES) {
                let ink = match side {
                    Side::Both | Side::Remark => Ink::Quiet,
                    Side::Expected => Ink::Good,
                    Side::Actual => Ink::Bad,
                };
                page.say(6, ink, &format!("{}{line}", side.sign()));
            }
        }
        (expected, actual) => {
            value(page, "expected  ", Ink::Good, expected);
            value(page, "actual    ", Ink::Bad, actual);
        }
    }
}

fn value(page: &mut Page, label: &str, ink: Ink, value: Option<&str>) {
    let Some(value) = value else { return };
    if value.contains('\n') {
        page.say(6, ink, label.trim_end());
        page.quote(8, Ink::Plain, value, MOST_LINES);
    } else {
        page.label(6, ink, label, &crate::escape::clip(value, 1_000));
    }
}

fn trace(page: &mut Page, trace: &[String]) {
    if trace.is_empty() {
        return;
    }
    page.say(4, Ink::Quiet, "trace");
    trace.iter().take(MOST_LINES).for_each(|frame| page.quote(6, Ink::Quiet, frame, 2));
    if trace.len() > MOST_LINES {
        page.say(6, Ink::Quiet, &format!("[{} more]", trace.len() - MOST_LINES));
    }
}

/// The files in which more is to be found.
fn trail<'r, 'a: 'r>(page: &mut Page, rows: impl Iterator<Item = &'r Row<'a>>) {
    for Left { name, path } in rows.flat_map(|row| &row.trail).take(MOST_FILES) {
        page.label(4, Ink::Quiet, &format!("{name}: "), path);
    }
}

fn timed_out(page: &mut Page, rows: &[Row<'_>]) {
    let mut rules: BTreeMap<&str, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.standing == Standing::TimedOut) {
        rules.entry(&row.check.rule).or_default().push(row);
    }
    for (rule, rows) in rules {
        let limit = rows.iter().map(|row| row.check.limit).max().unwrap_or_default();
        let sentence = format!(": {} had no answer within {}", count(rows.len(), "check"), age::took(limit));
        page.gap();
        page.label(0, Ink::Bad, &format!("TIMEOUT {rule}"), &sentence);
        names(page, &rows);
        trail(page, rows.into_iter());
    }
}

/// Faults of the harness; one fault often breaks many checks.
fn broken(page: &mut Page, rows: &[Row<'_>]) {
    let mut faults: BTreeMap<&str, (&Fault, Vec<&Row<'_>>)> = BTreeMap::new();
    for row in rows {
        if let Some(Verdict::Broken { fault }) = row.outcome.map(|outcome| &outcome.verdict) {
            faults.entry(&fault.what).or_insert_with(|| (fault, Vec::new())).1.push(row);
        }
    }
    for (what, (fault, rows)) in faults {
        page.gap();
        page.label(0, Ink::Unknown, "BROKEN", &format!(" {}: {what}", count(rows.len(), "check")));
        names(page, &rows);
        trail(page, rows.iter().copied());
        page.quote(4, Ink::Quiet, &fault.detail.join("\n"), MOST_LINES);
        if let Some(remedy) = &fault.remedy {
            page.quote(4, Ink::Plain, &format!("help: {remedy}"), MOST_LINES);
        }
    }
}

fn names(page: &mut Page, rows: &[&Row<'_>]) {
    rows.iter().take(NAMED).for_each(|row| page.say(2, Ink::Plain, &row.check.id.0));
    if rows.len() > NAMED {
        page.say(2, Ink::Quiet, &format!("and {} more", rows.len() - NAMED));
    }
}

/// The waivers that were needed, each with what it accepts; then those that were not.
fn waived(page: &mut Page, report: &Report<'_>) {
    for (title, sentences) in
        [("waived", waived::sentences(report)), ("waivers that waive nothing", waived::idle(report))]
    {
        if !sentences.is_empty() {
            page.gap();
            page.say(0, Ink::Warning, title);
        }
        sentences.iter().for_each(|sentence| page.quote(2, Ink::Plain, sentence, MOST_LINES));
    }
}
