//! Runs a case of a suite of expression tests: its tree of tests, in a folder of its own.
//!
//! Flows in: a nix, a suite and one of its cases. Flows out: how what was found differs from what the case says.
//! Must not: touch the user's folder.

use model::{
    case::{Case, CaseInput},
    check::CheckId,
    fleet::TreeRef,
    subject::Subject,
    suite::{Kind, Suite},
};

use super::{
    binary::{Nix, private_folder},
    fault::NixFault,
    pool::{Evaluators, Limits},
};
use crate::policy::cases::{CaseOutcome, compare};

/// The file that a case's tests are written to, and named by in findings.
const FILE: &str = "tests.nix";

/// Runs a case. A case whose input is no tree of tests is run by the policy engine instead, and is as expected here.
///
/// # Errors
/// Nix does not work, or the tests cannot be written to a temporary folder.
#[expect(clippy::disallowed_methods, reason = "a case's tests become a file of a folder of their own")]
pub async fn run_case(nix: &Nix, suite: &Suite, case: &Case) -> Result<CaseOutcome, NixFault> {
    let CaseInput::Tests(text) = &case.input else { return Ok(CaseOutcome::AsExpected) };
    let folder = private_folder()?;
    std::fs::write(folder.path().join(FILE), text).map_err(NixFault::NoFolder)?;
    let pool = Evaluators::new(nix.clone(), folder.path(), Limits::of_machine());
    let tree = TreeRef::File { path: FILE.to_owned() };
    let mut verdicts = Vec::new();
    for check in suite.checks.iter().filter(|check| check.kind == Kind::Expression) {
        let walked = pool.walk(&tree, check.timeout).await?;
        let mut paths = walked.tests;
        paths.extend(walked.broken.into_iter().map(|(path, _)| path));
        if paths.is_empty() {
            paths.push(Vec::new());
        }
        let rule = format!("{}/{}", suite.name, check.name);
        let mut on = |index: usize, outcome: super::unit::Outcome, _took| {
            let path = paths.get(index).map_or(&[][..], Vec::as_slice);
            verdicts.push((CheckId(path.join(".")), outcome.verdict(&rule, &Subject::Fleet, path)));
        };
        pool.judge(&tree, &paths, check.timeout, &mut on).await;
    }
    Ok(compare(case, verdicts))
}
