//! The report for CI systems: JUnit XML in the dialect of Jenkins, one suite for each suite of checks.
//!
//! In: a report. Out: XML. A failure is the fleet's; an error is a check that the harness could not answer or that had no
//! answer in time; everything that was not asked is skipped, and so is what a waiver accepts. A warning is a success with
//! a word about it, because CI systems count every failure. It must not call anything a success that did not pass.

use std::{collections::BTreeMap, io, time::Duration};

use model::{finding::Finding, verdict::Verdict};
use quick_junit::{NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite};

use crate::{
    age,
    answers::{Row, Standing, answers},
    report::Report,
    trail::{Left, left},
};

/// Frames of a trace.
const MOST_TRACE: usize = 50;

/// Writes the document.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report<'_>, writer: impl io::Write) -> io::Result<()> {
    document(report).serialize(writer).map_err(io::Error::other)
}

fn document(report: &Report<'_>) -> Document {
    let mut suites: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in answers(report) {
        suites.entry(&row.check.suite).or_default().push(row);
    }
    let mut document = Document::new(format!("seaworthy {}", report.plan.header.fleet));
    if let Some(took) = report.record.took {
        document.set_time(took);
    }
    document.add_test_suites(suites.into_iter().map(|(name, rows)| suite(report.run(), name, &rows)));
    document
}

fn suite(run: &str, name: &str, rows: &[Row<'_>]) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(rows.iter().fold(Duration::ZERO, |time, row| time.saturating_add(row.took())));
    suite.add_test_cases(rows.iter().map(|row| case(run, row)));
    suite
}

fn case(run: &str, row: &Row<'_>) -> TestCase {
    let mut case = TestCase::new(row.check.id.0.as_str(), status(row));
    case.set_classname(row.check.rule.as_str()).set_time(row.took());
    if let Some(run) = row.reused_from() {
        case.add_property(Property::new("reused-from", run));
    }
    for one in row.measurements {
        let of = one.of.as_ref().map_or(String::new(), |of| format!(" {of}"));
        let value = format!("{} {}", one.value.get(), one.unit);
        case.add_property(Property::new(format!("{}{of}", one.metric), value));
    }
    for artifact in row.artifacts {
        let Left { name, path } = left(run, artifact);
        case.add_property(Property::new(format!("artifact/{name}"), path));
    }
    if row.standing == Standing::Warned {
        case.set_system_out(format!("warning: {}", all(&row.left)));
    }
    case
}

fn status(row: &Row<'_>) -> TestCaseStatus {
    match row.standing {
        Standing::Passed | Standing::Warned => TestCaseStatus::success(),
        Standing::Failed => {
            let message = row.left.first().map_or("failed", |finding| finding.message.as_str());
            non_success(NonSuccessKind::Failure, "finding", message, &all(&row.left))
        }
        Standing::TimedOut => {
            let message = format!("no answer within {}", age::took(row.check.limit));
            non_success(NonSuccessKind::Error, "timed-out", &message, "")
        }
        Standing::Broken => broken(row),
        Standing::Waived => skipped("waived"),
        Standing::Skipped | Standing::Unasked => skipped(row.why().unwrap_or("not asked")),
    }
}

fn broken(row: &Row<'_>) -> TestCaseStatus {
    let Some(Verdict::Broken { fault }) = row.outcome.map(|outcome| &outcome.verdict) else {
        return non_success(NonSuccessKind::Error, "broken", "the harness could not tell", "");
    };
    let help = fault.remedy.iter().map(|remedy| format!("help: {remedy}"));
    let description: Vec<String> = fault.detail.iter().take(MOST_TRACE).cloned().chain(help).collect();
    non_success(NonSuccessKind::Error, "broken", &fault.what, &description.join("\n"))
}

fn non_success(kind: NonSuccessKind, class: &str, message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(class).set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn all(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| text(finding)).collect::<Vec<_>>().join("\n\n")
}

fn text(finding: &Finding) -> String {
    let place = finding.place.as_ref().map_or(String::new(), |place| format!("{place}: "));
    let mut text = format!("{place}{}: {}", finding.subject, finding.message);
    let more = [("expected", &finding.expected), ("actual", &finding.actual), ("help", &finding.help)];
    for (label, value) in more {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}: {value}"));
        }
    }
    finding.trace.iter().take(MOST_TRACE).for_each(|frame| text.push_str(&format!("\n  {frame}")));
    text
}
