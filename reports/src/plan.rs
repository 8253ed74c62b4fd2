//! A plan for a person at a terminal: what will be asked, what stands, what is skipped, and why.
//!
//! In: a plan and the look of the screen. Out: text. It must not say anything about a run.

use std::collections::BTreeMap;

use model::{check::Check, plan::Plan, stage::Stage};
use unicode_width::UnicodeWidthStr;

use crate::{
    look::{Ink, Look},
    page::{Page, cell},
    report::{count, fleet},
    terminal::not_proven,
    unproven::unproven,
};

/// The plan by stage and suite; with `verbose`, every check.
#[must_use]
pub fn render(plan: &Plan, look: Look, verbose: bool) -> String {
    let mut page = Page::new(look);
    let header = &plan.header;
    let about = format!(": plan for {}, {}", fleet(header), count(header.machines.len(), "machine"));
    page.label(0, Ink::Title, &format!("seaworthy {}", header.tool), &about);
    page.gap();
    if verbose {
        plan.checks.iter().for_each(|check| one(&mut page, check));
    } else {
        suites(&mut page, plan);
    }
    let skipped = plan.checks.iter().filter_map(|check| Some((check, check.skip.as_deref()?)));
    not_proven(&mut page, &unproven(plan, skipped));
    last_line(&mut page, plan);
    page.finish()
}

/// What will happen to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ask,
    Reuse,
    Skip,
}

fn fate(check: &Check) -> Fate {
    match (&check.skip, &check.reuse) {
        (Some(_), _) => Fate::Skip,
        (None, Some(_)) => Fate::Reuse,
        (None, None) => Fate::Ask,
    }
}

/// How many checks will be asked, reused and skipped.
fn fates<'a>(checks: impl IntoIterator<Item = &'a Check>) -> [usize; 3] {
    let mut fates = [0; 3];
    checks.into_iter().for_each(|check| fates[fate(check) as usize] += 1);
    fates
}

fn one(page: &mut Page, check: &Check) {
    let (ink, word, why) = match (&check.skip, &check.reuse, &check.key) {
        (Some(reason), ..) => (Ink::Warning, "skip ", format!(": {reason}")),
        (None, Some(reuse), _) => (Ink::Quiet, "reuse", format!(": run {} at {:.0}", reuse.run, reuse.at)),
        (None, None, Some(_)) => (Ink::Good, "ask  ", String::new()),
        (None, None, None) => (Ink::Good, "ask  ", ": its answer is never reused".to_owned()),
    };
    page.label(0, ink, word, &format!(" {}{why}", check.id));
}

const WIDEST_SUITE: usize = 30;
const STAGE: usize = 11;
const NUMBER: usize = 7;

fn suites(page: &mut Page, plan: &Plan) {
    let mut suites: BTreeMap<(Stage, &str), Vec<&Check>> = BTreeMap::new();
    plan.checks.iter().for_each(|check| suites.entry((check.stage, &check.suite)).or_default().push(check));
    let longest = suites.keys().map(|(_, suite)| suite.width()).max().unwrap_or(0);
    let suite_width = longest.clamp("suite".len(), WIDEST_SUITE);
    let narrow = longest > WIDEST_SUITE || page.width() < STAGE + suite_width + 3 * (NUMBER + 1) + 2;
    if narrow {
        for ((stage, suite), checks) in suites {
            let [ask, reuse, skip] = fates(checks);
            page.say(
                0,
                Ink::Plain,
                &format!("{stage} {suite}: {ask} to ask, {reuse} reused, {skip} skipped"),
            );
        }
        return;
    }
    let line = |stage: &str, suite: &str, numbers: [String; 3]| {
        format!("{} {} {}", cell(stage, STAGE, false), cell(suite, suite_width, false), numbers.join(" "))
    };
    let head = ["ask", "reuse", "skip"].map(|name| cell(name, NUMBER, true));
    page.say(0, Ink::Quiet, &line("stage", "suite", head));
    for ((stage, suite), checks) in suites {
        let numbers = fates(checks).map(|number| cell(&number.to_string(), NUMBER, true));
        page.say(0, Ink::Plain, &line(stage.as_str(), suite, numbers));
    }
}

fn last_line(page: &mut Page, plan: &Plan) {
    let [ask, reuse, skip] = fates(&plan.checks);
    let mut parts = vec![format!("{ask} to ask")];
    if reuse > 0 {
        parts.push(format!("{reuse} stand on earlier answers (--fresh asks again)"));
    }
    if skip > 0 {
        parts.push(format!("{skip} skipped"));
    }
    page.gap();
    page.label(0, Ink::Title, &count(plan.checks.len(), "check"), &format!(": {}", parts.join(", ")));
}
