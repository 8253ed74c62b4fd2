//! Every case of every built-in suite as a test of its own: `suite::case`.
//!
//! Flows in: the suites that ship. Flows out: a test each for loading a suite, for each of its policies, and for each of
//! its cases. Must not: need a registration: a folder is found, and a case that nothing runs is a failure.

mod evaluator;
mod fleet;
mod manual;
mod schema;

use std::process::ExitCode;

use edge::policy::{
    Module,
    cases::{CaseOutcome, run_case},
};
use libtest_mimic::{Arguments, Failed, Trial};
use load::suite::load_with_cases;
use model::{
    case::{Case, CaseInput},
    sighting::rules,
    suite::{Kind, Policy, Suite, SuiteOrigin},
};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = suites::built_in().into_iter().flat_map(trials);
    libtest_mimic::run(&arguments, cases.chain(fleet::trials()).chain(manual::trials()).collect()).exit_code()
}

fn trials((name, files): suites::Files) -> Vec<Trial> {
    let (suite, cases) = match load_with_cases(name, SuiteOrigin::BuiltIn, &files) {
        Ok(loaded) => loaded,
        Err(problems) => {
            let told = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            return vec![Trial::test(format!("{name}::loads"), move || Err(told.into()))];
        }
    };
    let has_readme = files.iter().any(|(path, _)| *path == "README.md");
    let has_good = cases.iter().any(|case| case.findings.is_empty());
    let never = never_red(&suite, &cases);
    let loads = Trial::test(format!("{name}::loads"), move || whole(has_readme, has_good, &never));
    let policies = suite.checks.iter().filter_map(|check| match &check.kind {
        Kind::Policy(policy) | Kind::Guest(policy) => Some((check.name.clone(), policy.clone())),
        Kind::Expression | Kind::Probe(_) => None,
    });
    let policies: Vec<_> = policies
        .map(|(check, policy)| Trial::test(format!("{name}::{check}::compiles"), move || compiles(&policy)))
        .collect();
    let cases = cases.into_iter().map(|case| {
        let suite = suite.clone();
        Trial::test(format!("{name}::{}", case.name), move || as_expected(&suite, &case))
    });
    std::iter::once(loads).chain(policies).chain(cases).collect()
}

/// Of a look at the network, the rules that no bad case turns red: of other checks, loading refuses those.
fn never_red(suite: &Suite, cases: &[Case]) -> Vec<&'static str> {
    if !suite.checks.iter().any(|check| matches!(check.kind, Kind::Probe(_))) {
        return Vec::new();
    }
    let red = |rule: &str| cases.iter().flat_map(|case| &case.findings).any(|finding| finding.rule == rule);
    rules::ALL.iter().map(|(rule, _)| *rule).filter(|rule| !red(rule)).collect()
}

/// Loading has already refused a suite with a check that no bad case turns red. A suite of ours also says why it is there,
/// and is seen green.
fn whole(has_readme: bool, has_good: bool, never_red: &[&str]) -> Result<(), Failed> {
    match (has_readme, has_good) {
        _ if !never_red.is_empty() => Err(format!("no bad case turns {} red", never_red.join(", ")).into()),
        (false, _) => Err("the suite has no README.md".into()),
        (_, false) => Err("the suite has no good case".into()),
        (true, true) => Ok(()),
    }
}

fn compiles(policy: &Policy) -> Result<(), Failed> {
    match Module::compile(policy) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{}:{}:{}: {error}", error.file, error.line, error.column).into()),
    }
}

fn as_expected(suite: &Suite, case: &Case) -> Result<(), Failed> {
    let outcome = match &case.input {
        CaseInput::Facts(document) => {
            schema::holds(document)?;
            run_case(suite, case)
        }
        CaseInput::Tests(_) => Some(evaluator::run(suite, case)?),
        CaseInput::Sightings(..) => edge::probe::cases::run_case(suite, case),
    };
    match outcome {
        Some(CaseOutcome::AsExpected) => Ok(()),
        Some(CaseOutcome::Differs { missing, unexpected }) => {
            let missing = missing.iter().map(|expected| format!("missing: {expected:?}"));
            let unexpected = unexpected.iter().map(|finding| format!("unexpected: {finding:?}"));
            Err(missing.chain(unexpected).collect::<Vec<_>>().join("\n").into())
        }
        Some(CaseOutcome::Broken { faults }) => {
            Err(faults.iter().map(|fault| fault.what.clone()).collect::<Vec<_>>().join("\n").into())
        }
        None => Err("nothing runs this case".into()),
    }
}
