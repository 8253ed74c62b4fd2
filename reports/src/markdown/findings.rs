//! The findings of a run, as far as there is room for them.
//!
//! In: rows, and bytes. Out: sections by rule. A finding is shown whole or not at all, so that no fence stays open.
//! It must not exceed the bytes.

use std::collections::BTreeMap;

use model::{check::Check, finding::Finding, verdict::Verdict};

use super::escape::{block, code, inline};
use crate::{
    age,
    answers::{Row, Standing},
    diff::diff,
    escape,
    report::count,
    terminal::who,
    trail::Left,
};

/// Lines of a difference or a trace.
const MOST_LINES: usize = 30;

/// Bytes kept for saying how many findings are left out.
const REMARK: usize = 200;

/// Everything that did not pass, failures first.
pub(super) fn all(rows: &[Row<'_>], room: usize) -> String {
    let mut page = Bounded { text: String::new(), room: room.saturating_sub(REMARK), left_out: 0 };
    page.section("Failed", rows, Standing::Failed, findings);
    page.section("Timed out", rows, Standing::TimedOut, timed_out);
    page.section("The harness could not tell", rows, Standing::Broken, broken);
    page.section("Warnings", rows, Standing::Warned, findings);
    page.finish()
}

struct Bounded {
    text: String,
    room: usize,
    /// Items that there was no room for.
    left_out: usize,
}

impl Bounded {
    /// All rows of one standing, by rule, each rule's items folded away if there are many.
    fn section(
        &mut self,
        title: &str,
        rows: &[Row<'_>],
        standing: Standing,
        items: fn(&Row<'_>) -> Vec<String>,
    ) {
        let mut rules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.standing == standing) {
            rules.entry(&row.check.rule).or_default().extend(items(row));
        }
        if rules.is_empty() || !self.takes(&format!("### {title}\n\n")) {
            self.left_out += rules.values().map(Vec::len).sum::<usize>();
            return;
        }
        for (rule, items) in rules {
            let opened = self.takes(&format!("**{}** ({})\n\n", code(rule), items.len()));
            let left_out = items.iter().filter(|item| !(opened && self.takes(item))).count();
            self.left_out += left_out;
            self.takes("\n");
        }
    }

    /// Writes a text if there is room for it. Once there was none, nothing more is written, so that what is shown has no
    /// holes.
    fn takes(&mut self, text: &str) -> bool {
        let fits = self.left_out == 0 && text.len() <= self.room;
        if fits {
            self.room -= text.len();
            self.text.push_str(text);
        } else {
            self.room = 0;
        }
        fits
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let left_out = count(self.left_out, "finding");
            self.text.push_str(&format!("\n_{left_out} more did not fit here: see the JSON report._\n\n"));
        }
        self.text
    }
}

fn findings(row: &Row<'_>) -> Vec<String> {
    let mut items: Vec<String> = row.left.iter().map(|told| finding(row.check, told)).collect();
    if let Some(last) = items.last_mut() {
        last.push_str(&trail(row));
    }
    items
}

/// The files in which more is to be found.
fn trail(row: &Row<'_>) -> String {
    let line = |left: &Left<'_>| format!("  - {}: {}\n", inline(left.name), code(&left.path));
    row.trail.iter().map(line).collect()
}

fn finding(check: &Check, finding: &Finding) -> String {
    let place =
        finding.place.as_ref().map_or(String::new(), |place| format!(" at {}", code(&place.to_string())));
    let mut item = format!("- {}{place}: {}\n", code(&who(check, finding)), inline(&finding.message));
    match (&finding.expected, &finding.actual) {
        (Some(expected), Some(actual)) => {
            let lines = diff(expected, actual, MOST_LINES);
            let lines: Vec<String> =
                lines.into_iter().map(|(side, line)| format!("{}{line}", side.sign())).collect();
            item.push_str(&format!("\n{}\n", block("diff", &lines)));
        }
        (Some(value), None) => item.push_str(&format!("  - expected {}\n", code(value))),
        (None, Some(value)) => item.push_str(&format!("  - actual {}\n", code(value))),
        (None, None) => {}
    }
    if let Some(help) = &finding.help {
        item.push_str(&format!("  - help: {}\n", inline(help)));
    }
    if !finding.trace.is_empty() {
        let lines = finding
            .trace
            .iter()
            .take(MOST_LINES)
            .map(|frame| escape::line(&escape::clip(frame, 300)).into_owned());
        let lines: Vec<String> = lines.collect();
        item.push_str(&format!(
            "\n  <details><summary>trace</summary>\n\n{}\n  </details>\n\n",
            block("", &lines)
        ));
    }
    item
}

fn timed_out(row: &Row<'_>) -> Vec<String> {
    let (name, limit) = (code(&row.check.id.0), age::took(row.check.limit));
    vec![format!("- {name}: no answer within {limit}\n{}", trail(row))]
}

fn broken(row: &Row<'_>) -> Vec<String> {
    let Some(Verdict::Broken { fault }) = row.outcome.map(|outcome| &outcome.verdict) else {
        return Vec::new();
    };
    let help =
        fault.remedy.as_ref().map_or(String::new(), |remedy| format!("  - help: {}\n", inline(remedy)));
    vec![format!("- {}: {}\n{help}{}", code(&row.check.id.0), inline(&fault.what), trail(row))]
}
