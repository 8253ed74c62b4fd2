//! How each check of the plan came out, in the words that reports use.
//!
//! In: a report. Out: one row for each check, and counts of them. It must not open or close anything: the decision has
//! done that, and the rows only follow it.

use std::time::Duration;

use model::{
    artifact::Artifact, check::Check, finding::Finding, measurement::Measurement, record::Outcome,
    suite::Severity, verdict::Verdict, waiver::Waivers,
};

use crate::{
    report::Report,
    trail::{Left, trails},
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It passed.
    Passed,
    /// It failed, and every finding is waived.
    Waived,
    /// It is a warning, and failed.
    Warned,
    /// It failed.
    Failed,
    /// It had no answer within its limit.
    TimedOut,
    /// The harness could not tell.
    Broken,
    /// The plan skipped it.
    Skipped,
    /// It was to be asked and was not, or its pass proves nothing.
    Unasked,
}

impl Standing {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Waived => "waived",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken",
            Self::Skipped => "skipped",
            Self::Unasked => "unasked",
        }
    }
}

/// A check and how it came out.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) check: &'a Check,
    pub(crate) outcome: Option<&'a Outcome>,
    pub(crate) standing: Standing,
    /// Its findings that no waiver accepts.
    pub(crate) left: Vec<&'a Finding>,
    /// What it measured, or what was measured when the answer was given that stands for it.
    pub(crate) measurements: &'a [Measurement],
    /// What it left behind in this run.
    pub(crate) artifacts: &'a [Artifact],
    /// Where to look if it did not pass.
    pub(crate) trail: Vec<Left<'a>>,
}

impl<'a> Row<'a> {
    /// Why it was not asked, where it was not.
    pub(crate) fn why(&self) -> Option<&'a str> {
        match (&self.check.skip, self.outcome.map(|outcome| &outcome.verdict)) {
            (_, Some(Verdict::Skipped { reason })) => Some(reason),
            (_, Some(Verdict::Pass)) => self.check.blind.as_deref(),
            (Some(reason), None) => Some(reason),
            (None, None) => Some("the run ended first"),
            _ => None,
        }
    }

    pub(crate) fn took(&self) -> Duration {
        self.outcome.map_or(Duration::ZERO, |outcome| outcome.took)
    }

    pub(crate) fn reused(&self) -> bool {
        self.reused_from().is_some()
    }

    /// The run whose answer stands for it.
    pub(crate) fn reused_from(&self) -> Option<&'a str> {
        self.outcome?.reuse.as_ref().map(|reuse| reuse.run.0.as_str())
    }

    /// Whether something is wrong, or the harness could not tell.
    fn is_amiss(&self) -> bool {
        use Standing::{Broken, Failed, TimedOut, Warned};
        matches!(self.standing, Failed | TimedOut | Broken | Warned)
    }
}

/// The rows of a report, in the plan's order.
pub(crate) fn answers<'a>(report: &Report<'a>) -> Vec<Row<'a>> {
    let waivers = Waivers::of(report.decision.waived.iter().map(|(_, waiver)| waiver));
    let row = |check: &'a Check| {
        let outcome = report.record.outcomes.get(&check.id);
        let found = outcome.map_or(&[][..], |outcome| outcome.verdict.findings());
        let left = found.iter().filter(|finding| waivers.covering(check, finding).is_none()).collect();
        let all_waived = waivers.accept(check, found);
        let (record, trail) = (report.record, Vec::new());
        let (measurements, artifacts) = (record.measurements(&check.id), record.artifacts(&check.id));
        let standing = standing(check, outcome, all_waived);
        Row { check, outcome, standing, left, measurements, artifacts, trail }
    };
    let mut rows: Vec<Row<'a>> = report.plan.checks.iter().map(row).collect();
    let amiss = rows.iter().filter(|row| row.is_amiss()).map(|row| row.check);
    let mut trails = trails(report.run(), amiss, rows.iter().map(|row| (row.check, row.artifacts)));
    rows.iter_mut().for_each(|row| row.trail = trails.remove(&row.check.id).unwrap_or_default());
    rows
}

fn standing(check: &Check, outcome: Option<&Outcome>, all_waived: bool) -> Standing {
    match outcome.map(|outcome| &outcome.verdict) {
        Some(Verdict::Pass) if check.blind.is_some() => Standing::Unasked,
        Some(Verdict::Pass) => Standing::Passed,
        Some(Verdict::Fail { .. }) if all_waived => Standing::Waived,
        Some(Verdict::Fail { .. }) if check.severity == Severity::Warning => Standing::Warned,
        Some(Verdict::Fail { .. }) => Standing::Failed,
        Some(Verdict::Broken { .. }) => Standing::Broken,
        Some(Verdict::TimedOut { .. }) => Standing::TimedOut,
        Some(Verdict::Skipped { .. }) | None if check.skip.is_some() && check.blind.is_none() => {
            Standing::Skipped
        }
        Some(Verdict::Skipped { .. }) | None => Standing::Unasked,
    }
}

/// How many checks came out in each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) checks: usize,
    pub(crate) passed: usize,
    pub(crate) waived: usize,
    pub(crate) warned: usize,
    pub(crate) failed: usize,
    pub(crate) timed_out: usize,
    pub(crate) broken: usize,
    pub(crate) skipped: usize,
    pub(crate) unasked: usize,
    /// Of those that passed.
    pub(crate) reused: usize,
    /// Of all of them together.
    pub(crate) time: Duration,
}

impl Counts {
    pub(crate) fn of<'r, 'a: 'r>(rows: impl IntoIterator<Item = &'r Row<'a>>) -> Self {
        rows.into_iter().fold(Self::default(), Self::with)
    }

    fn with(mut self, row: &Row<'_>) -> Self {
        let one = match row.standing {
            Standing::Passed => &mut self.passed,
            Standing::Waived => &mut self.waived,
            Standing::Warned => &mut self.warned,
            Standing::Failed => &mut self.failed,
            Standing::TimedOut => &mut self.timed_out,
            Standing::Broken => &mut self.broken,
            Standing::Skipped => &mut self.skipped,
            Standing::Unasked => &mut self.unasked,
        };
        *one += 1;
        self.checks += 1;
        self.reused += usize::from(row.reused());
        self.time = self.time.saturating_add(row.took());
        self
    }
}
