//! How one check stands after a run.
//!
//! In: the check as planned, its outcome if it has one, the waivers. Out: what that means for its gate, with why in a few
//! words. It must not look at other checks.

use model::{
    check::Check,
    decision::GateState,
    finding::Finding,
    suite::Severity,
    verdict::Verdict,
    waiver::{Waiver, Waivers},
};

/// A check, and the answer to it, if there is one.
pub(crate) type Answered<'a> = (&'a Check, Option<&'a Verdict>);

/// What a check means for its gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// It passed, or it failed and every finding is waived.
    Proven,
    /// It is a warning, and failed. No gate closes.
    Warned,
    /// It failed.
    Failed {
        /// Findings that no waiver covers.
        left: usize,
    },
    /// It had no answer within its limit.
    TimedOut,
    /// The harness could not tell.
    Broken(&'a str),
    /// The fleet has nothing that it could be asked about, and the plan says so.
    Absent(&'a str),
    /// It was to be asked and was not.
    Unasked(&'a str),
    /// It passed, and there is something that it did not see.
    Blind(&'a str),
}

impl Standing<'_> {
    /// What the gate of a check of severity error comes to at best.
    pub(crate) fn allows(&self) -> GateState {
        match self {
            Self::Proven | Self::Warned | Self::Absent(_) => GateState::Open,
            Self::Broken(_) | Self::Unasked(_) | Self::Blind(_) => GateState::Undecided,
            Self::Failed { .. } | Self::TimedOut => GateState::Closed,
        }
    }

    /// Whether the subject itself answered.
    pub(crate) fn answered(&self) -> bool {
        matches!(self, Self::Proven | Self::Warned | Self::Failed { .. })
    }

    /// Why the check is not proven, in a few words.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Proven | Self::Warned => None,
            Self::Failed { left: 1 } => Some("1 finding".to_owned()),
            Self::Failed { left } => Some(format!("{left} findings")),
            Self::TimedOut => Some("no answer within its limit".to_owned()),
            Self::Broken(what) => Some(format!("the harness could not tell: {what}")),
            Self::Absent(why) => Some(format!("skipped: {why}")),
            Self::Unasked(why) => Some(format!("not asked: {why}")),
            Self::Blind(why) => Some(format!("a pass that proves nothing: {why}")),
        }
    }
}

/// A check's standing, and what there is to tell of its findings.
pub(crate) struct Judged<'a> {
    pub(crate) standing: Standing<'a>,
    /// Findings that a waiver accepts.
    pub(crate) waived: Vec<(Finding, Waiver)>,
    /// Findings of a warning.
    pub(crate) warnings: Vec<Finding>,
}

impl<'a> From<Standing<'a>> for Judged<'a> {
    fn from(standing: Standing<'a>) -> Self {
        Self { standing, waived: Vec::new(), warnings: Vec::new() }
    }
}

/// Judges one check.
pub(crate) fn judge<'a>(check: &'a Check, verdict: Option<&'a Verdict>, waivers: &Waivers<'_>) -> Judged<'a> {
    // What nobody could look at is no absence.
    let absent = check.skip.as_ref().filter(|_| check.blind.is_none());
    match (verdict, absent) {
        (Some(Verdict::Pass), _) => check.blind.as_deref().map_or(Standing::Proven, Standing::Blind).into(),
        (Some(Verdict::Fail { findings }), _) => failed(check, findings, waivers),
        (Some(Verdict::Broken { fault }), _) => Standing::Broken(&fault.what).into(),
        (Some(Verdict::TimedOut { .. }), _) => Standing::TimedOut.into(),
        (Some(Verdict::Skipped { .. }) | None, Some(planned)) => Standing::Absent(planned).into(),
        (Some(Verdict::Skipped { reason }), None) => Standing::Unasked(reason).into(),
        (None, None) => Standing::Unasked("the run ended first").into(),
    }
}

fn failed<'a>(check: &Check, findings: &[Finding], waivers: &Waivers<'_>) -> Judged<'a> {
    let mut waived = Vec::new();
    let mut left = Vec::new();
    for finding in findings {
        match waivers.covering(check, finding) {
            Some(waiver) => waived.push((finding.clone(), waiver.clone())),
            None => left.push(finding),
        }
    }
    let (standing, warnings) = match check.severity {
        _ if waivers.accept(check, findings) => (Standing::Proven, Vec::new()),
        Severity::Warning => (Standing::Warned, left.into_iter().cloned().collect()),
        Severity::Error => (Standing::Failed { left: left.len() }, Vec::new()),
    };
    Judged { standing, waived, warnings }
}
