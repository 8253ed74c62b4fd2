//! What was booted in the machines' places.
//!
//! In: the rows. Out: a paragraph for machines that were booted alike; nothing where nothing was booted. It must not leave
//! out what was replaced.

use crate::{answers::Row, booted::booted, look::Ink, page::Page, report::count};

/// Paragraphs; of a larger fleet, programs read the rest.
const MOST: usize = 10;

pub(super) fn list(page: &mut Page, rows: &[Row<'_>]) {
    let all = booted(rows);
    if all.is_empty() {
        return;
    }
    page.gap();
    page.say(0, Ink::Quiet, "booted");
    for alike in all.iter().take(MOST) {
        let text = format!(": {}, without {}", alike.from, alike.replaced.join("; "));
        page.label(2, Ink::Title, &alike.named(str::to_owned), &text);
    }
    let more: usize = all.iter().skip(MOST).map(|booted| booted.machines.len()).sum();
    if more > 0 {
        page.say(2, Ink::Quiet, &format!("and {} more (see report --format json)", count(more, "machine")));
    }
}
