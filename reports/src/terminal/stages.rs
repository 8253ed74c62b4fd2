//! How many checks of each stage came out in which way.
//!
//! In: the rows. Out: a table, or sentences where the screen is too narrow for one. It must not leave out a stage that
//! has a check.

use std::collections::BTreeMap;

use model::stage::Stage;

use crate::{
    age,
    answers::{Counts, Row},
    look::Ink,
    page::{Page, cell},
};

const STAGE: usize = 11;
const NUMBER: usize = 7;

pub(super) fn table(page: &mut Page, rows: &[Row<'_>]) {
    let mut stages: BTreeMap<Stage, Vec<&Row<'_>>> = BTreeMap::new();
    rows.iter().for_each(|row| stages.entry(row.check.stage).or_default().push(row));
    let counted: Vec<(Stage, Counts)> =
        stages.into_iter().map(|(stage, rows)| (stage, Counts::of(rows))).collect();
    let columns = columns(&Counts::default()).len();
    if counted.is_empty() {
    } else if page.width() < STAGE + (columns + 1) * (NUMBER + 1) {
        counted.iter().for_each(|(stage, counts)| in_words(page, *stage, counts));
    } else {
        in_columns(page, &counted);
    }
}

/// What is counted, and the colour of a number that is not zero. What was waived has passed, and what had no answer in
/// time has failed: these are the gates' words, and the sections below say which is which.
/// `work` is the time of all checks added up, of which several run at once.
fn columns(counts: &Counts) -> [(&'static str, usize, Ink); 7] {
    [
        ("passed", counts.passed + counts.waived, Ink::Good),
        ("failed", counts.failed + counts.timed_out, Ink::Bad),
        ("warned", counts.warned, Ink::Warning),
        ("broken", counts.broken, Ink::Unknown),
        ("skipped", counts.skipped, Ink::Warning),
        ("unasked", counts.unasked, Ink::Warning),
        ("reused", counts.reused, Ink::Plain),
    ]
}

fn in_columns(page: &mut Page, counted: &[(Stage, Counts)]) {
    let names = columns(&Counts::default()).map(|(name, ..)| cell(name, NUMBER, true));
    let head = format!("{} {} {}", cell("stage", STAGE, false), names.join(" "), cell("work", NUMBER, true));
    page.say(0, Ink::Quiet, &head);
    for (stage, counts) in counted {
        let numbers = columns(counts).map(|(_, number, ink)| {
            let ink = if number == 0 { Ink::Quiet } else { ink };
            page.paint(ink, &cell(&number.to_string(), NUMBER, true))
        });
        let time = cell(&age::took(counts.time), NUMBER, true);
        page.push(&format!("{} {} {time}", cell(stage.as_str(), STAGE, false), numbers.join(" ")));
    }
}

fn in_words(page: &mut Page, stage: Stage, counts: &Counts) {
    let numbers = columns(counts).into_iter().filter(|(_, number, _)| *number > 0);
    let numbers: Vec<String> = numbers.map(|(name, number, _)| format!("{number} {name}")).collect();
    page.label(0, Ink::Title, stage.as_str(), &format!(": {}", numbers.join(", ")));
}
