//! The summary of a run for a person at a terminal.
//!
//! In: a report and the look of the screen. Out: text. What matters most stands last, where the eye is when the run ends.
//! It must not hide a check that was not proven.

mod alike;
mod booted;
mod findings;
mod gates;
mod measured;
mod mesh;
mod stages;

pub(crate) use self::findings::who;

use model::{
    decision::{GateState, Outcome},
    plan::Note,
    sighting::rules,
};

use crate::{
    age,
    answers::{Counts, Row, Standing, answers},
    look::{Ink, Look},
    page::Page,
    report::{Report, count, fleet, told},
    unproven::{Unproven, unproven},
};

/// The summary, ending in a line break.
#[must_use]
pub fn render(report: &Report<'_>, look: Look) -> String {
    let rows = answers(report);
    let mut page = Page::new(look);
    header(&mut page, report);
    stages::table(&mut page, &rows);
    measured::table(&mut page, &rows);
    booted::list(&mut page, &rows);
    mesh::all(&mut page, report, look.findings);
    findings::all(&mut page, report, &rows, look.findings);
    gates::all(&mut page, report);
    let skipped = rows.iter().filter(|row| row.standing == Standing::Skipped);
    let skipped = skipped.filter_map(|row| Some((row.check, row.why()?)));
    not_proven(&mut page, &unproven(report.plan, skipped));
    reused(&mut page, report, &rows);
    last_line(&mut page, report, &Counts::of(&rows));
    page.finish()
}

/// What somebody who watches sees of machines: whom they reach, and what is wrong with themselves.
pub(crate) fn watched(page: &mut Page, report: &Report<'_>, most: usize) {
    let rows = answers(report);
    mesh::all(page, report, most);
    let own = |row: &Row<'_>| {
        let findings = row.left.iter().filter(|finding| !rules::is_of_pairs(&finding.rule));
        findings.map(|finding| finding.message.clone()).collect::<Vec<_>>()
    };
    page.gap();
    for row in &rows {
        let subject = row.check.subject.to_string();
        own(row).iter().take(most).for_each(|told| page.label(0, Ink::Bad, &subject, &format!(": {told}")));
        if let Some(why) = row.why() {
            page.label(0, Ink::Unknown, &subject, &format!(": not asked: {why}"));
        }
    }
    last_line(page, report, &Counts::of(&rows));
}

fn header(page: &mut Page, report: &Report<'_>) {
    let header = &report.plan.header;
    let (fleet, machines) = (fleet(header), count(header.machines.len(), "machine"));
    let tool = format!("seaworthy {}", header.tool);
    page.label(0, Ink::Title, &tool, &format!(": {fleet}, {machines}, run {}", report.run()));
    page.gap();
}

/// What nothing was asked about.
pub(crate) fn not_proven(page: &mut Page, unproven: &[Unproven]) {
    if unproven.is_empty() {
        return;
    }
    page.gap();
    page.say(0, Ink::Warning, "not proven");
    for Unproven { what, why } in unproven {
        page.say(2, Ink::Plain, &format!("{what}: {why}"));
    }
}

fn reused(page: &mut Page, report: &Report<'_>, rows: &[Row<'_>]) {
    let Some(sentence) = crate::reuse::sentence(report, rows) else { return };
    page.gap();
    page.say(0, Ink::Quiet, &sentence);
}

/// The outcome, and the figures that it rests on.
fn last_line(page: &mut Page, report: &Report<'_>, counts: &Counts) {
    let ink = match report.decision.outcome {
        Outcome::Open => Ink::Good,
        Outcome::Undecided => Ink::Warning,
        Outcome::Broken => Ink::Unknown,
        Outcome::Closed => Ink::Bad,
    };
    page.gap();
    page.label(0, ink, told(report), &format!(": {}", sentence(report, counts)));
}

/// The outcome's figures in a sentence: gates, then checks, then the rest.
pub(crate) fn sentence(report: &Report<'_>, counts: &Counts) -> String {
    let state = match report.decision.outcome {
        Outcome::Open => GateState::Open,
        Outcome::Closed => GateState::Closed,
        Outcome::Broken | Outcome::Undecided => GateState::Undecided,
    };
    let gates = report.decision.gates.len();
    let idle =
        report.decision.outcome == Outcome::Undecided && report.plan.notes.contains(&Note::NothingToProve);
    let mut parts = vec![match gates {
        _ if idle => "there is no machine and no test".to_owned(),
        0 => "nothing was answered".to_owned(),
        _ => format!("{} of {}", report.gates(state), count(gates, "gate")),
    }];
    parts.extend(checks(counts));
    parts.extend(report.record.interrupted.then(|| "interrupted".to_owned()));
    parts.extend(report.record.took.map(age::took));
    parts.join("; ")
}

/// `3 checks passed, 2 failed`; nothing where there is nothing to count.
fn checks(counts: &Counts) -> Option<String> {
    let ways = [
        (counts.passed + counts.waived, "passed"),
        (counts.failed, "failed"),
        (counts.timed_out, "timed out"),
        (counts.broken, "broken"),
        (counts.warned, "warned"),
        (counts.unasked, "not asked"),
    ];
    let mut some = ways.into_iter().filter(|(number, _)| *number > 0);
    let (first, way) = some.next()?;
    let rest: String = some.map(|(number, way)| format!(", {number} {way}")).collect();
    Some(format!("{} {way}{rest}", count(first, "check")))
}
