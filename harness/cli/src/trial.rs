//! One case of a suite, tried out: by the policy engine, by nix where its input is a tree of tests, or held against the matrix.

use std::fmt::Write as _;

use edge::{
    policy::cases::{self, CaseOutcome},
    probe,
};
use model::{
    case::{Case, Expected},
    suite::Suite,
};

use crate::{desk::Desk, settings, stop::Stop};

/// Runs a case.
///
/// # Errors
/// The case needs nix, and there is none that works.
pub async fn run(desk: &Desk, suite: &Suite, case: &Case) -> Result<CaseOutcome, Stop> {
    if let Some(outcome) = cases::run_case(suite, case).or_else(|| probe::cases::run_case(suite, case)) {
        return Ok(outcome);
    }
    let nix = settings::nix(desk).await?;
    edge::nix::cases::run_case(&nix, suite, case).await.map_err(settings::nix_stop)
}

/// How a case came out, in lines; nothing where it is as expected.
#[must_use]
pub fn told(outcome: &CaseOutcome) -> String {
    let mut out = String::new();
    match outcome {
        CaseOutcome::AsExpected => {}
        CaseOutcome::Differs { missing, unexpected } => {
            for Expected { rule, subject, pointer } in missing {
                let at = pointer.as_deref().unwrap_or("anywhere");
                let _infallible = writeln!(out, "       expected, not found: {rule} of {subject} at {at}");
            }
            for found in unexpected {
                let at = found.pointer.as_deref().unwrap_or("no pointer");
                let (rule, subject, message) = (&found.rule, &found.subject, &found.message);
                let _infallible =
                    writeln!(out, "       found, not expected: {rule} of {subject} at {at}: {message}");
            }
        }
        CaseOutcome::Broken { faults } => {
            for fault in faults {
                let _infallible = writeln!(out, "       could not tell: {}", fault.what);
                fault.detail.iter().for_each(|line| {
                    let _infallible = writeln!(out, "         {line}");
                });
            }
        }
    }
    out
}
