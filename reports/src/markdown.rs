//! The report for pull requests and the step summaries of CI systems, in GitHub's Markdown.
//!
//! In: a report and the bytes that there is room for. Out: Markdown that stays within them: findings that do not fit are
//! counted. Text of others can neither make markup nor mention anybody. It must not exceed its limit, for then the whole
//! upload fails.

mod escape;
mod findings;

use std::collections::BTreeMap;

use model::{
    decision::{GateState, Outcome},
    stage::Stage,
};

use self::escape::{code, inline};
use crate::{
    age,
    answers::{Counts, Row, Standing, answers},
    held::{Held, beyond, held},
    measured::{Line, Measured},
    report::{Report, count, fleet, told},
    terminal::sentence,
    unproven::unproven,
    waived,
};

/// Bytes of a step summary: GitHub takes at most 1 MiB for a step, and other tools may write to it as well.
pub const LIMIT: usize = 1_000_000;

/// Bytes of a comment: GitHub takes 65,536 characters.
pub const COMMENT: usize = 65_000;

/// Bytes kept for what stands below the findings.
const RESERVE: usize = 16 * 1024;

/// What stands where a section would not fit.
const TOO_LONG: &str = "_A section did not fit here: see the JSON report._\n\n";

/// Gates that are not open.
const MOST_GATES: usize = 20;

/// Machines of which numbers are shown.
const MOST_MEASURED: usize = 50;

/// The report, in at most `limit` bytes or in 32 KiB, whichever is more.
#[must_use]
pub fn render(report: &Report<'_>, limit: usize) -> String {
    let limit = limit.max(2 * RESERVE);
    let rows = answers(report);
    let mut text = head(report, &rows);
    let room = limit.saturating_sub(text.len() + RESERVE);
    text.push_str(&findings::all(&rows, room));
    let foot = foot(report, &rows);
    let limit = limit.saturating_sub(foot.len() + 3 * TOO_LONG.len());
    for section in [gates(report), measured(&rows), not_proven(report, &rows), waived(report)] {
        let fits = text.len() + section.len() <= limit;
        text.push_str(if fits { &section } else { TOO_LONG });
    }
    text.push_str(&foot);
    text
}

fn head(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let sign = match report.decision.outcome {
        Outcome::Open => "✅",
        Outcome::Closed => "❌",
        Outcome::Broken => "💥",
        Outcome::Undecided => "❔",
    };
    let sentence = sentence(report, &Counts::of(rows));
    let title = format!("## {sign} seaworthy: {}\n\n{}\n\n", told(report), inline(&sentence));
    title + &table(rows)
}

fn table(rows: &[Row<'_>]) -> String {
    let mut stages: BTreeMap<Stage, Vec<&Row<'_>>> = BTreeMap::new();
    rows.iter().for_each(|row| stages.entry(row.check.stage).or_default().push(row));
    if stages.is_empty() {
        return String::new();
    }
    let head = "| stage | passed | failed | warned | broken | skipped | unasked | reused | work |\n\
                | --- | --: | --: | --: | --: | --: | --: | --: | --: |\n";
    let lines = stages.into_iter().map(|(stage, rows)| {
        let counts = Counts::of(rows);
        let numbers = [
            counts.passed + counts.waived,
            counts.failed + counts.timed_out,
            counts.warned,
            counts.broken,
            counts.skipped,
            counts.unasked,
            counts.reused,
        ];
        let numbers = numbers.map(|number| number.to_string()).join(" | ");
        format!("| {stage} | {numbers} | {} |\n", age::took(counts.time))
    });
    format!("{head}{}\n", lines.collect::<String>())
}

fn gates(report: &Report<'_>) -> String {
    let lines = held(report.decision.gates.iter().filter(|gate| gate.state != GateState::Open));
    if lines.is_empty() {
        return String::new();
    }
    let line = |line: &Held<'_>| {
        let state = if line.state() == GateState::Closed { "closed" } else { "undecided" };
        let subject = code(&line.subject().to_string());
        format!("- {state} {subject}, {}: {}\n", line.stages(), inline(&line.reasons()))
    };
    let more = beyond(&lines, MOST_GATES).map_or(String::new(), |more| format!("- {more}\n"));
    let lines: String = lines.iter().take(MOST_GATES).map(line).collect();
    format!("### Gates\n\n{lines}{more}\n")
}

/// Numbers of each machine.
fn measured(rows: &[Row<'_>]) -> String {
    let Measured { metrics, lines } = crate::measured::measured(rows);
    if lines.is_empty() {
        return String::new();
    }
    let head: String = metrics.iter().map(|metric| format!(" {metric} |")).collect();
    let rule = " --: |".repeat(metrics.len());
    let line = |line: &Line<'_>| {
        let numbers = line.numbers.iter().map(|number| format!(" {} |", number.as_deref().unwrap_or("-")));
        let run = line.run.map_or(String::new(), |run| format!(" (run {})", code(run)));
        format!("| {}{run} |{}\n", code(&line.subject.to_string()), numbers.collect::<String>())
    };
    let shown: String = lines.iter().take(MOST_MEASURED).map(line).collect();
    let more = lines.len().saturating_sub(MOST_MEASURED);
    let more = if more > 0 { format!("\n_and {} more_\n", count(more, "machine")) } else { String::new() };
    format!("### Measured\n\n| of |{head}\n| --- |{rule}\n{shown}{more}\n")
}

fn not_proven(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let skipped = rows.iter().filter(|row| row.standing == Standing::Skipped);
    let unproven = unproven(report.plan, skipped.filter_map(|row| Some((row.check, row.why()?))));
    let lines: String = unproven
        .iter()
        .map(|unproven| format!("- {}: {}\n", inline(&unproven.what), inline(&unproven.why)))
        .collect();
    if lines.is_empty() { lines } else { format!("### Not proven\n\n{lines}\n") }
}

fn waived(report: &Report<'_>) -> String {
    let section = |(title, sentences): (&str, Vec<String>)| {
        let lines: String = sentences.iter().map(|line| format!("- {}\n", inline(line))).collect();
        if lines.is_empty() { lines } else { format!("### {title}\n\n{lines}\n") }
    };
    let idle = ("Waivers that waive nothing", waived::idle(report));
    [("Waived", waived::sentences(report)), idle].map(section).concat()
}

fn foot(report: &Report<'_>, rows: &[Row<'_>]) -> String {
    let reused = crate::reuse::sentence(report, rows)
        .map_or(String::new(), |sentence| format!(" {}.", inline(&sentence)));
    let header = &report.plan.header;
    let machines = count(header.machines.len(), "machine");
    format!("{}, {machines}, run {}.{reused}\n", inline(&fleet(header)), code(report.run()))
}
