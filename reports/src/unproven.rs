//! What a run does not prove: the stages and checks that somebody may take for proven although nothing was asked.
//!
//! In: a plan, and the rows of its run if there was one. Out: sentences, a few of them however large the fleet.
//! It must not leave anything out.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    check::Check,
    plan::{Note, Plan},
    stage::Stage,
};

use crate::report::count;

/// One thing that is not proven, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// What is not proven.
    pub(crate) what: String,
    /// Why.
    pub(crate) why: String,
}

/// What the notes say, and the checks that were skipped, grouped by stage and reason.
pub(crate) fn unproven<'a>(
    plan: &Plan,
    skipped: impl IntoIterator<Item = (&'a Check, &'a str)>,
) -> Vec<Unproven> {
    let mut all = notes(plan);
    let mut groups: BTreeMap<(Stage, &str), (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (check, why) in skipped {
        let (checks, suites) = groups.entry((check.stage, why)).or_default();
        *checks += 1;
        suites.insert(&check.suite);
    }
    all.extend(groups.into_iter().map(|((stage, why), (checks, suites))| {
        let suites: Vec<&str> = suites.into_iter().collect();
        let what = format!("{stage}, {} of {}", count(checks, "check"), suites.join(", "));
        Unproven { what, why: why.to_owned() }
    }));
    all
}

fn notes(plan: &Plan) -> Vec<Unproven> {
    let empty = |note: &Note| if let Note::EmptyStage { stage } = note { Some(stage.as_str()) } else { None };
    let left_out =
        |note: &Note| if let Note::Unselected { stage } = note { Some(stage.as_str()) } else { None };
    let stages =
        together(plan, left_out, "not selected").into_iter().chain(together(plan, empty, "no checks"));
    let others = plan.notes.iter().filter_map(|note| match note {
        Note::EmptyStage { .. } | Note::Unselected { .. } => None,
        Note::EmptySuite { suite, reason } => {
            Some(Unproven { what: format!("suite {suite}"), why: reason.clone() })
        }
        Note::OverlayNotUp { overlay, reason } => {
            Some(Unproven { what: format!("overlay {overlay} among guests"), why: reason.clone() })
        }
        Note::NoTests => {
            let why = "the flake has no tree of tests".to_owned();
            Some(Unproven { what: "expression tests".to_owned(), why })
        }
        Note::NothingToProve => {
            let why = "there is no machine and no test".to_owned();
            Some(Unproven { what: "the fleet".to_owned(), why })
        }
        Note::OutputNotRead { output, meant } => {
            let why = format!("nothing reads it; did you mean `{meant}`?");
            Some(Unproven { what: format!("output `{output}`"), why })
        }
    });
    stages.chain(others).collect()
}

/// The stages of some notes, in one line.
fn together<'a>(
    plan: &'a Plan,
    stage: impl FnMut(&'a Note) -> Option<&'static str>,
    why: &str,
) -> Option<Unproven> {
    let stages: Vec<&str> = plan.notes.iter().filter_map(stage).collect();
    (!stages.is_empty()).then(|| Unproven { what: stages.join(", "), why: why.to_owned() })
}
