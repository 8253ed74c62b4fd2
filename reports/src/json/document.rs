//! The shape of the JSON report, version 1.
//!
//! In: a report. Out: values that serialise to the document that `reports/JSON.md` describes. It must not hold copies of
//! what the report holds.

use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use model::{
    artifact::Artifact,
    check::Question,
    decision::{Gate, GateState},
    evidence::Reuse,
    finding::Finding,
    fleet::{BootSource, FleetSource},
    measurement::Measurement,
    plan::Header,
    round::Way,
    subject::Subject,
    suite::Severity,
    verdict::{Fault, Verdict},
    waiver::Waiver,
};
use serde::Serialize;

use super::mesh::Mesh;
use crate::{
    answers::{Counts, Row, Standing, answers},
    report::{Report, word},
    trail::{Left, left},
    unproven::{Unproven, unproven},
};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    tool: &'a str,
    fleet: Fleet<'a>,
    run: Run<'a>,
    outcome: &'static str,
    partial: bool,
    counts: Figures,
    gates: Vec<GateEntry<'a>>,
    not_proven: Vec<NotProven>,
    checks: Vec<CheckEntry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<Mesh<'a>>,
    waived: Vec<WaivedEntry<'a>>,
    idle_waivers: Vec<WaiverEntry<'a>>,
}

#[derive(Serialize)]
struct Fleet<'a> {
    name: &'a str,
    source: FleetSource,
    machines: Vec<&'a str>,
    tree: String,
}

#[derive(Serialize)]
struct Run<'a> {
    id: Option<&'a str>,
    started: Option<Timestamp>,
    took_ms: Option<u64>,
    interrupted: bool,
    capabilities: &'a [String],
}

#[derive(Serialize)]
struct Figures {
    checks: usize,
    passed: usize,
    waived: usize,
    warned: usize,
    failed: usize,
    timed_out: usize,
    broken: usize,
    skipped: usize,
    unasked: usize,
    reused: usize,
}

#[derive(Serialize)]
struct GateEntry<'a> {
    stage: &'static str,
    machine: Option<&'a str>,
    state: GateState,
    reasons: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Reason<'a> {
    check: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct NotProven {
    what: String,
    why: String,
}

#[derive(Serialize)]
struct CheckEntry<'a> {
    id: &'a str,
    suite: &'a str,
    rule: &'a str,
    stage: &'static str,
    machine: Option<&'a str>,
    severity: Severity,
    result: &'static str,
    took_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<Reused<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a Fault>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingEntry<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    measurements: &'a [Measurement],
    #[serde(skip_serializing_if = "Option::is_none")]
    booted: Option<BootedEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    artifacts: Vec<ArtifactEntry<'a>>,
}

#[derive(Serialize)]
struct BootedEntry<'a> {
    source: &'static str,
    replaced: &'a [String],
}

#[derive(Serialize)]
struct ArtifactEntry<'a> {
    name: &'a str,
    path: String,
    digest: String,
    bytes: u64,
}

/// The run whose answer stands.
#[derive(Serialize)]
struct Reused<'a> {
    run: &'a str,
    at: Timestamp,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    rule: &'a str,
    machine: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Spot<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    trace: &'a [String],
}

/// Where something is written; without a line, the whole file.
#[derive(Serialize)]
struct Spot<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

#[derive(Serialize)]
struct WaivedEntry<'a> {
    finding: FindingEntry<'a>,
    waiver: WaiverEntry<'a>,
}

#[derive(Serialize)]
struct WaiverEntry<'a> {
    rule: &'a str,
    covers: &'static str,
    machine: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a str>,
    reason: &'a str,
    expires: Date,
    place: Spot<'a>,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &Report<'a>) -> Self {
        let rows = answers(report);
        let skipped = rows.iter().filter(|row| row.standing == Standing::Skipped);
        let not_proven = unproven(report.plan, skipped.filter_map(|row| Some((row.check, row.why()?))));
        let waived = report.decision.waived.iter();
        Self {
            version: super::VERSION,
            tool: &report.plan.header.tool,
            fleet: Fleet::of(&report.plan.header),
            run: Run::of(report),
            outcome: word(report.decision.outcome),
            partial: report.plan.header.partial,
            counts: Figures::of(&Counts::of(&rows)),
            gates: report.decision.gates.iter().map(GateEntry::of).collect(),
            not_proven: not_proven
                .into_iter()
                .map(|Unproven { what, why }| NotProven { what, why })
                .collect(),
            checks: rows.iter().map(|row| CheckEntry::of(report.run(), row)).collect(),
            mesh: Mesh::of(report),
            waived: waived.map(|(finding, waiver)| WaivedEntry::of(finding, waiver)).collect(),
            idle_waivers: report.decision.idle.iter().map(WaiverEntry::of).collect(),
        }
    }
}

impl<'a> Fleet<'a> {
    fn of(header: &'a Header) -> Self {
        let machines = header.machines.iter().map(|name| name.as_str()).collect();
        Self { name: &header.fleet, source: header.source, machines, tree: header.tree.to_string() }
    }
}

impl<'a> Run<'a> {
    fn of(report: &Report<'a>) -> Self {
        let record = report.record;
        Self {
            id: record.run.as_ref().map(|run| run.0.as_str()),
            started: record.started,
            took_ms: record.took.map(millis),
            interrupted: record.interrupted,
            capabilities: &report.plan.header.capabilities,
        }
    }
}

impl Figures {
    fn of(counts: &Counts) -> Self {
        let Counts {
            checks,
            passed,
            waived,
            warned,
            failed,
            timed_out,
            broken,
            skipped,
            unasked,
            reused,
            time: _,
        } = *counts;
        Self { checks, passed, waived, warned, failed, timed_out, broken, skipped, unasked, reused }
    }
}

impl<'a> GateEntry<'a> {
    fn of(gate: &'a Gate) -> Self {
        let reasons = gate.reasons.iter().map(|(check, why)| Reason { check: &check.0, why }).collect();
        Self { stage: gate.stage.as_str(), machine: machine(&gate.subject), state: gate.state, reasons }
    }
}

impl<'a> CheckEntry<'a> {
    fn of(run: &str, row: &Row<'a>) -> Self {
        let check = row.check;
        let verdict = row.outcome.map(|outcome| &outcome.verdict);
        let findings = verdict.map_or(&[][..], Verdict::findings);
        Self {
            id: &check.id.0,
            suite: &check.suite,
            rule: &check.rule,
            stage: check.stage.as_str(),
            machine: machine(&check.subject),
            severity: check.severity,
            result: row.standing.as_str(),
            took_ms: millis(row.took()),
            reused: row.outcome.and_then(|outcome| outcome.reuse.as_ref()).map(Reused::of),
            why: row.why(),
            limit_ms: if let Some(Verdict::TimedOut { limit }) = verdict {
                Some(millis(*limit))
            } else {
                None
            },
            fault: if let Some(Verdict::Broken { fault }) = verdict { Some(fault) } else { None },
            findings: findings.iter().map(FindingEntry::of).collect(),
            measurements: row.measurements,
            booted: BootedEntry::of(row),
            artifacts: row.artifacts.iter().map(|artifact| ArtifactEntry::of(run, artifact)).collect(),
        }
    }
}

impl<'a> BootedEntry<'a> {
    fn of(row: &Row<'a>) -> Option<Self> {
        let source = match &row.check.question {
            Question::Guest { source, .. } => source.as_str(),
            Question::Probe { way: Some(Way::Guest { .. }), .. } => BootSource::Configuration.as_str(),
            _ => return None,
        };
        (!row.replaced.is_empty()).then_some(Self { source, replaced: row.replaced })
    }
}

impl<'a> ArtifactEntry<'a> {
    fn of(run: &str, artifact: &'a Artifact) -> Self {
        let Left { name, path } = left(run, artifact);
        Self { name, path, digest: artifact.digest.to_string(), bytes: artifact.bytes }
    }
}

impl<'a> Reused<'a> {
    fn of(reuse: &'a Reuse) -> Self {
        Self { run: &reuse.run.0, at: reuse.at }
    }
}

impl<'a> FindingEntry<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            rule: &finding.rule,
            machine: machine(&finding.subject),
            message: &finding.message,
            place: finding.place.as_ref().map(Spot::of),
            pointer: finding.pointer.as_deref(),
            expected: finding.expected.as_deref(),
            actual: finding.actual.as_deref(),
            help: finding.help.as_deref(),
            trace: &finding.trace,
        }
    }
}

impl<'a> Spot<'a> {
    fn of(place: &'a model::place::Place) -> Self {
        let from_one = |number: u32| (number > 0).then_some(number);
        Self { file: &place.file, line: from_one(place.line), column: from_one(place.column) }
    }
}

impl<'a> WaivedEntry<'a> {
    fn of(finding: &'a Finding, waiver: &'a Waiver) -> Self {
        Self { finding: FindingEntry::of(finding), waiver: WaiverEntry::of(waiver) }
    }
}

impl<'a> WaiverEntry<'a> {
    fn of(waiver: &'a Waiver) -> Self {
        Self {
            rule: &waiver.rule,
            covers: match waiver.subject {
                None => "every",
                Some(Subject::Fleet) => "fleet",
                Some(Subject::Machine(_)) => "machine",
            },
            machine: waiver.subject.as_ref().and_then(machine),
            test: waiver.test.as_deref(),
            reason: &waiver.reason,
            expires: waiver.expires,
            place: Spot::of(&waiver.place),
        }
    }
}

/// The machine's name; nothing for the fleet as a whole.
fn machine(subject: &Subject) -> Option<&str> {
    subject.machine().map(|name| name.as_str())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
